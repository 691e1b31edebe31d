//! Compiled packages: the sets they form, and what is there more than once.

use std::collections::{BTreeMap, BTreeSet};

use super::{OutputFile, Scan, Tally, Told};
use crate::binary::goobj::peek::Peek;
use crate::golang::build_id::ShortId;

/// Archives of one Go version, platform and instrumentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactSet {
    pub go_version: String,
    pub goos: String,
    pub goarch: String,
    /// `GOAMD64=v1` and its kin; empty where the architecture has no levels.
    pub level: String,
    /// `plain`, `-race`, `-cover`, `-race -cover` and so on.
    pub instrumentation: String,
    pub packages: usize,
    pub archives: Tally,
}

/// Archives that hold the same under several keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recompiled {
    /// All but one of each.
    pub spare: Tally,
    /// By package, the most bytes first.
    pub packages: Vec<Repeated>,
}

/// Archives of one package that hold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    pub package: String,
    pub spare: Tally,
}

/// A package with several archives that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageCopies {
    /// Import path; for a command its directory follows.
    pub package: String,
    pub archives: Tally,
    pub differ_in: BTreeSet<Difference>,
    /// What differs in their keys, of those that a recording holds: an input and what it was,
    /// `-gcflags: -N | none`. Empty without two of them.
    pub inputs: Vec<String>,
    /// Of how many archives recordings hold the keys.
    pub recorded: usize,
    /// Keys of the archives: action IDs.
    pub actions: Vec<ShortId>,
}

/// What tells the archives of one package apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    GoVersion,
    Platform,
    Instrumentation,
    Flags,
    Directory,
    /// With and without `_test.go` files.
    Tests,
    /// Nothing that an archive tells: other sources, other tags, PGO, other dependencies.
    Sources,
}

impl Difference {
    pub const ALL: [Self; 7] = [
        Self::GoVersion,
        Self::Platform,
        Self::Instrumentation,
        Self::Flags,
        Self::Directory,
        Self::Tests,
        Self::Sources,
    ];

    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoVersion => "go_version",
            Self::Platform => "platform",
            Self::Instrumentation => "instrumentation",
            Self::Flags => "flags",
            Self::Directory => "directory",
            Self::Tests => "tests",
            Self::Sources => "sources",
        }
    }
}

/// What an archive says of its toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Toolchain<'a> {
    goos: &'a str,
    goarch: &'a str,
    version: &'a str,
    level: &'a str,
}

