//! What an executable shows of its build beside its build info: directories, symbols, cgo.

use memchr::memmem;

use super::ObjectSummary;
use super::image::Image;
use crate::golang::mod_info::ModInfo;

/// What an executable shows of its build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Whether it has a symbol table.
    pub symbols: bool,
    /// Whether it has debug information.
    pub debug: bool,
    /// Whether the C support of the runtime is linked in.
    pub cgo: bool,
    /// Directory of Go that its file names start with; `None` with `-trimpath`.
    pub goroot: Option<String>,
    /// Module cache that the file names of its modules start with.
    pub module_cache: Option<String>,
}

/// Longer than any path that a system takes.
const PATH_MAX: usize = 4096;

impl Traces {
    /// Looks for the traces in a file.
    #[must_use]
    pub fn of(file: &[u8], object: &ObjectSummary) -> Self {
        let modules = object.build_info.as_ref().map(|info| &info.mod_info);
        Self {
            symbols: Image::parse(file).is_ok_and(|image| !image.symbols.is_empty()),
            debug: object.sections.iter().any(|section| section.name.contains("debug_")),
            // A file of that package among those of the line table.
            cgo: memmem::find(file, b"runtime/cgo/").is_some(),
            goroot: directory_before(file, b"/src/runtime/proc.go\0"),
            module_cache: modules.and_then(|modules| module_cache(file, modules)),
        }
    }
}

/// Finds the directory of the first module of the build that the module cache held.
fn module_cache(file: &[u8], modules: &ModInfo) -> Option<String> {
    let cached = modules
        .main
        .iter()
        .chain(&modules.deps)
        .map(|module| module.replace.as_deref().unwrap_or(module));
    cached.filter(|module| !module.sum.is_empty()).take(8).find_map(|module| {
        let name = format!("/{}@{}/", escaped(&module.path), escaped(&module.version));
        directory_before(file, name.as_bytes())
    })
}

/// The module cache writes `A` as `!a`. Source: `module.EscapePath`, golang.org/x/mod.
fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut text, char| {
        if char.is_ascii_uppercase() {
            text.push('!');
        }
        text.push(char.to_ascii_lowercase());
        text
    })
}

/// Returns what stands before `name` in the NUL-ended text that holds it, where that is absolute.
fn directory_before(file: &[u8], name: &[u8]) -> Option<String> {
    memmem::find_iter(file, name).take(64).find_map(|at| {
        let from = at.saturating_sub(PATH_MAX);
        let before = file.get(from..at)?;
        let start = memchr::memrchr(0, before)?.checked_add(1)?;
        let text = std::str::from_utf8(before.get(start..)?).ok()?;
        let drive = text.get(1..3).is_some_and(|colon| colon == ":/" || colon == ":\\");
        ((text.starts_with('/') || drive) && !text.chars().any(char::is_control))
            .then(|| text.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_ends_where_the_name_starts() {
        let name = b"/src/runtime/proc.go\0";
        let found = |file: &[u8]| directory_before(file, name);
        assert_eq!(found(b"x\0/usr/local/go/src/runtime/proc.go\0"), Some("/usr/local/go".into()));
        assert_eq!(found(b"x\0C:/go/src/runtime/proc.go\0"), Some("C:/go".into()));
        assert_eq!(found(b"x\0runtime/proc.go\0"), None);
        assert_eq!(found(b"/usr/local/go/src/runtime/proc.go\0"), None);
        assert_eq!(found(b"\0a\n/go/src/runtime/proc.go\0"), None);
    }

    #[test]
    fn the_module_cache_writes_capitals_as_marks() {
        let modules = ModInfo::parse("mod\texample.com/BurntX\tv1.0.0-RC\th1:a=\n");
        let file = b"\0/m/example.com/!burnt!x@v1.0.0-!r!c/main.go\0";
        assert_eq!(module_cache(file, &modules), Some("/m".into()));
    }
}
