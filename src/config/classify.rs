//! What makes an expression, a hashed file or a shell command vary.

use super::template::{Class, Classes};

/// Returns the class of a context whose value GitHub sets, such as `github.sha`.
pub(super) fn context(path: &[String]) -> Option<Class> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(match path.as_slice() {
        ["github", "sha" | "run_id" | "run_number" | "run_attempt"]
        | ["github", "event", "after"]
        | ["github", "event", "pull_request", "head", "sha"]
        | ["github", "event", "head_commit", "id" | "tree_id" | "timestamp"]
        | ["github", "event", "workflow_run", "id" | "head_sha"] => Class::Volatile,
        ["github", "ref" | "ref_name" | "head_ref" | "base_ref"]
        | ["github", "event", "number"]
        | ["github", "event", "pull_request", "number"]
        | ["github", "event", "pull_request", "head" | "base", "ref"] => Class::Branch,
        ["github", "job" | "workflow" | "repository" | "repository_owner" | "event_name"]
        | ["strategy", "job-index" | "job-total"] => Class::Job,
        ["runner", "os" | "arch"] => Class::Platform,
        _ => return None,
    })
}

/// Returns the context that a variable of every step repeats: `GITHUB_SHA` is `github.sha`.
pub(super) fn default_variable(name: &str) -> Option<Vec<String>> {
    let name = name.to_ascii_lowercase();
    let (context, field) = match name.as_str() {
        "imageos" | "imageversion" => ("runner", "os"),
        _ => name.split_once('_').filter(|(context, _)| matches!(*context, "github" | "runner"))?,
    };
    Some(vec![context.to_owned(), field.to_owned()])
}

/// Tells whether a variable, input or matrix entry is named after the Go version.
pub(super) fn names_go_version(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_go = |word: &&str| matches!(*word, "go" | "golang");
    let is_version = |word: &&str| matches!(*word, "version" | "versions" | "ver" | "toolchain");
    words.iter().any(|word| {
        matches!(*word, "goversion" | "goversions" | "gover" | "golangversion" | "gotoolchain")
    }) || (words.iter().any(is_go) && (words.len() == 1 || words.iter().any(is_version)))
}

/// Tells whether a matrix entry is named after a platform.
pub(super) fn names_platform(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "os" | "arch" | "goos" | "goarch" | "platform" | "runner" | "runs-on" | "runs_on" | "image"
    )
}

/// Tells whether a text holds a Go version such as `1.25`.
pub(super) fn mentions_go_version(text: &str) -> bool {
    text.match_indices("1.").any(|(index, found)| {
        let before = text.get(..index).unwrap_or_default();
        let after = text.get(index.saturating_add(found.len())..).unwrap_or_default();
        !before.ends_with(|c: char| c.is_ascii_digit() || c == '.')
            && after.bytes().take(2).filter(u8::is_ascii_digit).count() == 2
    })
}

/// Tells whether a whole text is a Go version as setup-go takes one: `~1.25`, `go1.25.3`.
pub(super) fn is_go_version(text: &str) -> bool {
    let text = text.trim_start_matches(['~', '^', '>', '=', 'v', ' ']);
    let text = text.strip_prefix("go").unwrap_or(text);
    matches!(text, "stable" | "oldstable") || (text.starts_with("1.") && mentions_go_version(text))
}

const DEPENDENCIES: &[&str] = &[
    "go.mod",
    "go.sum",
    "go.work",
    "go.work.sum",
    "modules.txt",
    "Gopkg.lock",
    "Gopkg.toml",
    "glide.lock",
];

/// Files from which setup-go reads a version, and those of version managers.
const VERSIONS: &[&str] =
    &["go.mod", "go.work", ".go-version", ".tool-versions", "mise.toml", ".mise.toml"];

/// Returns what `hashFiles` of these patterns follows.
///
/// A file of another name may hold a Go version, so that it is opaque.
pub(super) fn hashed(patterns: &[String]) -> Classes {
    let mut classes = Classes::new();
    for pattern in patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
        let name = base(pattern);
        if name.ends_with(".go") {
            classes.insert(Class::Deps);
            // All sources together change all the time, and so does the key.
            classes.extend(name.contains('*').then_some(Class::SlowVolatile));
        } else if DEPENDENCIES.iter().any(|file| matches(name, file)) && !name.starts_with('*') {
            classes.insert(Class::Deps);
        } else if name.starts_with("**") || !VERSIONS.iter().any(|file| matches(name, file)) {
            classes.insert(Class::Opaque);
        }
    }
    classes
}

