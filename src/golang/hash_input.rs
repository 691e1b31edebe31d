//! What one line of a hash block is about.
//!
//! Source: `buildActionID`, `printLinkerConfig` and `linkActionID` in
//! `cmd/go/internal/work/{exec,gc}.go`, `vet` in `exec.go`, Go 1.21 to 1.27.

use crate::golang::hash_log::KeyKind;
use crate::golang::mod_info::{self, ModInfo, SettingKey};
use crate::golang::quote;

/// What an input is about. Together with [`Atom::subject`] it identifies the input within its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The version of the go command, hashed first into everything.
    Salt,
    /// A constant such as `compile`; never differs within one kind of key.
    Constant,
    /// `module`: the module of a package, under -trimpath.
    Module,
    /// `dir`: the directory of a package, without -trimpath.
    Dir,
    /// `go`: the go line of the package's go.mod.
    GoDirective,
    /// GOOS and GOARCH. Subject: which.
    Target,
    /// The import path itself.
    ImportPath,
    /// `omitdebug`, `standard`, `local`, `prefix`. Subject: which.
    Command,
    Trimpath,
    /// An in-package test variant.
    ForceLibrary,
    /// The version of a tool: compile, asm, link, cgo, cover, vet. Subject: which.
    ToolVersion,
    /// Flags that the go command gives a tool: -race, -shared. Subject: the tool.
    ForcedFlags,
    /// -gcflags or -asmflags that match the package. Subject: the tool.
    UserFlags,
    /// CC, CXX or FC with its arguments and flags. Subject: `CC`, `CC cppflags`, `CC cflags`, `CC ldflags`.
    CCompiler,
    /// The version line of a C compiler. Subject: which.
    CCompilerId,
    Cover,
    Fuzz,
    /// One line of the build info. Subject: its key.
    ModInfo,
    /// GOAMD64 and its kin. Subject: the variable.
    ArchLevel,
    Experiment,
    /// GOSSAFUNC and its kin. Subject: the variable.
    Magic,
    /// A file of the package. Subject: its name. Value: its short SHA-256.
    File,
    /// A dependency of a compile. Subject: import path. Value: content ID.
    Import,
    PgoFile,
    DefaultGodebug,
    BuildMode,
    /// -ldflags.
    LinkFlags,
    /// The mode of the linker: `exe`, `pie`.
    LinkMode,
    Goroot,
    ExtLink,
    /// A package that is linked. Subject: import path. Value: content ID.
    PackageFile,
    /// The main package that is linked. Value: action ID and content ID.
    PackageMain,
    /// Flags and facts of vet. Subject: which.
    Vet,
    /// No line known to this goaudit. Subject: the line, verbatim.
    Unknown,
}

impl Slot {
    /// Says whether the value is the content ID of another action's output.
    #[must_use]
    pub const fn is_edge(self) -> bool {
        matches!(self, Self::Import | Self::PackageFile | Self::PackageMain)
    }
}

/// One fact that was hashed. A line holds one or, for build info and compilers, several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    pub slot: Slot,
    pub subject: String,
    pub value: String,
}

impl Atom {
    fn new(slot: Slot, subject: &str, value: &str) -> Self {
        Self { slot, subject: subject.to_owned(), value: value.to_owned() }
    }
}

/// Returns what a line is about. `quoted` is the line as the log prints it.
///
/// A line that is not known, or not of its known form, is one atom of
/// [`Slot::Unknown`]: never dropped, never guessed.
#[must_use]
pub fn atoms(kind: KeyKind, quoted: &str) -> Vec<Atom> {
    let unknown = || vec![Atom::new(Slot::Unknown, quoted, quoted)];
    let Some(payload) = quote::unquote(quoted.as_bytes()) else { return unknown() };
    let Ok(text) = std::str::from_utf8(&payload) else { return unknown() };
    let Some(line) = text.strip_suffix('\n') else {
        // Only the salt has no line end.
        return if text.starts_with("go") || text.starts_with("devel") {
            vec![Atom::new(Slot::Salt, "", text)]
        } else {
            unknown()
        };
    };
    parse_line(kind, line).unwrap_or_else(unknown)
}

