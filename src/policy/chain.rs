//! A policy file, what it extends, what that extends, and so on, joined into one policy.

use super::check;
use super::problem::{listed, quoted, unknown};
use super::raw::{Build, RawPolicy, RuleSetting};
use super::shipped;
use super::{Known, Layer, Policy, Problem};

/// How many files may stand behind one policy.
const MAX_FILES: usize = 16;

/// What a policy file builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extends {
    /// Name of a policy that comes with goaudit.
    Shipped(String),
    /// Path of a file, relative to the directory of the file that names it, with `/`.
    File(String),
}

impl Extends {
    /// Tells a file from a name: a file has a `/` or ends in `.yaml` or `.yml`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let is_file = text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml");
        if !is_file {
            return match shipped::text(text) {
                Some(_) => Ok(Self::Shipped(text.to_owned())),
                None => Err(unknown("policy", text, &shipped::names())),
            };
        }
        if text.contains("://") {
            return Err(format!("{} is a URL; only files are extended", quoted(text)));
        }
        if text.starts_with('/') || text.contains(['\\', ':']) {
            return Err(format!("{} is not a relative path with `/`", quoted(text)));
        }
        Ok(Self::File(text.to_owned()))
    }
}

/// Policy files from the first to the one that all build on.
///
/// It reads nothing itself: [`Chain::wanted`] names the file to read next, and
/// [`Chain::add`] takes what was read.
#[derive(Debug)]
pub struct Chain {
    layers: Vec<Layer>,
    /// Path of each layer, relative to where goaudit looks for policies, with `/`.
    paths: Vec<String>,
}

impl Chain {
    /// Starts with a project's own policy, found at that path.
    ///
    /// Findings about the policy itself carry the path, so it is best given
    /// relative to the audited root, with `/`.
    #[must_use]
    pub fn of_file(path: &str, layer: Layer) -> Self {
        let path = normal(path);
        Self { layers: vec![layer.at_path(&path)], paths: vec![path] }
    }

    /// Starts with a policy that comes with goaudit.
    ///
    /// # Errors
    ///
    /// Fails when there is no policy of that name.
    pub fn of_shipped(name: &str) -> Result<Self, Problem> {
        let layer = shipped::text(name).map(|_| Layer {
            raw: RawPolicy::default(),
            extends: Some(Extends::Shipped(name.to_owned())),
        });
        let names = shipped::names();
        let message =
            || format!("no policy `{name}` comes with goaudit; there are {}", listed(&names));
        let layer = layer.ok_or_else(|| Problem { at: None, message: message() })?;
        Ok(Self { layers: vec![layer], paths: Vec::new() })
    }

    /// The file to read and add next, relative to what the path of the first is relative to.
    #[must_use]
    pub fn wanted(&self) -> Option<String> {
        let Some(Extends::File(file)) = &self.layers.last()?.extends else { return None };
        let from = self.paths.last()?;
        Some(match from.rsplit_once('/') {
            Some((dir, _)) => normal(&format!("{dir}/{file}")),
            None => normal(file),
        })
    }

    /// Adds the file that is wanted.
    ///
    /// # Errors
    ///
    /// Fails when that file is already there, because it extends itself, and
    /// when the chain has become too long.
    pub fn add(&mut self, layer: Layer) -> Result<(), Problem> {
        let Some(path) = self.wanted() else {
            let message = "the policy does not extend a file".to_owned();
            return Err(Problem { at: None, message });
        };
        if self.paths.contains(&path) {
            let files: Vec<&str> = self.paths.iter().map(String::as_str).chain([&*path]).collect();
            let message = format!("a policy extends itself: {}", files.join(" → "));
            return Err(Problem { at: None, message });
        }
        if self.paths.len() >= MAX_FILES {
            let message = format!("a policy stands on more than {MAX_FILES} files");
            return Err(Problem { at: None, message });
        }
        self.layers.push(layer.at_path(&path));
        self.paths.push(path);
        Ok(())
    }

    /// Joins the layers: own settings over the extended ones.
    ///
    /// `build` and each rule's `level` and `allow` are taken from the first
    /// file that sets them; `vary` and `ignore` are those of all files, the
    /// extended ones first.
    ///
    /// # Errors
    ///
    /// Fails when a file is still wanted, and when a shipped policy names
    /// something that is not known.
    pub fn resolve(mut self, known: &Known<'_>) -> Result<Policy, Vec<Problem>> {
        if let Some(path) = self.wanted() {
            let message = format!("the policy extends {}, which was not read", quoted(&path));
            return Err(vec![Problem { at: None, message }]);
        }
        while let Some(Extends::Shipped(name)) = self.layers.last().and_then(|l| l.extends.clone())
        {
            if self.layers.len() > MAX_FILES.saturating_add(shipped::SHIPPED.len()) {
                break;
            }
            self.layers.push(check::shipped(&name, known)?);
        }
        let mut joined = RawPolicy::default();
        for layer in self.layers.into_iter().rev() {
            joined = over(layer.raw, joined);
        }
        let Build { command, artifacts } = joined.build.unwrap_or_default();
        Ok(Policy {
            command,
            artifacts: artifacts.unwrap_or_default(),
            vary: joined.vary.unwrap_or_default(),
            rules: joined.rules.unwrap_or_default(),
            ignore: joined.ignore.unwrap_or_default(),
        })
    }
}

impl Layer {
    /// What the file builds on; `None` for a shipped policy that builds on the rules' own levels.
    #[must_use]
    pub fn extends(&self) -> Option<&Extends> {
        self.extends.as_ref()
    }

    /// Tells the exceptions of a file where they are written.
    fn at_path(mut self, path: &str) -> Self {
        let places = self.raw.ignore.iter_mut().flatten().filter_map(|one| one.place.as_mut());
        for place in places {
            path.clone_into(&mut place.path);
        }
        self
    }
}

/// The settings of one file over those of the files it extends.
fn over(own: RawPolicy, base: RawPolicy) -> RawPolicy {
    let RawPolicy { extends, build, vary, rules, ignore } = own;
    let (build, base_build) = (build.unwrap_or_default(), base.build.unwrap_or_default());
    let mut joined = base.rules.unwrap_or_default();
    for (rule, RuleSetting { level, allow }) in rules.into_iter().flatten() {
        let setting = joined.entry(rule).or_default();
        setting.level = level.or(setting.level);
        setting.allow = allow.or_else(|| setting.allow.take());
    }
    RawPolicy {
        extends,
        build: Some(Build {
            command: build.command.or(base_build.command),
            artifacts: build.artifacts.or(base_build.artifacts),
        }),
        vary: Some(base.vary.into_iter().flatten().chain(vary.into_iter().flatten()).collect()),
        rules: Some(joined),
        ignore: Some(
            base.ignore.into_iter().flatten().chain(ignore.into_iter().flatten()).collect(),
        ),
    }
}

/// A path without `.`, empty elements and `x/..`, so that equal files have equal paths.
fn normal(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut elements: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match (element, elements.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => drop(elements.pop()),
            _ => elements.push(element),
        }
    }
    let joined = elements.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}
