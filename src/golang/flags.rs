//! Command lines of the go command: the verb, the build flags, the packages.
//!
//! Source: `cmd/go/internal/work/build.go` (`AddBuildFlags`), `test/test.go`,
//! `base/goflags.go`, Go 1.27.

/// One flag of a go command, from its arguments or from GOFLAGS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Without dashes: `trimpath`.
    pub name: String,
    /// `None` for a flag without `=` and without a following value.
    pub value: Option<String>,
    pub origin: Origin,
}

/// Where a flag was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    CommandLine,
    Goflags,
}

/// A go command line, split the way the go command splits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoCommand {
    /// `build`, `test`, `tool`, …; empty where there is none.
    pub verb: String,
    /// Flags of GOFLAGS first, then those of the command line: the last one wins.
    pub flags: Vec<Flag>,
    /// Packages or files.
    pub packages: Vec<String>,
}

/// Flags that take no value. All others of the build commands take one.
const BOOLEAN: &[&str] = &[
    "a",
    "asan",
    "artifacts",
    "benchmem",
    "buildvcs",
    "c",
    "cache",
    "changed",
    "compiled",
    "cover",
    "deps",
    "e",
    "export",
    "failfast",
    "find",
    "fix",
    "fullpath",
    "fuzzcache",
    "i",
    "json",
    "linkshared",
    "m",
    "modcache",
    "modcacherw",
    "msan",
    "n",
    "race",
    "retracted",
    "short",
    "test",
    "testcache",
    "tool",
    "trimpath",
    "u",
    "v",
    "versions",
    "w",
    "work",
    "x",
];

/// Verbs that compile or link, and so print hash inputs of actions.
const BUILDS: &[&str] = &["build", "install", "run", "test", "vet"];

impl GoCommand {
    /// Splits the arguments after `go`, together with the value of GOFLAGS.
    #[must_use]
    pub fn parse(args: &[String], goflags: &str) -> Self {
        Self::parse_at(args, goflags).0
    }

    /// Splits as [`GoCommand::parse`] does, and tells for each flag of the command line, in order,
    /// which argument it is and which one its value is, where that is another.
    #[must_use]
    pub fn parse_at(args: &[String], goflags: &str) -> (Self, Vec<(usize, Option<usize>)>) {
        let mut at = Vec::new();
        let (verb, rest) =
            args.split_first().map_or(("", [].as_slice()), |(verb, rest)| (verb.as_str(), rest));
        let mut flags: Vec<Flag> = split_goflags(goflags)
            .iter()
            .filter_map(|word| single(word, Origin::Goflags))
            .collect();
        let mut packages = Vec::new();
        let mut words = rest.iter().enumerate();
        while let Some((index, word)) = words.next() {
            let index = index.saturating_add(1);
            let Some(mut flag) = single(word, Origin::CommandLine) else {
                packages.push(word.clone());
                // `go test PKG -args …` and `go run PKG ARG…` hand the rest to the program.
                if verb == "run" {
                    // A program is a package, or several files of one.
                    let is_file = |word: &str| word.ends_with(".go");
                    let files = words.map(|(_, next)| next);
                    packages
                        .extend(files.take_while(|next| is_file(word) && is_file(next)).cloned());
                    break;
                }
                continue;
            };
            if flag.name.is_empty() || flag.name == "args" {
                if flag.name.is_empty() {
                    packages.extend(words.map(|(_, word)| word.clone()));
                }
                break;
            }
            let mut value_at = None;
            if flag.value.is_none()
                && !BOOLEAN.contains(&flag.name.as_str())
                && let Some((next, value)) = words.next()
            {
                flag.value = Some(value.clone());
                value_at = Some(next.saturating_add(1));
            }
            at.push((index, value_at));
            flags.push(flag);
        }
        (Self { verb: verb.to_owned(), flags, packages }, at)
    }

    /// Says whether the command compiles or links packages.
    #[must_use]
    pub fn is_build(&self) -> bool {
        BUILDS.contains(&self.verb.as_str())
            || (self.verb == "list" && (self.is_set("export") || self.is_set("compiled")))
    }

    /// Returns the flag of that name that counts: the last one.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().rfind(|flag| flag.name == name)
    }

    /// Says whether a boolean flag is on. `-a=false` is off.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|flag| flag.value.as_deref().is_none_or(is_true))
    }

    /// Returns the value of a flag, empty where it is not given.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.flag(name).and_then(|flag| flag.value.as_deref()).unwrap_or_default()
    }
}