impl<'a> Toolchain<'a> {
    /// `linux amd64 go1.26.8 GOAMD64=v1 X:…`; a development version has several words.
    fn of(peek: &'a Peek) -> Self {
        let (goos, rest) = peek.toolchain.split_once(' ').unwrap_or((&peek.toolchain, ""));
        let (goarch, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let rest = rest.split(" X:").next().unwrap_or_default();
        let at =
            rest.rfind(" GO").filter(|at| rest.get(*at..).is_some_and(|rest| rest.contains('=')));
        let (version, level) = rest.split_at(at.unwrap_or(rest.len()));
        Self { goos, goarch, version: version.trim(), level: level.trim() }
    }
}

const INSTRUMENTING: [&str; 5] = ["-race", "-msan", "-asan", "-shared", "-dynlink"];

/// Returns what an archive was instrumented with, as the flags of a build.
#[must_use]
pub fn instrumentation(peek: &Peek) -> String {
    let flags = INSTRUMENTING.iter().filter(|name| peek.flags.iter().any(|flag| flag == *name));
    let cover = peek.is_covered.then_some("-cover");
    let words: Vec<&str> = flags.copied().chain(cover).collect();
    if words.is_empty() { "plain".to_owned() } else { words.join(" ") }
}

fn other_flags(peek: &Peek) -> String {
    let other = |flag: &&String| !INSTRUMENTING.contains(&flag.as_str());
    peek.flags.iter().filter(other).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns the archives that could be read, with what they say.
pub(super) fn readable(scan: &Scan) -> impl Iterator<Item = (&OutputFile, &Peek)> {
    scan.outputs.iter().filter_map(|file| match &file.told {
        Told::Archive(peek) => Some((file, peek.as_ref())),
        Told::Nothing | Told::Executable(_) | Told::BadArchive(_) | Told::BadFolder(_) => None,
    })
}

/// Returns a name for a package: each command is called `main`, so its directory tells it.
fn name(peek: &Peek) -> String {
    match (peek.package.as_deref(), peek.directory.as_deref()) {
        (None, _) => "(unknown)".to_owned(),
        (Some("main"), _) if peek.has_tests => "main (of tests)".to_owned(),
        (Some("main"), Some(directory)) => format!("main in {directory}"),
        (Some(package), _) => package.to_owned(),
    }
}

/// Returns the sets, the most bytes first.
pub(super) fn sets(scan: &Scan) -> Vec<ArtifactSet> {
    let mut sets: BTreeMap<(Toolchain<'_>, String), (BTreeSet<String>, Tally)> = BTreeMap::new();
    for (file, peek) in readable(scan) {
        let set = sets.entry((Toolchain::of(peek), instrumentation(peek))).or_default();
        set.0.insert(name(peek));
        set.1.add(file.stat);
    }
    let mut sets: Vec<ArtifactSet> = sets
        .into_iter()
        .map(|((toolchain, instrumentation), (packages, archives))| ArtifactSet {
            go_version: toolchain.version.to_owned(),
            goos: toolchain.goos.to_owned(),
            goarch: toolchain.goarch.to_owned(),
            level: toolchain.level.to_owned(),
            instrumentation,
            packages: packages.len(),
            archives,
        })
        .collect();
    // The order of the map stays among equals.
    sets.sort_by_key(|set| std::cmp::Reverse(set.archives.bytes));
    sets
}

/// Returns what tells which of these sets an archive is of.
pub(super) fn index(sets: &[ArtifactSet]) -> impl Fn(&Peek) -> Option<usize> {
    let mut known = BTreeMap::new();
    for (set, at) in sets.iter().zip(0..) {
        let ArtifactSet { go_version: version, goos, goarch, level, instrumentation, .. } = set;
        known.insert((Toolchain { goos, goarch, version, level }, instrumentation.as_str()), at);
    }
    move |peek| known.get(&(Toolchain::of(peek), instrumentation(peek).as_str())).copied()
}

/// Finds archives that hold the same under several keys.
pub(super) fn recompiled(scan: &Scan) -> Recompiled {
    let mut contents: BTreeMap<ShortId, Vec<(&OutputFile, &Peek)>> = BTreeMap::new();
    for (file, peek) in readable(scan) {
        if let Some(id) = peek.build_id {
            contents.entry(id.content_id()).or_default().push((file, peek));
        }
    }
    let mut all = Recompiled::default();
    let mut packages: BTreeMap<String, Tally> = BTreeMap::new();
    for group in contents.values() {
        for (file, peek) in group.iter().skip(1) {
            all.spare.add(file.stat);
            packages.entry(name(peek)).or_default().add(file.stat);
        }
    }
    all.packages =
        packages.into_iter().map(|(package, spare)| Repeated { package, spare }).collect();
    all.packages.sort_by_key(|repeated| std::cmp::Reverse(repeated.spare.bytes));
    all
}

/// Finds packages with several archives that differ in more than their key, the most bytes first.
pub(super) fn copies(scan: &Scan) -> Vec<PackageCopies> {
    let mut packages: BTreeMap<String, Vec<(&OutputFile, &Peek)>> = BTreeMap::new();
    let mut contents = BTreeSet::new();
    for (file, peek) in readable(scan) {
        // What holds the same is told as recompiled. Main packages of tests are many, and each has one.
        let is_test_main = peek.package.as_deref() == Some("main") && peek.has_tests;
        let is_new = peek.build_id.is_none_or(|id| contents.insert(id.content_id()));
        if is_new && !is_test_main && peek.package.is_some() {
            packages.entry(key_of_copies(peek)).or_default().push((file, peek));
        }
    }
    let mut copies: Vec<PackageCopies> = packages
        .into_iter()
        .filter(|(_, group)| group.len() > 1)
        .map(|(package, group)| {
            let mut archives = Tally::default();
            group.iter().for_each(|(file, _)| archives.add(file.stat));
            let peeks: Vec<&Peek> = group.iter().map(|(_, peek)| *peek).collect();
            let id = |peek: &&Peek| Some(peek.build_id?.action_id());
            PackageCopies {
                package,
                archives,
                differ_in: differ_in(&peeks),
                inputs: Vec::new(),
                recorded: 0,
                actions: peeks.iter().filter_map(id).collect(),
            }
        })
        .collect();
    copies.sort_by_key(|copies| std::cmp::Reverse(copies.archives.bytes));
    copies
}

/// Commands of one name in two checkouts are one; the directory tells them apart.
fn key_of_copies(peek: &Peek) -> String {
    match (peek.package.as_deref(), peek.directory.as_deref()) {
        (Some("main"), Some(directory)) => {
            format!("main in …/{}", directory.rsplit('/').next().unwrap_or(directory))
        }
        _ => name(peek),
    }
}

fn differ_in(peeks: &[&Peek]) -> BTreeSet<Difference> {
    let traits = |peek: &&Peek| {
        let toolchain = Toolchain::of(peek);
        [
            (Difference::GoVersion, toolchain.version.to_owned()),
            (Difference::Platform, [toolchain.goos, toolchain.goarch, toolchain.level].join(" ")),
            (Difference::Instrumentation, instrumentation(peek)),
            (Difference::Flags, other_flags(peek)),
            (Difference::Directory, peek.directory.clone().unwrap_or_default()),
            (Difference::Tests, peek.has_tests.to_string()),
        ]
    };
    let all: Vec<_> = peeks.iter().map(traits).collect();
    let mut found: BTreeSet<Difference> = (0..6)
        .filter_map(|at| {
            let mut values = all.iter().filter_map(|one| one.get(at));
            let (what, first) = values.next()?;
            values.any(|(_, value)| value != first).then_some(*what)
        })
        .collect();
    // Two that agree in all that is told differ in something else.
    let distinct: BTreeSet<_> = all.iter().map(|one| one.clone().map(|(_, value)| value)).collect();
    if distinct.len() < all.len() {
        found.insert(Difference::Sources);
    }
    found
}
