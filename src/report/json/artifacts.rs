//! Artifacts of two builds in `goaudit.report.v1`.

use serde::Serialize;

use crate::diff::artifacts::{ArtifactPair, Outcome as ArtifactOutcome, Side};
use crate::diff::build_ids::BuildIdMeaning;
use crate::report::diff::{ContentObject, content};

#[derive(Serialize)]
pub(super) struct ArtifactObject<'a> {
    path: &'a str,
    first: Option<FileObject<'a>>,
    second: Option<FileObject<'a>>,
    identical: bool,
    build_id: Option<&'static str>,
    differences: Vec<DifferenceObject<'a>>,
    unreadable: &'a [String],
    /// As in `goaudit.diff.v1`; null where the files are equal, or are gone.
    inside: Option<ContentObject<'a>>,
}

#[derive(Serialize)]
struct FileObject<'a> {
    sha256: &'a str,
    bytes: u64,
}

#[derive(Serialize)]
struct DifferenceObject<'a> {
    level: &'static str,
    name: String,
    first: Option<String>,
    second: Option<String>,
    category: Option<&'a str>,
}

pub(super) fn artifact(pair: &ArtifactPair) -> ArtifactObject<'_> {
    fn file(side: &Option<Side>) -> Option<FileObject<'_>> {
        side.as_ref().map(|side| FileObject { sha256: &side.sha256, bytes: side.bytes })
    }
    let mut object = ArtifactObject {
        path: &pair.path,
        first: file(&pair.first),
        second: file(&pair.second),
        identical: pair.outcome == ArtifactOutcome::Identical,
        build_id: None,
        differences: Vec::new(),
        unreadable: &[],
        inside: None,
    };
    if let ArtifactOutcome::Differs(differences) = &pair.outcome {
        if differences.build_id != BuildIdMeaning::Same {
            object.build_id = Some(differences.build_id.sentence());
        }
        let settings = differences.settings.iter().map(|change| DifferenceObject {
            level: "buildinfo",
            name: change.key.to_string(),
            first: change.first.clone(),
            second: change.second.clone(),
            category: None,
        });
        let sections = differences.sections.iter().map(|change| DifferenceObject {
            level: "section",
            name: change.name.clone(),
            first: change.first.map(|bytes| bytes.to_string()),
            second: change.second.map(|bytes| bytes.to_string()),
            category: None,
        });
        object.differences = settings.chain(sections).collect();
        object.unreadable = &differences.unreadable;
        object.inside = differences.inside.as_deref().map(content);
    }
    object
}