fn parse_line(kind: KeyKind, line: &str) -> Option<Vec<Atom>> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let one = |slot, subject: &str, value: &str| Some(vec![Atom::new(slot, subject, value)]);
    match word {
        "compile" | "link" | "vet" if rest.is_empty() => one(Slot::Constant, word, ""),
        "module" => one(Slot::Module, "", rest),
        "dir" => one(Slot::Dir, "", rest),
        "go" => one(Slot::GoDirective, "", rest),
        "goos" => target(line),
        "buildmode" => {
            let (mode, rest) = rest.split_once(" goos ")?;
            let mut atoms = target(&format!("goos {rest}"))?;
            atoms.push(Atom::new(Slot::BuildMode, "", mode));
            Some(atoms)
        }
        "import" if rest.starts_with('"') => one(Slot::ImportPath, "", rest),
        "import" => edge(Slot::Import, rest, ' '),
        "omitdebug" => named_pairs(line),
        "trimpath" if rest.is_empty() => one(Slot::Trimpath, "", "true"),
        "forcelibrary" if rest.is_empty() => one(Slot::ForceLibrary, "", "true"),
        "cgo" => one(Slot::ToolVersion, "cgo", &unquoted(rest)?),
        "cover" => {
            let (mode, tool) = rest.split_once("\" \"")?;
            let (mode, tool) = (mode.trim_matches('"'), tool.trim_matches('"'));
            Some(vec![
                Atom::new(Slot::Cover, "", mode),
                Atom::new(Slot::ToolVersion, "cover", tool),
            ])
        }
        "fuzz" => one(Slot::Fuzz, "", rest),
        "modinfo" => mod_info_atoms(&unquoted(rest)?),
        "compile" | "asm" => tool_line(word, rest),
        "link" => link_tool(rest),
        "linkflags" => one(Slot::LinkFlags, "", rest),
        "magic" => rest.split_once('=').and_then(|(name, value)| one(Slot::Magic, name, value)),
        "file" => edge(Slot::File, rest, ' '),
        "pgofile" => one(Slot::PgoFile, "", rest),
        "defaultgodebug" => one(Slot::DefaultGodebug, "", &unquoted(rest)?),
        "packagefile" => edge(Slot::PackageFile, rest, '='),
        "packagemain" => one(Slot::PackageMain, "", rest),
        "vet" => one(Slot::ToolVersion, "vet", &unquoted(rest)?),
        "vetxonly" | "vetflags" | "pkg" if kind == KeyKind::Vet => one(Slot::Vet, word, rest),
        "vetout" if kind == KeyKind::Vet => edge(Slot::Vet, rest, ' '),
        _ => assignment(line),
    }
}

/// `GOAMD64=v1`, `GOROOT=/go`, `CC=["gcc"] …`, `CC ID="…"`.
fn assignment(line: &str) -> Option<Vec<Atom>> {
    let (name, value) = line.split_once('=')?;
    let (slot, subject) = match name {
        "GOROOT" => (Slot::Goroot, ""),
        "GO_EXTLINK_ENABLED" => (Slot::ExtLink, ""),
        "GOEXPERIMENT" => (Slot::Experiment, ""),
        "CC" | "CXX" | "FC" => return c_compiler(name, value),
        _ => match name.split_once(' ') {
            Some((compiler @ ("CC" | "CXX" | "FC"), "ID" | "ID ERROR")) => {
                (Slot::CCompilerId, compiler)
            }
            Some(_) => return None,
            // `=` alone stands for an architecture without levels, such as s390x.
            None if name.is_empty() || name.starts_with("GO") => (Slot::ArchLevel, name),
            None => return None,
        },
    };
    Some(vec![Atom::new(slot, subject, value)])
}

fn edge(slot: Slot, rest: &str, separator: char) -> Option<Vec<Atom>> {
    let (subject, value) = rest.rsplit_once(separator)?;
    Some(vec![Atom::new(slot, subject, value)])
}

