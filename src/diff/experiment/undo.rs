//! How a cause is undone: which flags and settings of which build become another.

use crate::diff::category::Category;
use crate::diff::cause::Cause;
use crate::golang::flags::{self, Flag};
use crate::golang::target;
use crate::recording::{InvocationInfo, Places};

/// One way to undo a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// The flag on both sides.
    BothFlag(&'static str),
    /// The second build takes these flags from the first.
    FirstFlags(&'static [&'static str]),
    /// The second build takes these settings of Go from the first.
    FirstSettings(&'static [&'static str]),
    /// The second build runs in the tree of the first.
    FirstPlace,
}

/// The go commands of a build, and where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    pub commands: Vec<InvocationInfo>,
    pub places: Places,
}

const INSTRUMENTATION: &[&str] = &[
    "race",
    "msan",
    "asan",
    "cover",
    "covermode",
    "coverpkg",
    "coverprofile",
    "buildmode",
    "fuzz",
    "linkshared",
];
/// With another platform come another default of CGO_ENABLED and another C compiler.
const PLATFORM: &[&str] = &["CGO_ENABLED", "CC", "CXX"];
const C_FLAGS: &[&str] =
    &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS", "PKG_CONFIG"];

impl Undo {
    /// Returns how a cause is undone.
    ///
    /// # Errors
    ///
    /// Says why nothing undoes it: what is in files, and what a recording does not hold.
    pub fn of(cause: &Cause) -> Result<Self, &'static str> {
        Ok(match (cause.category, cause.about.as_str()) {
            (Category::Workdir | Category::Goroot | Category::ModuleLocation, _) => {
                Self::BothFlag("-trimpath")
            }
            (Category::VcsStamp, _) => Self::BothFlag("-buildvcs=false"),
            (Category::Trimpath, _) => Self::FirstFlags(&["trimpath"]),
            (Category::LinkFlags, _) => Self::FirstFlags(&["ldflags"]),
            (Category::CompileFlags, "-gcflags") => Self::FirstFlags(&["gcflags"]),
            (Category::CompileFlags, "-asmflags") => Self::FirstFlags(&["asmflags"]),
            (Category::CompileFlags, "-tags") => Self::FirstFlags(&["tags"]),
            (Category::Pgo, _) => Self::FirstFlags(&["pgo"]),
            (Category::Instrumentation, _) => Self::FirstFlags(INSTRUMENTATION),
            (Category::Target, _) => Self::FirstSettings(target::VARIABLES),
            (Category::Toolchain, _) => Self::FirstSettings(&["GOROOT", "GOVERSION"]),
            (Category::Cgo, "directory") => Self::FirstPlace,
            (Category::Cgo, "CGO_ENABLED") => Self::FirstSettings(&["CGO_ENABLED"]),
            (Category::Cgo, "CC") => Self::FirstSettings(&["CC"]),
            (Category::Cgo, "CXX") => Self::FirstSettings(&["CXX"]),
            (Category::Cgo, "FC") => Self::FirstSettings(&["FC"]),
            (Category::Cgo, "flags") => Self::FirstSettings(C_FLAGS),
            (Category::Source | Category::GoDirective | Category::DependencyVersion, _) => {
                return Err("it is in files, and no option undoes it");
            }
            (Category::CCompiler, _) => {
                return Err("no option makes one C compiler say it is another");
            }
            (Category::CommandKind, _) => return Err("another command is another build"),
            (Category::CompileFlags | Category::BuildSettings | Category::Cgo, _) => {
                return Err("a recording does not hold this setting");
            }
            (Category::Nondeterminism | Category::CacheState | Category::TestInput, _) => {
                return Err("a plan knows inputs only, and they are equal");
            }
            (Category::Signature | Category::Packaging | Category::Unknown, _) => {
                return Err("it is not known what would undo it");
            }
        })
    }

    /// Applies it to both builds.
    ///
    /// # Errors
    ///
    /// Says why it cannot be done: there is nothing to change, or the commands of the two builds
    /// have no counterparts.
    pub fn apply(
        &self,
        first: &Commands,
        second: &Commands,
    ) -> Result<(Commands, Commands), String> {
        let (mut one, mut other) = (first.clone(), second.clone());
        match self {
            Self::BothFlag(flag) => {
                one.commands
                    .iter_mut()
                    .chain(&mut other.commands)
                    .for_each(|command| give(command, flag));
            }
            Self::FirstFlags(names) => {
                for (index, command) in other.commands.iter_mut().enumerate() {
                    take_flags(command, counterpart(first, second, index)?, names);
                }
            }
            Self::FirstSettings(names) => {
                for (index, command) in other.commands.iter_mut().enumerate() {
                    take_settings(command, counterpart(first, second, index)?, names);
                }
            }
            Self::FirstPlace => move_to(&mut other, &first.places),
        }
        match (&one, &other) == (first, second) {
            true => Err(format!("{} changes nothing: it is so already", self.words(first, second))),
            false => Ok((one, other)),
        }
    }

    /// Says what is tried.
    #[must_use]
    pub fn words(&self, first: &Commands, second: &Commands) -> String {
        match self {
            Self::BothFlag(flag) => format!("{flag} on both sides"),
            Self::FirstPlace => "the second in the directory of the first".to_owned(),
            Self::FirstFlags(names) => {
                let flags = |commands: &Commands, name: &str| {
                    let all = commands.commands.iter().map(InvocationInfo::command);
                    all.map(|c| {
                        c.flags
                            .into_iter()
                            .filter(|flag| flag.name == name)
                            .map(|f| f.value)
                            .collect::<Vec<_>>()
                    })
                    .collect::<Vec<_>>()
                };
                let differ = names.iter().filter(|name| flags(first, name) != flags(second, name));
                let differ: Vec<String> = differ.map(|name| format!("-{name}")).collect();
                let all = || names.iter().take(1).map(|name| format!("-{name}")).collect();
                let differ = if differ.is_empty() { all() } else { differ };
                format!("{} as in the first", differ.join(", "))
            }
            Self::FirstSettings(names) => {
                let value = |commands: &Commands, name: &str| {
                    let values = commands.commands.iter().map(|info| info.setting(name).to_owned());
                    values.collect::<Vec<_>>()
                };
                let names: Vec<&str> = names
                    .iter()
                    .copied()
                    .filter(|name| *name != "GOROOT" && value(first, name) != value(second, name))
                    .collect();
                match names.as_slice() {
                    [] => "the settings of the first".to_owned(),
                    ["GOVERSION"] => {
                        let version = first.commands.first().map(|info| info.setting("GOVERSION"));
                        format!("the second with {}", version.unwrap_or("the Go of the first"))
                    }
                    names => format!("{} as in the first", names.join(", ")),
                }
            }
        }
    }
}

