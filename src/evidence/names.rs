//! Which package a symbol belongs to, by its name.

use sha2::{Digest as _, Sha256};

use crate::golang::mod_info::ModInfo;

/// The part of a program that a package belongs to, in the order in which one depends on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The standard library.
    Std,
    /// Another module.
    Dependency,
    /// The main module.
    Main,
}

impl Origin {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::Dependency => "dependency",
            Self::Main => "main",
        }
    }
}

/// Returns the import path of the package that a symbol is named after, `main` for a main package.
///
/// `None` for symbols of no package: those that the linker makes, C functions, and assembly that does
/// without a package.
///
/// Source: `PathToPrefix` in `cmd/internal/objabi/path.go`, Go 1.26.
pub(super) fn package_of(symbol: &str) -> Option<String> {
    const NO_PACKAGE: [&str; 5] = ["go:", "go.", "type:", "type.", "_cgo"];
    if NO_PACKAGE.iter().any(|start| symbol.starts_with(start)) {
        return None;
    }
    // Receivers, type arguments and literal types hold names of other packages.
    let end = symbol.find(['(', '[', '{', ' ']).unwrap_or(symbol.len());
    let head = symbol.get(..end)?;
    let element = head.rfind('/').map_or(0, |slash| slash + 1);
    let dot = element + head.get(element..)?.find('.')?;
    let path = unescaped(head.get(..dot)?)?;
    (dot > element).then_some(path)
}

/// Undoes `%2e`; `None` where that gives no text.
fn unescaped(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// Where a package is from, and the module it is in: the one with the longest path.
#[must_use]
pub fn origin<'a>(package: &str, modules: Option<&'a ModInfo>) -> (Origin, Option<&'a str>) {
    let is_in = |module: &str| {
        package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let main = modules.and_then(|modules| modules.main.as_ref());
    let all = modules.into_iter().flat_map(|modules| modules.main.iter().chain(&modules.deps));
    let module = all
        .filter(|module| !module.path.is_empty() && is_in(&module.path))
        .max_by_key(|module| module.path.len());
    if let Some(module) = module {
        let is_main = main.is_some_and(|main| main.path == module.path);
        let origin = if is_main { Origin::Main } else { Origin::Dependency };
        return (origin, Some(&module.path));
    }
    let main_package = modules.map(|modules| modules.path.as_str());
    if matches!(package, "main" | "command-line-arguments") || main_package == Some(package) {
        return (Origin::Main, None);
    }
    // Go's own packages have no dot in their first element; a module path without one is in build info.
    let first = package.split('/').next().unwrap_or_default();
    (if first.contains('.') { Origin::Dependency } else { Origin::Std }, None)
}

/// The first eight bytes of a SHA-256.
pub(super) fn short(bytes: &[u8]) -> u64 {
    let hash = Sha256::digest(bytes);
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_names_its_package() {
        for (symbol, package) in [
            ("main.main", Some("main")),
            ("net/http.(*Server).Serve.func1", Some("net/http")),
            ("gopkg.in/yaml%2ev3.(*parser).init", Some("gopkg.in/yaml.v3")),
            ("slices.SortFunc[...]", Some("slices")),
            ("slices.SortFunc[go.shape.[]a.b/c.T,go.shape.*d.e/f.U]", Some("slices")),
            ("a.b/c.init.0", Some("a.b/c")),
            ("main.(*struct { sync.Mutex }).Lock", Some("main")),
            ("a.b/c%zz.F", Some("a.b/c%zz")),
            ("type:.eq.net/http.noBody", None),
            ("go:buildid", None),
            ("go.buildid", None),
            ("_cgo_0123456789ab_Cfunc_free", None),
            ("memeqbody", None),
            (".dot", None),
            ("a%ff.F", None),
            ("", None),
        ] {
            assert_eq!(package_of(symbol).as_deref(), package, "{symbol}");
        }
    }

    #[test]
    fn the_longest_module_path_holds_a_package() {
        let info = ModInfo::parse(
            "path\tdemo/cmd/app\nmod\tdemo\t(devel)\t\ndep\ta.b/c\tv1.0.0\t\ndep\ta.b/c/v2\tv2.0.0\t\n",
        );
        let info = Some(&info);
        assert_eq!(origin("a.b/c/v2/x", info), (Origin::Dependency, Some("a.b/c/v2")));
        assert_eq!(origin("a.b/c/x", info), (Origin::Dependency, Some("a.b/c")));
        assert_eq!(origin("a.b/cd", info), (Origin::Dependency, None));
        assert_eq!(origin("demo/cmd/app", info), (Origin::Main, Some("demo")));
        assert_eq!(origin("demonstration", info), (Origin::Std, None));
        assert_eq!(origin("vendor/golang.org/x/net/idna", info), (Origin::Std, None));
        assert_eq!(origin("main", None), (Origin::Main, None));
    }
}
