//! What to do about what a cache holds, and which line to change.

use super::{Aging, Fault, Inventory, Tool};
use crate::config::SourceFile;
use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Id of the rule that says the same of a cache: `cached-executables`.
    pub id: &'static str,
    /// What it is about: a tool, a set of archives, a file.
    pub subject: String,
    /// One sentence, lower case, no full stop.
    pub what: String,
    /// A command, or a line to write.
    pub fix: String,
    /// The line that is to change, where it was found.
    pub place: Option<Place>,
    /// That line.
    pub line: Option<String>,
}

/// Recompiles below a hundredth of the archives are what any edit of a comment leaves.
const OF_NOTE: u64 = 100;

/// Says what to do. `files` are CI files and scripts, in which the lines to change are looked for.
#[must_use]
pub fn advise(cache: &Inventory, files: &[SourceFile]) -> Vec<Advice> {
    let mut all: Vec<Advice> = poisoned(cache);
    // Those of go itself, such as `go test -cover` starts, nobody can build once.
    let own = cache.executables.iter().filter(|tool| !tool.package.starts_with("cmd/"));
    all.extend(own.map(|tool| executable(tool, files)));
    all.extend(aging(cache, files));
    all.extend(sets(cache, files));
    all.extend(recompiles(cache));
    all
}

fn poisoned(cache: &Inventory) -> Vec<Advice> {
    let poisoned = cache.broken.iter().filter(|broken| broken.fault == Fault::Content);
    poisoned
        .map(|broken| Advice {
            id: "poisoned-entry",
            subject: broken.package.clone().unwrap_or_else(|| broken.path.clone()),
            what: format!("{}`{}` does not hold the bytes that its name is the SHA-256 of, and go uses it all the same: the disk, a restore or somebody changed it", broken.package.as_ref().map(|package| format!("the archive of `{package}`, ")).unwrap_or_default(), broken.path),
            fix: "go clean -cache, and delete the saved cache that it came with; then find out who may write it".to_owned(),
            place: None,
            line: None,
        })
        .collect()
}

fn executable(tool: &Tool, files: &[SourceFile]) -> Advice {
    let package = if tool.package.is_empty() { &tool.name } else { &tool.package };
    let last = package.rsplit('/').find(|part| !is_version(part)).unwrap_or(package);
    let runs =
        |line: &str| (line.contains("go run ") || line.contains("go tool ")) && names(line, last);
    let found = find(files, runs);
    let copies = match tool.copies.count {
        1 => "one executable".to_owned(),
        count => format!("{count} executables"),
    };
    let target = if package == "command-line-arguments" { "FILE.go" } else { package };
    Advice {
        id: "cached-executables",
        subject: package.clone(),
        what: format!(
            "{copies} of `{package}` in the cache: since Go 1.24 `go run` and `go tool` keep what they link, one for each change"
        ),
        fix: format!(
            "go build -o bin/{} {target} once, then run bin/{0}: GOCACHE then keeps its packages only",
            tool.name
        ),
        place: found.as_ref().map(|(place, _)| place.clone()),
        line: found.map(|(_, line)| line),
    }
}

/// `v2` of a module path.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Says whether a command line has a word that ends in a name: `./tools/gen`, `gen@latest`.
fn names(line: &str, name: &str) -> bool {
    line.split(|char: char| char.is_whitespace() || "\"'&;|()".contains(char)).any(|word| {
        let word = word.split('@').next().unwrap_or(word).trim_end_matches('/');
        let word = word.strip_suffix("/main.go").unwrap_or(word);
        word.rsplit('/').next().is_some_and(|last| last.trim_end_matches(".go") == name)
    })
}

fn aging(cache: &Inventory, files: &[SourceFile]) -> Option<Advice> {
    let what = match &cache.trim.aging {
        Aging::Ages => return None,
        Aging::NoTrimFile { .. } => "there is no trim.txt, so no build has ever removed anything: the cache is filled by go commands that never finish, or saved without it".to_owned(),
        Aging::Survivors { files, .. } => format!("when trim last ran, by trim.txt, {} files were older than five days and stayed: trim.txt comes with the restored cache, so go takes it for trimmed and each job passes it on", files.count),
        Aging::Renewed { entries, .. } => format!("{entries} entries were stored more than five days before the time that every file has: restoring the cache renews all times, so nothing in it ever ages"),
    };
    let fix = match &cache.trim.aging {
        Aging::Renewed { .. } => {
            "restore with the times that were saved (tar without -m, cp -a), or put the week into the cache key (key: go-${{ runner.os }}-<year-week>) and leave it out of restore-keys, so that the cache starts anew"
        }
        _ => {
            "rm -f \"$(go env GOCACHE)/trim.txt\" right after the restore: the first build then trims before the cache is saved"
        }
    };
    let found = find(files, |line| {
        ["actions/cache", "actions/setup-go", "save_cache", "Cache@2"]
            .iter()
            .any(|step| line.contains(step))
    });
    Some(Advice {
        id: "cache-never-trimmed",
        subject: "trim.txt".to_owned(),
        what,
        fix: fix.to_owned(),
        place: found.as_ref().map(|(place, _)| place.clone()),
        line: found.map(|(_, line)| line),
    })
}