/// Returns the command of the first build that does what one of the second does.
fn counterpart<'a>(
    first: &'a Commands,
    second: &Commands,
    index: usize,
) -> Result<&'a InvocationInfo, String> {
    let wanted = &second.commands[index];
    let command = wanted.command();
    let same = first.commands.iter().find(|info| {
        let other = info.command();
        (&other.verb, &other.packages) == (&command.verb, &command.packages)
    });
    let by_place =
        first.commands.get(index).filter(|_| first.commands.len() == second.commands.len());
    same.or(by_place).ok_or_else(|| format!("the first build has no `{}`", wanted.line()))
}

fn give(command: &mut InvocationInfo, flag: &str) {
    let name = flag.trim_start_matches('-').split('=').next().unwrap_or_default();
    let is_it = |word: &Flag| {
        let value = flag.split_once('=').map_or("true", |(_, value)| value);
        word.name == name && word.value.as_deref().unwrap_or("true") == value
    };
    if command.command().flag(name).is_some_and(is_it) {
        return;
    }
    drop_flags(command, &[name]);
    let at = flags::insertion_point(&command.args);
    command.args.insert(at, flag.to_owned());
}

fn take_flags(command: &mut InvocationInfo, from: &InvocationInfo, names: &[&str]) {
    let wanted = |info: &InvocationInfo| -> Vec<(String, Option<String>)> {
        let all = info.command().flags.into_iter();
        all.filter(|flag| names.contains(&flag.name.as_str()))
            .map(|flag| (flag.name, flag.value))
            .collect()
    };
    let theirs = wanted(from);
    if wanted(command) == theirs {
        return;
    }
    drop_flags(command, names);
    let at = flags::insertion_point(&command.args);
    let words = theirs.into_iter().map(|(name, value)| match value {
        Some(value) => format!("-{name}={value}"),
        None => format!("-{name}"),
    });
    command.args.splice(at..at, words);
}

fn drop_flags(command: &mut InvocationInfo, names: &[&str]) {
    command.args = flags::without(&command.args, names);
    if let Some(goflags) = command.settings.get_mut("GOFLAGS") {
        *goflags = flags::goflags_without(goflags, names);
    }
}

fn take_settings(command: &mut InvocationInfo, from: &InvocationInfo, names: &[&str]) {
    let is_other_platform =
        ["GOOS", "GOARCH"].iter().any(|name| command.setting(name) != from.setting(name));
    let more = if names == target::VARIABLES && is_other_platform { PLATFORM } else { &[] };
    for name in names.iter().chain(more) {
        match from.settings.get(*name) {
            Some(value) => drop(command.settings.insert((*name).to_owned(), value.clone())),
            None => drop(command.settings.remove(*name)),
        }
    }
}

/// Moves a build to the place of another, with all that names its own place.
pub fn move_to(build: &mut Commands, place: &Places) {
    let from = build.places.root.clone();
    if from.is_empty() || place.root.is_empty() {
        return;
    }
    let moved = |text: &str| text.replace(&from, &place.root);
    for command in &mut build.commands {
        command.dir = moved(&command.dir);
        command.args = command.args.iter().map(|arg| moved(arg)).collect();
        for name in C_FLAGS.iter().chain(&["GOFLAGS", "GOWORK"]) {
            if let Some(value) = command.settings.get_mut(*name) {
                *value = moved(value);
            }
        }
    }
    build.places.root = moved(&build.places.root);
    build.places.workdir = moved(&build.places.workdir);
}
