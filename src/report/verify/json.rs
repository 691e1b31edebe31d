//! `goaudit.verify.v1`: fields may be added to it, never changed.
//!
//! The structs here are the format; they are copies, so that the model can change.

use serde::Serialize;

use crate::report::verify::{Outcome, Verification};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// `verified`, `differs` or `unknown`.
    verdict: &'static str,
    binary: BinaryObject<'a>,
    /// Null where nothing was built.
    rebuilt: Option<FileObject<'a>>,
    /// For a shell; null where nothing was tried.
    command: Option<&'a str>,
    /// Why there is no rebuild; null where there is one.
    why: Option<&'a str>,
    /// What may help where there is no rebuild.
    fix: Option<&'a str>,
    /// The last lines of what go said where it failed.
    output: Option<&'a str>,
    causes: Vec<CauseObject<'a>>,
    not_recorded: &'a [String],
    inferred: &'a [String],
    differences: Vec<DifferenceObject<'a>>,
    /// What could not be read or compared.
    unreadable: &'a [String],
}

#[derive(Serialize)]
struct BinaryObject<'a> {
    path: String,
    sha256: &'a str,
    bytes: u64,
    package: &'a str,
    version: &'a str,
    go_version: &'a str,
    target: &'a str,
}

#[derive(Serialize)]
struct FileObject<'a> {
    sha256: &'a str,
    bytes: u64,
}

#[derive(Serialize)]
struct CauseObject<'a> {
    name: &'static str,
    what: &'a str,
    fix: Option<&'a str>,
}

#[derive(Serialize)]
struct DifferenceObject<'a> {
    /// `buildinfo` or `section`.
    level: &'static str,
    name: String,
    /// Of build info its text, of a section its size; null where one has none.
    first: Option<Value<'a>>,
    second: Option<Value<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(&'a str),
    Bytes(u64),
}

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &Verification) -> String {
    let (mut causes, mut differences, mut unreadable) = (Vec::new(), Vec::new(), [].as_slice());
    let (mut because, mut mend, mut said) = (None, None, None);
    match &report.outcome {
        Outcome::Verified => {}
        Outcome::Differs(mismatch) => {
            let found = &mismatch.differences;
            causes = mismatch
                .causes
                .iter()
                .map(|cause| CauseObject {
                    name: cause.name,
                    what: &cause.what,
                    fix: cause.fix.as_deref(),
                })
                .collect();

            differences.extend(found.settings.iter().map(|change| DifferenceObject {
                level: "buildinfo",
                name: change.key.to_string(),
                first: change.first.as_deref().map(Value::Text),
                second: change.second.as_deref().map(Value::Text),
            }));
            differences.extend(found.sections.iter().map(|change| DifferenceObject {
                level: "section",
                name: change.name.clone(),
                first: change.first.map(Value::Bytes),
                second: change.second.map(Value::Bytes),
            }));
            unreadable = &found.unreadable;
        }
        Outcome::Unknown { why, fix, output } => {
            because = Some(why.as_str());
            mend = fix.as_deref();
            said = Some(output.as_str()).filter(|output| !output.is_empty());
        }
    }
    let document = Document {
        schema: "goaudit.verify.v1",
        verdict: report.verdict(),
        binary: BinaryObject {
            path: report.path.to_string_lossy().into_owned(),
            sha256: &report.binary.sha256,
            bytes: report.binary.bytes,
            package: &report.package,
            version: &report.version,
            go_version: &report.go_version,
            target: &report.target,
        },
        rebuilt: report
            .rebuilt
            .as_ref()
            .map(|file| FileObject { sha256: &file.sha256, bytes: file.bytes }),
        command: Some(report.command.as_str()).filter(|command| !command.is_empty()),
        why: because,
        fix: mend,
        output: said,
        causes,
        not_recorded: &report.not_recorded,
        inferred: &report.inferred,
        differences,
        unreadable,
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
