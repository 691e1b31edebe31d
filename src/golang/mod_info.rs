//! The module and settings part of build info: text of tab-separated lines.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::golang::quote::{to_text, unquote};

/// Which modules and settings an executable was built from.
///
/// Empty when it was built outside of modules.
///
/// Source: `ParseBuildInfo` in `runtime/debug/mod.go`, Go 1.26.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModInfo {
    /// Import path of the main package; empty when not stated.
    pub path: String,
    pub main: Option<Module>,
    pub deps: Vec<Module>,
    /// `build` lines as key and value, unquoted, in the order of the text.
    pub settings: Vec<(String, String)>,
    /// Lines that are none of the above, verbatim.
    pub unknown: Vec<String>,
}

/// One module of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Module path; in a replacement it may be a directory.
    pub path: String,
    /// Empty for a replacement by a directory.
    pub version: String,
    /// `h1:…` of go.sum; empty for the main module and for what is replaced.
    pub sum: String,
    pub replace: Option<Box<Self>>,
}

/// What a line of the text is about. Displayed as `path`, `mod`, `dep PATH`, `build KEY`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingKey {
    Path,
    Mod,
    Dep(String),
    Build(String),
    Unknown,
}

/// One line that differs between two texts. `None` is a line that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    pub key: SettingKey,
    pub first: Option<String>,
    pub second: Option<String>,
}

impl ModInfo {
    /// Parses the text. It never fails: a line that does not parse is in `unknown`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut info = Self::default();
        // What a `=>` line would belong to: the line right before it only.
        let mut replaceable = false;
        // Not `lines`: a carriage return belongs to the value.
        for line in text.split_terminator('\n') {
            // Go writes an empty line after a module that a directory replaces.
            if line.is_empty() {
                continue;
            }
            let known = match line.split_once('\t') {
                Some(("=>", rest)) => replaceable && info.replace_last(rest),
                Some((word, rest)) => info.add(word, rest),
                None => false,
            };
            replaceable = known && (line.starts_with("mod\t") || line.starts_with("dep\t"));
            if !known {
                info.unknown.push(line.to_owned());
            }
        }
        info
    }

    /// Returns the value of a `build` line, such as `-trimpath` or `vcs.revision`.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, word: &str, rest: &str) -> bool {
        match word {
            "path" => rest.clone_into(&mut self.path),
            "mod" => match module(rest) {
                Some(module) => self.main = Some(module),
                None => return false,
            },
            "dep" => match module(rest) {
                Some(module) => self.deps.push(module),
                None => return false,
            },
            "build" => match setting(rest) {
                Some(setting) => self.settings.push(setting),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    fn replace_last(&mut self, rest: &str) -> bool {
        let last = self.deps.last_mut().or(self.main.as_mut());
        match (last, module(rest)) {
            (Some(last), Some(replacement)) => {
                last.replace = Some(Box::new(replacement));
                true
            }
            _ => false,
        }
    }

    /// All lines by key. A key that occurs again is told apart by its number.
    fn lines(&self) -> IndexMap<(SettingKey, usize), String> {
        let path = (!self.path.is_empty()).then(|| (SettingKey::Path, self.path.clone()));
        let main = self.main.as_ref().map(|main| (SettingKey::Mod, main.to_string()));
        let deps =
            self.deps.iter().map(|dep| (SettingKey::Dep(dep.path.clone()), dep.without_path()));
        let settings = self
            .settings
            .iter()
            .map(|(key, value)| (SettingKey::Build(key.clone()), value.clone()));
        let unknown = self.unknown.iter().map(|line| (SettingKey::Unknown, line.clone()));

        let mut seen: IndexMap<SettingKey, usize> = IndexMap::new();
        let all = path.into_iter().chain(main).chain(deps).chain(settings).chain(unknown);
        all.map(|(key, value)| {
            let count = seen.entry(key.clone()).or_default();
            let number = *count;
            *count = count.saturating_add(1);
            ((key, number), value)
        })
        .collect()
    }
}

/// Compares two texts key by key.
///
/// The first's keys come in its order, then those that only the second has.
#[must_use]
pub fn diff(first: &ModInfo, second: &ModInfo) -> Vec<SettingChange> {
    let (first, second) = (first.lines(), second.lines());
    let added = second.keys().filter(|key| !first.contains_key(*key));
    first
        .keys()
        .chain(added)
        .filter(|key| first.get(*key) != second.get(*key))
        .map(|key| SettingChange {
            key: key.0.clone(),
            first: first.get(key).cloned(),
            second: second.get(key).cloned(),
        })
        .collect()
}

fn module(columns: &str) -> Option<Module> {
    let columns: Vec<&str> = columns.split('\t').collect();
    let (path, version, sum) = match *columns {
        [path, version] => (path, version, ""),
        [path, version, sum] => (path, version, sum),
        _ => return None,
    };
    let own = str::to_owned;
    Some(Module { path: own(path), version: own(version), sum: own(sum), replace: None })
}

/// Splits `key=value`, either of which may be quoted.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, value) = match text.as_bytes().first()? {
        b'"' | b'`' => {
            // A quoted key may hold `=`; it ends at the first quote that leaves it whole.
            let mut ends = text.match_indices('=').map(|(at, _)| text.split_at(at));
            ends.find_map(|(key, value)| Some((unquoted(key)?, value.strip_prefix('=')?)))?
        }
        _ => {
            let (key, value) = text.split_once('=')?;
            (key.to_owned(), value)
        }
    };
    if key.is_empty() {
        return None;
    }
    let value = match value.as_bytes().first() {
        Some(b'"' | b'`') => unquoted(value)?,
        _ => value.to_owned(),
    };
    Some((key, value))
}

