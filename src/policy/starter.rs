//! The first policy of a project, with what was found in it.

use std::fmt::Write as _;

use super::check::NEVER_IGNORED;
use super::problem::quoted;
use crate::finding::Finding;

/// What is known of a project that has no policy yet.
#[derive(Debug, Default)]
pub struct Project {
    /// The policy to build on.
    pub extends: String,
    /// The command that builds it, and where that was seen.
    pub command: Option<(Vec<String>, String)>,
    /// Whether GoReleaser packs it.
    pub has_goreleaser: bool,
    /// What the files of the project show already.
    pub findings: Vec<Finding>,
}

/// Findings that are listed.
const FINDINGS: usize = 20;

/// Writes the policy. It judges as the one that it builds on does, and says how to change that.
#[must_use]
pub fn starter(project: &Project) -> String {
    let mut text = format!(
        "# What goaudit holds this project against: `goaudit lint` reads its CI files, `goaudit check`\n\
         # builds it twice. `goaudit rules` lists the rules, `goaudit rules RULE` explains one.\n\
         # `goaudit schema` prints the JSON Schema of this file, for editors.\n\n\
         # default: refuses what is certainly wrong. ci: whatever makes a cache miss is an error.\n\
         # release: whatever touches the bytes of an artifact is. pedantic: both.\n\
         extends: {}\n\n",
        project.extends
    );
    text.push_str(&build(project));
    text.push_str(
        "# What the rebuild makes different, beyond what a well-made build withstands anyway.\n\
         # `goaudit check --list-variations` lists them.\n\
         # vary: [+shallow, -umask]\n\n",
    );
    text.push_str(
        "# The level of a rule, where it is to be another one: off, note, warning, error. What a rule may\n\
         # find without breaking anything is in `allow`.\n\
         # rules:\n\
         #   cgo-enabled: {level: error, allow: [\"runtime/cgo\", \"net\", \"os/user\"]}\n\n",
    );
    text.push_str(&exceptions(project));
    text
}

fn build(project: &Project) -> String {
    let mut text =
        String::from("# What `goaudit check` builds, and the files that the build is for.\n");
    match &project.command {
        Some((command, seen)) => {
            let words: Vec<String> = command.iter().map(|word| scalar(word)).collect();
            let _ = write!(
                text,
                "build:\n  # {seen}. Without this line it is `go build` of every main package.\n  command: [{}]\n  # artifacts: [\"dist/*\"]\n",
                words.join(", ")
            );
        }
        None => text.push_str(
            "# Without it that is `go build` of every main package.\n\
             # build:\n#   command: [make, release]\n#   artifacts: [\"dist/*\"]\n",
        ),
    }
    if project.has_goreleaser {
        text.push_str(
            "# A release is packed by GoReleaser. To hold that build against a policy:\n\
             #   goaudit check --policy release -- goreleaser build --snapshot --clean\n",
        );
    }
    text.push('\n');
    text
}

fn exceptions(project: &Project) -> String {
    let mut text = String::from(
        "# Findings that are let pass, each for a reason, and best for a time. A comment in the file does\n\
         # the same: # goaudit: ignore[RULE] REASON\n",
    );
    let excepted = |finding: &&Finding| !NEVER_IGNORED.contains(&finding.rule);
    let example = project.findings.iter().find(excepted);
    let (rule, location) = match example {
        // By its line it would be another one after the next edit.
        Some(finding) => {
            (finding.rule, finding.place.as_ref().map_or(&finding.subject, |it| &it.path).clone())
        }
        None => ("cgo-enabled", "example.com/app/internal/sqlite".to_owned()),
    };
    let _ = write!(
        text,
        "# ignore:\n#   - rule: {rule}\n#     where: {}\n#     reason: why it is right here\n#     until: 2027-06-30\n",
        scalar(&location)
    );
    if !project.findings.is_empty() {
        text.push_str("\n# What `goaudit lint` finds today:\n");
        for finding in project.findings.iter().take(FINDINGS) {
            let place = quoted(&place(finding));
            let _ = writeln!(text, "#   {} at {}", finding.rule, place.trim_matches('`'));
        }
        if project.findings.len() > FINDINGS {
            let more = project.findings.len().saturating_sub(FINDINGS);
            let _ = writeln!(text, "#   and {more} more");
        }
    }
    text
}

fn place(finding: &Finding) -> String {
    match &finding.place {
        Some(place) => match place.at {
            Some((line, _)) => format!("{}:{line}", place.path),
            None => place.path.clone(),
        },
        None => finding.subject.clone(),
    }
}

/// A text as YAML and JSON both read it.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let starts_plain = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_plain && text.chars().all(is_plain) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}
