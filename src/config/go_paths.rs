//! Which directory of Go a cached path is, in all the spellings that people use.

use super::scope::Scope;
use super::template::{Part, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GoDir {
    /// GOCACHE.
    Build,
    /// GOMODCACHE.
    Modules,
}

/// Tells which directories of Go a path is or holds. A path that may be anything is none.
pub(super) fn go_dirs(path: &Value, scope: &Scope) -> Vec<GoDir> {
    let text = normal(path);
    if text.is_empty() || text.starts_with('!') {
        return Vec::new();
    }
    if let Some(dir) =
        by_environment(&text, scope).or_else(|| by_spelling(&text)).or_else(|| by_output(path))
    {
        return vec![dir];
    }
    below(&text, scope)
}

/// The places where a CI system checks the repository out, as its variables name them.
const WORKSPACES: &[&str] = &[
    "github.workspace",
    "$github_workspace",
    "${github_workspace}",
    "$ci_project_dir",
    "$circle_working_directory",
    "$ci_workspace",
    "$drone_workspace",
    "$buildkite_build_checkout_path",
    "$(build.sourcesdirectory)",
    "$(system.defaultworkingdirectory)",
    "$pwd",
    "$(pwd)",
    "/workspace",
    ".",
];

fn normal(path: &[Part]) -> String {
    let text: String = path.iter().map(|part| part.text.as_str()).collect();
    let text = text.trim().trim_matches(['"', '\'']).replace('\\', "/").to_ascii_lowercase();
    let text = text.trim_end_matches(['/', '*']);
    // A relative path starts from the workspace.
    let inside = |root: &&str| text.strip_prefix(*root)?.strip_prefix('/');
    WORKSPACES.iter().find_map(inside).unwrap_or(text).to_owned()
}

/// Directories of Go that the job puts into the path: `.go` where GOPATH is
/// `$CI_PROJECT_DIR/.go`.
fn below(text: &str, scope: &Scope) -> Vec<GoDir> {
    let value = |name: &str| scope.env.get(name).map(|value| normal(value));
    let is_in = |dir: Option<String>| {
        dir.is_some_and(|dir| {
            dir.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let modules =
        value("gomodcache").or_else(|| value("gopath").map(|gopath| format!("{gopath}/pkg/mod")));
    let mut dirs = Vec::new();
    dirs.extend(is_in(value("gocache")).then_some(GoDir::Build));
    dirs.extend(is_in(modules).then_some(GoDir::Modules));
    dirs
}

/// The value that the job gives GOCACHE or GOMODCACHE, written out or by name.
fn by_environment(text: &str, scope: &Scope) -> Option<GoDir> {
    [("gocache", GoDir::Build), ("gomodcache", GoDir::Modules)].into_iter().find_map(
        |(name, dir)| {
            let is_value = scope.env.get(name).is_some_and(|value| normal(value) == text);
            let is_name = [
                format!("env.{name}"),
                format!("${name}"),
                format!("${{{name}}}"),
                format!("%{name}%"),
                format!("$(go env {name})"),
            ]
            .contains(&text.to_owned());
            (is_value || is_name).then_some(dir)
        },
    )
}

/// The default directories and those of the same name: `~/.cache/go-build`,
/// `~/Library/Caches/go-build`, `%LocalAppData%\go-build`, `~/go/pkg/mod`.
fn by_spelling(text: &str) -> Option<GoDir> {
    let ends_with = |name: &str| {
        text.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    if ends_with("go-build") {
        Some(GoDir::Build)
    } else if ends_with("pkg/mod") || ends_with("go/pkg") || text.contains("pkg/mod/cache") {
        Some(GoDir::Modules)
    } else {
        None
    }
}

/// An output or input named after a directory: `steps.go.outputs.go-cache`.
fn by_output(path: &[Part]) -> Option<GoDir> {
    let [part] = path else { return None };
    if part.is_literal {
        return None;
    }
    let (_, name) = part.text.rsplit_once('.')?;
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if ["gomod", "modcache", "gopkg"].iter().any(|word| name.contains(word)) {
        Some(GoDir::Modules)
    } else if ["gocache", "gobuild"].iter().any(|word| name.contains(word)) {
        Some(GoDir::Build)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let mut scope = Scope::default();
        scope.env.insert("gocache".to_owned(), scope.resolve("/tmp/Build"));
        let dir = |text: &str| go_dirs(&scope.resolve(text), &scope).first().copied();
        for text in [
            "~/.cache/go-build",
            "~\\AppData\\Local\\go-build",
            "%LocalAppData%\\go-build",
            "~/Library/Caches/go-build/",
            "/tmp/build",
            "${{ env.GOCACHE }}",
            "$GOCACHE",
            "${{ steps.go.outputs.go-cache-path }}",
            "${{ env.HOME }}/.cache/go-build/**",
        ] {
            assert_eq!(dir(text), Some(GoDir::Build), "{text}");
        }
        for text in [
            "~/go/pkg/mod",
            "/go/pkg/mod/",
            "${{ env.GOPATH }}/pkg/mod",
            "~/go/pkg/mod/cache/download",
            "${{ env.GOMODCACHE }}",
            "${{ steps.go.outputs.go-mod-cache }}",
        ] {
            assert_eq!(dir(text), Some(GoDir::Modules), "{text}");
        }
        for text in
            ["!~/.cache/go-build", "~/.cache", "node_modules", "my-go-build", "${{ x.y }}", ""]
        {
            assert_eq!(dir(text), None, "{text}");
        }
    }
}
