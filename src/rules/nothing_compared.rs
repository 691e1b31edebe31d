#![doc = include_str!("nothing_compared.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};
use crate::recording::{Depth, Recording};

pub(crate) const RULE: Rule = Rule {
    id: "nothing-compared",
    summary: "nothing was compared, so there is no verdict",
    explanation: include_str!("nothing_compared.md"),
    level: Level::Error,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    [no_go(builds), no_artifacts(builds), same_place(builds), served(builds.second)]
        .into_iter()
        .flatten()
        .collect()
}

fn no_go(builds: &Builds<'_>) -> Option<Finding> {
    if builds.comparison.counts.first > 0 && builds.comparison.counts.second > 0 {
        return None;
    }
    let message = "no `go` command was seen to compile anything in one of the builds";
    let fix = "let the build find go on PATH, not by an absolute path; see that it does not stop before it compiles";
    Some(RULE.finding("build", message).with_fix(fix))
}

fn no_artifacts(builds: &Builds<'_>) -> Option<Finding> {
    let (first, second) = (&builds.first.manifest, &builds.second.manifest);
    if first.depth == Depth::Plan || !(first.artifacts.is_empty() && second.artifacts.is_empty()) {
        return None;
    }
    let finding = match first.unmatched_artifacts.as_slice() {
        [] => RULE.finding("artifacts", "the build made no executable that goaudit knows of"),
        patterns => RULE.finding("artifacts", format!("no file matches {}", patterns.join(", "))),
    };
    Some(finding.with_fix("name the files with --artifact GLOB, or `build.artifacts` in the policy; or use --depth plan"))
}

fn same_place(builds: &Builds<'_>) -> Option<Finding> {
    let varied = &builds.second.manifest.variations;
    let claims = varied.iter().any(|varied| varied.name == "workdir" && varied.how.is_ok());
    let same = builds.first.manifest.places.root == builds.second.manifest.places.root;
    (claims && same)
        .then(|| RULE.finding("workdir", "both builds ran in one directory, so no path could show"))
}

/// A rebuild that takes outputs from a cache that was not empty compares a build with itself.
fn served(second: &Recording) -> Option<Finding> {
    let own = &second.manifest.places.gocache;
    let foreign = second.builds().find(|invocation| {
        let settings = &invocation.info;
        // What answered in its place is known where each lookup was seen.
        let is_answered = invocation.cache.is_none() && !settings.setting("GOCACHEPROG").is_empty();
        let elsewhere = settings.setting("GOCACHE") != own || is_answered;
        elsewhere && invocation.graph.iter().any(|action| action.action_id.is_some() && !action.ran)
    })?;
    let cache = match foreign.info.setting("GOCACHEPROG") {
        "" => format!("GOCACHE={}", foreign.info.setting("GOCACHE")),
        program => format!("GOCACHEPROG={program}"),
    };
    let message = format!("the second build was served from a cache that was not empty ({cache})");
    Some(
        RULE.finding("second build", message)
            .with_evidence(foreign.info.line())
            .with_fix("let the build leave GOCACHE and GOCACHEPROG to goaudit"),
    )
}