fn target(line: &str) -> Option<Vec<Atom>> {
    let (goos, goarch) = line.strip_prefix("goos ")?.split_once(" goarch ")?;
    Some(vec![Atom::new(Slot::Target, "GOOS", goos), Atom::new(Slot::Target, "GOARCH", goarch)])
}

/// `omitdebug false standard false local false prefix ""`
fn named_pairs(line: &str) -> Option<Vec<Atom>> {
    let words: Vec<&str> = line.split(' ').collect();
    let (pairs, rest) = words.as_chunks::<2>();
    let atoms = pairs.iter().map(|[name, value]| Atom::new(Slot::Command, name, value)).collect();
    rest.is_empty().then_some(atoms)
}

/// `compile version go1.25.5 [forced] [user]`
fn tool_line(tool: &str, rest: &str) -> Option<Vec<Atom>> {
    let (version, lists) = rest.split_once(" [")?;
    let (forced, tail) = split_list(lists)?;
    let (user, _) = split_list(tail.strip_prefix(" [")?)?;
    Some(vec![
        Atom::new(Slot::ToolVersion, tool, version),
        Atom::new(Slot::ForcedFlags, tool, forced),
        Atom::new(Slot::UserFlags, tool, user),
    ])
}

/// `link version go1.25.5 [forced] exe`
fn link_tool(rest: &str) -> Option<Vec<Atom>> {
    let (version, lists) = rest.split_once(" [")?;
    let (forced, tail) = split_list(lists)?;
    Some(vec![
        Atom::new(Slot::ToolVersion, "link", version),
        Atom::new(Slot::ForcedFlags, "link", forced),
        Atom::new(Slot::LinkMode, "", tail.trim_start()),
    ])
}

/// `["gcc" "-m64"] [cppflags] [cflags] [ldflags]`; CXX and FC have one list of flags.
fn c_compiler(name: &str, value: &str) -> Option<Vec<Atom>> {
    const LISTS: &[&str] = &["", " cppflags", " cflags", " ldflags"];
    let mut atoms = Vec::new();
    let mut rest = value;
    for list in LISTS {
        let Some(inner) = rest.trim_start().strip_prefix('[') else { break };
        let (words, tail) = split_list(inner)?;
        // CXX and FC print their own flags as the second list.
        let list = if name != "CC" && *list == " cppflags" { " cflags" } else { list };
        atoms.push(Atom::new(Slot::CCompiler, &format!("{name}{list}"), words));
        rest = tail;
    }
    (rest.trim().is_empty() && !atoms.is_empty()).then_some(atoms)
}

/// Splits a `%q` list behind its opening bracket: its words as printed, and what follows it.
fn split_list(inner: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (index, char) in inner.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => {
                return Some((inner.get(..index)?, inner.get(index.checked_add(1)?..)?));
            }
            _ => {}
        }
    }
    None
}

fn mod_info_atoms(text: &str) -> Option<Vec<Atom>> {
    // Every line of a text is its difference from no text.
    let lines = mod_info::diff(&ModInfo::default(), &ModInfo::parse(text));
    let atom = |line: mod_info::SettingChange| {
        let value = line.second?;
        Some(match line.key {
            SettingKey::Unknown => Atom::new(Slot::Unknown, &format!("modinfo {value}"), &value),
            key => Atom::new(Slot::ModInfo, &key.to_string(), &value),
        })
    };
    lines.into_iter().map(atom).collect()
}

fn unquoted(quoted: &str) -> Option<String> {
    let bytes = quote::unquote(quoted.as_bytes())?;
    String::from_utf8(bytes.into_owned()).ok()
}

/// Returns the words of a `%q` list such as `"-I" "/src"`, unquoted.
#[must_use]
pub fn list_words(list: &str) -> Vec<String> {
    let inner = list.trim().trim_start_matches('[').trim_end_matches(']');
    let mut words = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (index, char) in inner.char_indices() {
        match (char, start) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            ('"', None) => start = Some(index),
            ('"', Some(from)) => {
                words.extend(inner.get(from..=index).and_then(unquoted));
                start = None;
            }
            _ => {}
        }
    }
    words
}
