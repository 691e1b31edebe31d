#![doc = include_str!("cache_path_mismatch.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachePath, CachedBy, Image, Os, StepKind, System};
use crate::finding::{Edit, Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-path-mismatch",
    summary: "a cache step names a directory that Go does not use there",
    explanation: include_str!("cache_path_mismatch.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in repository.caches().filter(is_plain) {
        for path in &one.cache.paths {
            if let Some((message, fix)) = mismatch(&one, path) {
                let edit = edit(repository, &one, path, fix);
                let place = edits::line_of(repository, &one.step.place, path.text.trim());
                let fix = match fix.strip_prefix("path: ") {
                    Some(dir) if one.cache.paths.len() > 1 => {
                        format!("{dir} in place of this path")
                    }
                    _ => fix.to_owned(),
                };
                findings.push(
                    RULE.finding(&one.step.subject, message)
                        .at(place.unwrap_or_else(|| one.step.place.clone()))
                        .with_fix(fix)
                        .with_edits(edit.map(|edit| vec![edit])),
                );
            }
        }
    }
    findings
}

/// The directory of the fix in place of the path, where it is that of the same cache.
fn edit(repository: &Repository, one: &CachedBy<'_>, path: &CachePath, fix: &str) -> Option<Edit> {
    let (old, new) = (path.text.trim(), fix.strip_prefix("path: ")?);
    let last = |path: &str| path.rsplit(['/', '\\']).next().map(str::to_owned);
    let is_said = !new.contains(',') && last(old) == last(new);
    edits::change_line(repository, &one.step.place, old, new).filter(|_| is_said)
}

/// Whether Go's directories are where they are by default, as far as the files say.
fn is_plain(one: &CachedBy<'_>) -> bool {
    const NAMES: &[&str] = &["GOPATH", "GOCACHE", "GOMODCACHE", "HOME="];
    let says =
        |text: &str| NAMES.iter().any(|name| text.contains(name)) || text.contains("go env -w");
    let is_set = |name: &&str| one.job.env.contains_key(&name.to_ascii_lowercase());
    let scripts = one.job.steps.iter().any(|step| match &step.kind {
        StepKind::Script { text } => says(text),
        _ => false,
    });
    // On CircleCI a step that restores is given the paths of what another job saves.
    let is_own = one.pipeline.system != System::CircleCi || one.cache.how.saves();
    is_own && !one.step.is_conditional && !scripts && !NAMES.iter().any(is_set)
}

fn mismatch(one: &CachedBy<'_>, path: &CachePath) -> Option<(String, &'static str)> {
    let text = path.text.trim();
    let is = |dir| path.go.contains(&dir);
    let windows = one.job.runner.os.as_ref().is_some_and(|os| os.contains(&Os::Windows));
    if one.pipeline.system == System::GitHub && windows && text.starts_with('%') {
        let message =
            format!("the variable of `{text}` is not expanded, so on Windows it names nothing");
        return Some((message, r"path: ~\AppData\Local\go-build"));
    }
    let is_home = ["~/go/", "$HOME/go/", "/home/circleci/go/", "/home/runner/go/"]
        .iter()
        .any(|home| text.starts_with(home));
    if let Some(image) = &one.job.runner.container {
        let name = name(image)?;
        let in_golang = name == "golang" || name.ends_with("/golang");
        // The image that CircleCI itself made of it, too.
        if is(GoDir::Modules) && is_home && in_golang {
            let message =
                format!("in the image {name} GOPATH is /go, so `{text}` holds no modules");
            return Some((message, "path: /go/pkg/mod"));
        }
        if is(GoDir::Modules) && text.starts_with("/go/") && name == "cimg/go" {
            let message =
                format!("in the image {name} GOPATH is /home/circleci/go, so there is no `{text}`");
            return Some((message, "path: /home/circleci/go/pkg/mod"));
        }
        return None;
    }
    let os = one.job.runner.os.as_ref()?;
    let only = |wanted: Os| os.len() == 1 && os.contains(&wanted);
    // A list with the paths of several systems is fine on each.
    let is_alone =
        one.cache.paths.iter().filter(|path| path.go.contains(&GoDir::Build)).count() == 1;
    if is(GoDir::Build)
        && is_alone
        && text.replace('\\', "/").trim_end_matches('/') == "~/.cache/go-build"
    {
        let (system, dir, fix) = if only(Os::MacOs) {
            ("macOS", "~/Library/Caches/go-build", "path: ~/Library/Caches/go-build")
        } else if only(Os::Windows) {
            ("Windows", r"~\AppData\Local\go-build", r"path: ~\AppData\Local\go-build")
        } else {
            return None;
        };
        let message = format!("on {system} GOCACHE is {dir}, so `{text}` holds nothing");
        return Some((message, fix));
    }
    if is(GoDir::Modules) && text.starts_with("/go/") && one.pipeline.system == System::CircleCi {
        let message = format!("this machine has no /go, so `{text}` holds no modules");
        return Some((message, "path: ~/go/pkg/mod, or what `go env GOMODCACHE` says"));
    }
    None
}

/// The name of an image without registry's default folder, tag and digest.
fn name(image: &Image) -> Option<&str> {
    let part = image.name.first().filter(|part| part.is_literal)?;
    let name = part.text.split(['@']).next()?;
    Some(name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(name, _)| name))
}
