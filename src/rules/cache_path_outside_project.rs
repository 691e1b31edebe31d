#![doc = include_str!("cache_path_outside_project.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachePath, CachedBy, System};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-path-outside-project",
    summary: "a GitLab cache names a Go directory outside of the project",
    explanation: include_str!("cache_path_outside_project.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let caches = repository.caches().filter(|one| one.pipeline.system == System::GitLab);
    let found = caches.flat_map(|one| {
        let paths = one.cache.paths.iter().filter(|path| is_outside(path));
        paths.map(move |path| finding(&one, path)).collect::<Vec<_>>()
    });
    found.collect()
}

/// A runner may check out below `/builds` or `/home`, and a variable that is not
/// told may be anything; what is left is certain.
fn is_outside(path: &CachePath) -> bool {
    let text = path.text.trim();
    let outside = ["/go/", "/root/", "~/", "$HOME/", "${HOME}/"];
    !path.go.is_empty() && outside.iter().any(|root| text.starts_with(root))
}

fn finding(one: &CachedBy<'_>, path: &CachePath) -> Finding {
    let message = format!(
        "GitLab caches only what is in the project, so `{}` is never saved",
        path.text.trim()
    );
    let fix = match path.go.first() {
        Some(GoDir::Build) => {
            "variables: {GOCACHE: $CI_PROJECT_DIR/.cache/go-build}\npaths: [.cache/go-build]"
        }
        _ => "variables: {GOMODCACHE: $CI_PROJECT_DIR/.go/pkg/mod}\npaths: [.go/pkg/mod]",
    };
    RULE.finding(&one.step.subject, message).at(one.step.place.clone()).with_fix(fix)
}