/// Tells whether a pattern of `hashFiles` takes in a file that may say which Go is used.
pub(super) fn hashes_version_file(pattern: &str, file: Option<&str>) -> bool {
    match file {
        Some(file) => matches(base(pattern), base(file)),
        None => VERSIONS.iter().any(|file| matches(base(pattern), file)),
    }
}

fn base(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Matches the name of a file against a pattern with at most one `*`, or with `{a,b}`.
fn matches(pattern: &str, name: &str) -> bool {
    if let Some((before, rest)) = pattern.split_once('{')
        && let Some((choices, after)) = rest.split_once('}')
    {
        return choices.split(',').any(|choice| {
            name.strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|middle| middle == choice)
        });
    }
    match pattern.split_once('*') {
        Some((before, after)) => name
            .strip_prefix(before)
            .is_some_and(|rest| rest.ends_with(after.trim_start_matches('*'))),
        None => pattern == name,
    }
}

/// Returns what the output of a shell command follows.
pub(super) fn command(command: &str) -> Class {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["go", "version", ..] | ["go", "env", "GOVERSION", ..] => Class::Toolchain,
        ["git", "rev-parse", .., "HEAD"] if !command.contains(['|', ';', '&']) => Class::Volatile,
        ["date" | "/bin/date", arguments @ ..] => date(arguments),
        ["uname", ..] => Class::Platform,
        _ => Class::Opaque,
    }
}

/// `date` with a format: by the smallest unit that it prints.
fn date(arguments: &[&str]) -> Class {
    let text = arguments.join(" ");
    // A date that is read or cut (`-d yesterday`, `-r go.sum`, `| cut`) is another matter.
    let other = |word: &&str| {
        word.starts_with(['|', ';', '<', '&'])
            || matches!(*word, "-d" | "-r")
            || word.starts_with("--date")
            || word.starts_with("--reference")
    };
    if arguments.iter().any(other) {
        return Class::Opaque;
    }
    let Some((_, format)) = text.split_once('+') else {
        let is_day = text.is_empty() || text.contains("-I") || text.contains("--iso");
        return if is_day { Class::SlowVolatile } else { Class::Opaque };
    };
    let is_second =
        ["%s", "%S", "%N", "%T", "%c", "%X", "%r"].iter().any(|unit| format.contains(unit));
    if is_second { Class::Volatile } else { Class::SlowVolatile }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_go_version() {
        for name in ["go", "GO_VERSION", "go-version", "golang", "goversion", "setup.go-version"] {
            assert!(names_go_version(name), "{name}");
        }
        for name in ["goos", "go-cache", "mongo-version", "version", "GOFLAGS", "cargo_version", ""]
        {
            assert!(!names_go_version(name), "{name}");
        }
        assert!(
            is_go_version("~1.25.0-rc.1") && is_go_version("go1.24") && is_go_version("stable")
        );
        assert!(!is_go_version("release-1.25") && !is_go_version("1.5"));
        assert!(mentions_go_version("go-1.22-") && mentions_go_version("1.100"));
        assert!(!mentions_go_version("v1.2-11.22") && !mentions_go_version("0.1.25"));
    }

    #[test]
    fn hashed_files() {
        let classes = |pattern: &str| hashed(&[pattern.to_owned()]).into_iter().collect::<Vec<_>>();
        assert_eq!(classes("**/go.sum"), [Class::Deps]);
        assert_eq!(classes("go.*"), [Class::Deps]);
        assert_eq!(classes("**/go.{mod,sum}"), [Class::Deps]);
        assert_eq!(classes("**/*.go"), [Class::SlowVolatile, Class::Deps]);
        assert_eq!(classes("**"), [Class::Opaque]);
        assert_eq!(classes("Makefile"), [Class::Opaque]);
        assert_eq!(classes(".go-version"), []);
        assert!(
            hashes_version_file("**/go.*", None) && hashes_version_file("go.mod", Some("./go.mod"))
        );
        assert!(!hashes_version_file("**/go.sum", None));
    }

    #[test]
    fn commands() {
        assert_eq!(command("date +%s"), Class::Volatile);
        assert_eq!(command("date -u '+%Y-%m-%dT%H:%M:%S'"), Class::Volatile);
        assert_eq!(command("/bin/date -u \"+%Y%m%d\""), Class::SlowVolatile);
        assert_eq!(command("date +%s -r go.sum"), Class::Opaque);
        assert_eq!(command("date +%s | cut -c1"), Class::Opaque);
        assert_eq!(command("git rev-parse --short HEAD"), Class::Volatile);
        assert_eq!(command("git rev-parse HEAD:go.sum"), Class::Opaque);
        assert_eq!(command("go version | sha256sum"), Class::Toolchain);
        assert_eq!(command("cat x"), Class::Opaque);
    }
}