/// Returns the arguments after `go` without the flags of these names.
#[must_use]
pub fn without(args: &[String], names: &[&str]) -> Vec<String> {
    let verb = args.first().map_or("", String::as_str);
    let mut kept: Vec<String> = args.iter().take(1).cloned().collect();
    let mut words = args.iter().skip(1);
    while let Some(word) = words.next() {
        let Some(flag) = single(word, Origin::CommandLine) else {
            kept.push(word.clone());
            // What follows is for the program.
            if verb == "run" {
                break;
            }
            continue;
        };
        if flag.name.is_empty() || flag.name == "args" {
            kept.push(word.clone());
            break;
        }
        let takes_next = flag.value.is_none() && !BOOLEAN.contains(&flag.name.as_str());
        let value = takes_next.then(|| words.next()).flatten();
        if !names.contains(&flag.name.as_str()) {
            kept.push(word.clone());
            kept.extend(value.cloned());
        }
    }
    kept.extend(words.cloned());
    kept
}

/// Returns a value of GOFLAGS without the flags of these names.
#[must_use]
pub fn goflags_without(goflags: &str, names: &[&str]) -> String {
    let is_kept = |word: &String| {
        single(word, Origin::Goflags).is_none_or(|flag| !names.contains(&flag.name.as_str()))
    };
    let quoted = |word: String| match word.contains(char::is_whitespace) {
        true if word.contains('\'') => format!("\"{word}\""),
        true => format!("'{word}'"),
        false => word,
    };
    let words = split_goflags(goflags).into_iter().filter(is_kept).map(quoted);
    words.collect::<Vec<_>>().join(" ")
}

/// Returns where `-debug-actiongraph` may be put: after the verb, and after a
/// `-C DIR`, which the go command wants first.
#[must_use]
pub fn insertion_point(args: &[String]) -> usize {
    match args.get(1).map(String::as_str) {
        Some("-C" | "--C") => 3,
        Some(word) if word.starts_with("-C=") || word.starts_with("--C=") => 2,
        _ => 1,
    }
    .min(args.len())
}

/// As Go's `strconv.ParseBool`, which package flag uses.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn single(word: &str, origin: Origin) -> Option<Flag> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    // A lone `-` is a file name.
    if name.is_empty() && word == "-" {
        return None;
    }
    let (name, value) = match name.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (name, None),
    };
    let name = name.strip_prefix("test.").unwrap_or(name).to_owned();
    Some(Flag { name, value, origin })
}

/// Splits GOFLAGS: at spaces, where a whole entry may stand in quotes.
fn split_goflags(goflags: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = goflags.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, tail) = match first {
            '\'' | '"' => {
                let inner = rest.get(1..).unwrap_or_default();
                inner.split_once(first).unwrap_or((inner, ""))
            }
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, goflags: &str) -> GoCommand {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        GoCommand::parse(&args, goflags)
    }

    #[test]
    fn values_are_not_flags() {
        let command = parse("build -o -a -ldflags=-s ./cmd/x", "");
        assert!(!command.is_set("a"));
        assert_eq!(command.value("o"), "-a");
        assert_eq!(command.packages, ["./cmd/x"]);
    }

    #[test]
    fn the_last_flag_counts_wherever_it_was_given() {
        let command = parse("build -a=false .", "-a '-ldflags=-X main.v=1 -s'");
        assert!(!command.is_set("a"));
        assert_eq!(command.value("ldflags"), "-X main.v=1 -s");
        assert!(parse("build --a", "").is_set("a"));
    }

    #[test]
    fn flags_are_taken_out_with_their_values() {
        let out = |line: &str, names: &[&str]| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            without(&args, names).join(" ")
        };
        assert_eq!(out("build -o x -ldflags -s -race ./a", &["ldflags", "race"]), "build -o x ./a");
        assert_eq!(out("test --race=true ./a -tags=b -v", &["race", "tags"]), "test ./a -v");
        assert_eq!(out("test ./a -args -race", &["race"]), "test ./a -args -race");
        assert_eq!(out("run -race . -race", &["race"]), "run . -race");
        assert_eq!(goflags_without("-v '-ldflags=-s -w' -race", &["race"]), "-v '-ldflags=-s -w'");
        assert_eq!(goflags_without("-v '-ldflags=-s -w'", &["ldflags"]), "-v");
    }

    #[test]
    fn arguments_of_the_program_are_not_flags_of_go() {
        assert!(!parse("test ./... -args -a", "").is_set("a"));
        assert!(!parse("run ./tool -a", "").is_set("a"));
        assert!(parse("test ./... -race", "").is_set("race"));
    }

    #[test]
    fn the_graph_flag_stands_after_dash_c() {
        let at =
            |line: &str| insertion_point(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(at("build ./..."), 1);
        assert_eq!(at("build -C sub ./..."), 3);
        assert_eq!(at("build -C=sub ./..."), 2);
        assert_eq!(at("build -C"), 2);
    }
}
