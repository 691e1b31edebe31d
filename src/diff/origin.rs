//! Where a difference was made: on a command line, in GOFLAGS, in the environment, in go.mod.

use crate::diff::category::Category;
use crate::golang::flags::{Flag, GoCommand, Origin};
use crate::golang::go_mod::GoMod;
use crate::recording::{InvocationInfo, shell_word};

/// What is known of one of the two runs.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) command: &'a InvocationInfo,
    pub(super) go_mod: &'a GoMod,
}

/// A category, what it is about where that matters, and the names that say it.
type Known = (Category, &'static str, &'static [&'static str]);

/// The interesting case: something else made the difference.
const NEITHER: &str = "neither the command lines nor the settings of Go differ in it";

/// The flags of the go command that a cause may come from.
const FLAGS: &[Known] = &[
    (Category::CompileFlags, "-gcflags", &["gcflags"]),
    (Category::CompileFlags, "-asmflags", &["asmflags"]),
    (Category::CompileFlags, "-tags", &["tags"]),
    (Category::LinkFlags, "", &["ldflags"]),
    (Category::Trimpath, "", &["trimpath"]),
    (
        Category::Instrumentation,
        "",
        &["race", "msan", "asan", "cover", "covermode", "coverpkg", "buildmode"],
    ),
    (Category::Pgo, "", &["pgo"]),
    (Category::VcsStamp, "", &["buildvcs"]),
];

/// The settings of Go that a cause may come from, where its title does not name them.
const SETTINGS: &[Known] = &[
    (
        Category::Cgo,
        "flags",
        &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"],
    ),
    (Category::CCompiler, "", &["CC", "CXX"]),
    (Category::Toolchain, "", &["GOTOOLCHAIN"]),
];

/// Returns where the two runs differ in what a cause comes from; nothing where its title says it,
/// or where a raw log does not tell.
pub(super) fn of(
    category: Category,
    about: &str,
    first: Run<'_>,
    second: Run<'_>,
) -> Option<String> {
    if first.command.args.is_empty() || second.command.args.is_empty() {
        return None;
    }
    let fits =
        |(of, subject, _): &&Known| *of == category && (subject.is_empty() || *subject == about);
    let names = |table: &'static [Known]| -> Vec<&'static str> {
        table.iter().filter(fits).flat_map(|(_, _, names)| names.iter().copied()).collect()
    };
    let (flags, settings) = (names(FLAGS), names(SETTINGS));
    // Of a commit neither says anything.
    let has_origin = category != Category::VcsStamp && !(flags.is_empty() && settings.is_empty());
    let differing: Vec<String> = flags
        .iter()
        .filter_map(|name| flag(name, first.command, second.command))
        .chain(settings.iter().filter_map(|name| setting(name, first.command, second.command)))
        .chain(go_mod(category, first.go_mod, second.go_mod))
        .collect();
    match differing.is_empty() {
        false => Some(differing.join("; ")),
        true => has_origin.then(|| NEITHER.to_owned()),
    }
}

fn flag(name: &str, first: &InvocationInfo, second: &InvocationInfo) -> Option<String> {
    let (ours, theirs) = (given(name, &first.command()), given(name, &second.command()));
    (ours != theirs).then(|| format!("{ours} in the first, {theirs} in the second"))
}

/// A flag as it was given, and where.
fn given(name: &str, command: &GoCommand) -> String {
    let word = |flag: &Flag| {
        let word = match &flag.value {
            Some(value) => shell_word(&format!("-{name}={value}")),
            None => format!("-{name}"),
        };
        match flag.origin {
            Origin::CommandLine => word,
            Origin::Goflags => format!("{word} of GOFLAGS"),
        }
    };
    // Of most flags the last counts; of these each adds to those before it.
    let given: Vec<String> = match ["gcflags", "asmflags", "ldflags"].contains(&name) {
        true => command.flags.iter().filter(|flag| flag.name == name).map(word).collect(),
        false => command.flag(name).map(word).into_iter().collect(),
    };
    match given.is_empty() {
        true => format!("no -{name}"),
        false => given.join(" "),
    }
}

fn setting(name: &str, first: &InvocationInfo, second: &InvocationInfo) -> Option<String> {
    let (ours, theirs) = (first.setting(name), second.setting(name));
    let shown =
        |value: &str| if value.is_empty() { "(unset)".to_owned() } else { value.to_owned() };
    (ours != theirs)
        .then(|| format!("{name} is {} in the first, {} in the second", shown(ours), shown(theirs)))
}

fn go_mod(category: Category, first: &GoMod, second: &GoMod) -> Option<String> {
    let line = |name: &str, ours: &Option<String>, theirs: &Option<String>| {
        let shown = |value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| format!("no {name} line"), |value| format!("{name} {value}"))
        };
        (ours != theirs).then(|| {
            format!("go.mod says {} in the first, {} in the second", shown(ours), shown(theirs))
        })
    };
    match category {
        Category::Toolchain => line("toolchain", &first.toolchain, &second.toolchain)
            .or_else(|| line("go", &first.go, &second.go)),
        Category::GoDirective => line("go", &first.go, &second.go),
        _ => None,
    }
}