/// Sets of one Go version and platform, or one instrumentation of two versions.
fn sets(cache: &Inventory, files: &[SourceFile]) -> Vec<Advice> {
    let Some(first) = cache.sets.first() else { return Vec::new() };
    let mut all = Vec::new();
    for set in cache.sets.iter().skip(1) {
        let (title, fix, word) = if (&set.goos, &set.goarch) != (&first.goos, &first.goarch) {
            (
                format!("{}/{}", set.goos, set.goarch),
                "give each platform a cache of its own: put GOOS and GOARCH into its key"
                    .to_owned(),
                None,
            )
        } else if set.go_version != first.go_version {
            (set.go_version.clone(), "put the Go version into the cache key and its restore-keys, so that what another version compiled is not carried along".to_owned(), None)
        } else if set.instrumentation != first.instrumentation {
            let both = format!("{} {}", first.instrumentation, set.instrumentation);
            let flag =
                both.split(' ').find(|word| word.starts_with('-')).unwrap_or("-cover").to_owned();
            let title = if set.instrumentation == "plain" {
                first.instrumentation.clone()
            } else {
                set.instrumentation.clone()
            };
            (
                title,
                format!(
                    "warm the cache with the flags of the job that uses it (go test {flag} -run='^$' ./...; goaudit reuse compares the two), or give the job with {flag} a cache of its own"
                ),
                Some(flag),
            )
        } else {
            continue;
        };
        let with = |line: &str, flag: &str| {
            let word = line.split_whitespace().find(|word| word.starts_with(flag));
            word.filter(|_| line.contains("go ")).map(str::to_owned)
        };
        let found = word.as_ref().and_then(|flag| find(files, |line| with(line, flag).is_some()));
        // -coverpkg=./... compiles other archives than -cover does.
        let fix = match (&word, &found) {
            (Some(flag), Some((_, line))) => {
                let own = with(line, flag).unwrap_or_else(|| flag.clone());
                fix.replace(&format!("go test {flag} "), &format!("go test {own} "))
            }
            _ => fix,
        };
        all.push(Advice {
            id: "two-artifact-sets",
            subject: title,
            what: format!(
                "{} {} there as {} {} {}/{} too, beside {} as {} {} {}/{}",
                set.packages,
                if set.packages == 1 { "package is" } else { "packages are" },
                set.go_version,
                set.instrumentation,
                set.goos,
                set.goarch,
                first.packages,
                first.go_version,
                first.instrumentation,
                first.goos,
                first.goarch
            ),
            fix,
            place: found.as_ref().map(|(place, _)| place.clone()),
            line: found.map(|(_, line)| line),
        });
    }
    all
}

fn recompiles(cache: &Inventory) -> Option<Advice> {
    let spare = cache.recompiled.spare;
    let archives = cache.kind("archive").bytes;
    if spare.count == 0 || spare.bytes.saturating_mul(OF_NOTE) < archives {
        return None;
    }
    let most = cache.recompiled.packages.first().map(|repeated| repeated.package.clone());
    Some(Advice {
        id: "wasted-recompiles",
        subject: most.unwrap_or_default(),
        what: format!("{} archives hold what another one holds: an input of their key changed that their output does not depend on", spare.count),
        fix: "goaudit record two of the builds, then goaudit explain them: it names the input (a flag in -gcflags=all=, CGO_CFLAGS, a path that -trimpath would take out)".to_owned(),
        place: None,
        line: None,
    })
}

/// Finds the first line that is so, and is no comment.
fn find(files: &[SourceFile], is_it: impl Fn(&str) -> bool) -> Option<(Place, String)> {
    files.iter().find_map(|file| {
        file.text.lines().enumerate().find_map(|(index, line)| {
            let text = line.trim();
            let comment = text.starts_with('#')
                || (text.starts_with("//") && !text.starts_with("//go:generate "));
            if comment || !is_it(text) {
                return None;
            }
            let column = line.chars().position(|char| !char.is_whitespace()).unwrap_or_default();
            let at = Some((LineNumber::from_index(index), ColumnNumber::from_index(column)));
            Some((Place { path: file.path.clone(), at }, text.to_owned()))
        })
    })
}
