#![doc = include_str!("not_reproducible.md")]

use super::{Builds, Check, Rule};
use crate::diff::artifacts::{ArtifactPair, Differences, Outcome};
use crate::diff::executable::Cause;
use crate::diff::files::Outcome as FileOutcome;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "not-reproducible",
    summary: "an artifact differs between the two builds",
    explanation: include_str!("not_reproducible.md"),
    level: Level::Error,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    builds.comparison.artifacts.iter().filter_map(|pair| finding(builds, pair)).collect()
}

fn finding(builds: &Builds<'_>, pair: &ArtifactPair) -> Option<Finding> {
    let finding = match &pair.outcome {
        Outcome::Identical => return None,
        Outcome::OnlyFirst => RULE.finding(&pair.path, "only the first build made it"),
        Outcome::OnlySecond => RULE.finding(&pair.path, "only the second build made it"),
        Outcome::Differs(differences) => {
            let sentence = differences.build_id.sentence().trim_end_matches('.');
            let mut finding = RULE.finding(
                &pair.path,
                format!("the two builds gave different bytes: {}", lower(sentence)),
            );
            for change in &differences.settings {
                let side =
                    |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
                finding = finding.with_evidence(format!(
                    "{}: {} → {}",
                    change.key,
                    side(&change.first),
                    side(&change.second)
                ));
            }
            let inside = inside(differences);
            let sections: Vec<&str> =
                differences.sections.iter().map(|change| change.name.as_str()).collect();
            if inside.is_empty() && !sections.is_empty() {
                finding =
                    finding.with_evidence(format!("sections that differ: {}", sections.join(" ")));
            }
            finding = inside.into_iter().fold(finding, Finding::with_evidence);
            differences.unreadable.iter().fold(finding, |finding, note| finding.with_evidence(note))
        }
    };
    let causes = unique(causes_of(builds, &pair.path));
    Some(match causes.is_empty() {
        true => finding,
        false => finding.with_fix(format!("mend what reaches it: {}", causes.join(", "))),
    })
}

/// What the bytes of the files say of why they differ, a line each. The build info is there by itself.
fn inside(differences: &Differences) -> Vec<String> {
    let Some(pair) = &differences.inside else { return Vec::new() };
    let of_settings = |cause: &Cause| {
        let keys = differences.settings.iter().map(|change| change.key.to_string());
        let mut keys = keys.map(|key| key.trim_start_matches("build ").to_owned());
        keys.any(|key| cause.title.starts_with(&format!("{key}: ")))
    };
    let causes = pair.causes().into_iter().map(|shared| shared.cause);
    let mut lines: Vec<String> = causes
        .filter(|cause| !of_settings(cause))
        .map(|cause| match (&cause.first, &cause.second) {
            (Some(first), Some(second)) if !cause.title.contains(" → ") => {
                format!("{}: \"{first}\" → \"{second}\"", cause.title)
            }
            _ => cause.title.clone(),
        })
        .collect();
    if let FileOutcome::Executable(diff) = &pair.outcome {
        let (bytes, functions) = (&diff.bytes, &diff.functions);
        lines.push(format!(
            "{} of {} differing bytes explained; {} functions changed, {} are the same",
            bytes.explained,
            bytes.differing,
            functions.changed + functions.only_first + functions.only_second,
            functions.identical + functions.moved
        ));
    }
    lines
}

/// Returns the categories of the causes that reach the link of an artifact. An artifact that is no
/// executable names no link, and then nothing is claimed.
fn causes_of<'b>(builds: &'b Builds<'_>, path: &str) -> Vec<&'b str> {
    let artifact = builds.second.manifest.artifacts.iter().find(|artifact| artifact.path == path);
    let build_id = artifact.and_then(|artifact| artifact.object.as_ref().ok()?.build_id);
    let Some(link) = build_id.map(|id| id.action_id()) else { return Vec::new() };
    let causes = builds.comparison.causes.iter().filter(|cause| cause.links.contains(&link));
    causes.map(|cause| cause.category.name()).collect()
}

fn unique(mut names: Vec<&str>) -> Vec<&str> {
    let mut seen = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name);
        is_new
    });
    names
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