fn unquoted(text: &str) -> Option<String> {
    unquote(text.as_bytes()).map(|bytes| to_text(&bytes).into_owned())
}

impl Module {
    fn without_path(&self) -> String {
        let columns = [self.version.as_str(), self.sum.as_str()];
        let mut text = columns.into_iter().filter(|c| !c.is_empty()).collect::<Vec<_>>().join(" ");
        if let Some(replacement) = &self.replace {
            text.push_str(" => ");
            text.push_str(&replacement.to_string());
        }
        text
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.without_path();
        let separator = if rest.is_empty() || rest.starts_with(' ') { "" } else { " " };
        write!(f, "{}{separator}{rest}", self.path)
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("path"),
            Self::Mod => f.write_str("mod"),
            Self::Dep(path) => write!(f, "dep {path}"),
            Self::Build(key) => write!(f, "build {key}"),
            Self::Unknown => f.write_str("unknown line"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "path\texample.com/demo/cmd/app\n\
        mod\texample.com/demo\tv1.2.3+dirty\t\n\
        dep\texample.com/a\tv1.0.0\th1:abc=\n\
        dep\texample.com/b\tv1.0.0\n\
        =>\t../b\t(devel)\t\n\n\
        build\t-compiler=gc\n\
        build\t-ldflags=\"-X main.name=a b\"\n\
        build\tCGO_CFLAGS=\n\
        build\tGOAMD64=v1\n";

    fn changes(first: &str, second: &str) -> Vec<String> {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "–".into());
        diff(&ModInfo::parse(first), &ModInfo::parse(second))
            .into_iter()
            .map(|change| {
                format!("{}: {} | {}", change.key, shown(change.first), shown(change.second))
            })
            .collect()
    }

    #[test]
    fn every_kind_of_line() {
        let info = ModInfo::parse(TEXT);
        assert_eq!(info.path, "example.com/demo/cmd/app");
        assert_eq!(info.main.as_ref().unwrap().version, "v1.2.3+dirty");
        assert_eq!(info.deps[0].sum, "h1:abc=");
        assert_eq!(info.deps[1].replace.as_ref().unwrap().path, "../b");
        assert_eq!(info.setting("-ldflags"), Some("-X main.name=a b"));
        assert_eq!(info.setting("CGO_CFLAGS"), Some(""));
        assert_eq!(info.setting("CGO_LDFLAGS"), None);
        assert_eq!(info.unknown, Vec::<String>::new());
    }

    #[test]
    fn lines_that_do_not_parse_are_kept() {
        let lines = "dep\tone\n=>\t../x\t\t\nbuild\t=x\nbuild\t-v\nbuild\tk=\"open\nmod\n\
                     new\tthing\nmod\ta\tb\tc\td\npath\tp\n=>\t../x\t\t";
        let info = ModInfo::parse(lines);
        assert_eq!(info.path, "p");
        assert_eq!(info.unknown.len(), lines.lines().count() - 1);
        assert_eq!(ModInfo { path: String::new(), unknown: vec![], ..info }, ModInfo::default());
    }

    #[test]
    fn a_quoted_key_may_hold_an_equals_sign() {
        let info = ModInfo::parse("build\t\"a=b c\"=\"d=\\\"e\\\"\"\n");
        assert_eq!(info.settings, [("a=b c".to_owned(), "d=\"e\"".to_owned())]);
    }

    #[test]
    fn a_text_equals_itself() {
        assert_eq!(changes(TEXT, TEXT), Vec::<String>::new());
    }

    #[test]
    fn changes_are_per_key() {
        let second = TEXT
            .replace("v1.2.3+dirty", "v1.2.3")
            .replace("example.com/a\tv1.0.0\th1:abc=", "example.com/a\tv1.1.0\th1:def=")
            .replace("../b", "/src/b")
            .replace("build\tCGO_CFLAGS=\n", "")
            + "build\tvcs=git\nfuture\tline\n";
        assert_eq!(
            changes(TEXT, &second),
            [
                "mod: example.com/demo v1.2.3+dirty | example.com/demo v1.2.3",
                "dep example.com/a: v1.0.0 h1:abc= | v1.1.0 h1:def=",
                "dep example.com/b: v1.0.0 => ../b (devel) | v1.0.0 => /src/b (devel)",
                "build CGO_CFLAGS:  | –",
                "build vcs: – | git",
                "unknown line: – | future\tline",
            ]
        );
    }

    #[test]
    fn a_key_that_occurs_twice_is_compared_twice() {
        let first = "build\t-tags=a\nbuild\t-tags=b\n";
        assert_eq!(changes(first, "build\t-tags=a\nbuild\t-tags=c\n"), ["build -tags: b | c"]);
        assert_eq!(changes(first, "build\t-tags=a\n"), ["build -tags: b | –"]);
    }
}
