//! What a finding is known by from one run to the next.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::finding::Finding;
use crate::report::Report;
use crate::report::source::SourceLine;

/// Returns the fingerprint of each judged finding: 32 hexadecimal digits.
///
/// They are made of the rule, the file, the subject and the text of the line,
/// and not of its number: a finding that only moves stays the same one. Of
/// findings that are alike in all of this, each has one of its own.
pub(super) fn all(report: &Report<'_>) -> Vec<String> {
    let mut alike = BTreeMap::new();
    let of = |finding: &Finding| {
        let identity = identity(report, finding);
        let before = alike.entry(identity.clone()).or_insert(0_u32);
        let hash = Sha256::new().chain_update(identity).chain_update(before.to_be_bytes());
        *before = before.saturating_add(1);
        let hash = hash.finalize();
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    report.verdict.judged.iter().map(|judged| &judged.finding).map(of).collect()
}

fn identity(report: &Report<'_>, finding: &Finding) -> Vec<u8> {
    let place = finding.place.as_ref();
    let line = place.and_then(|place| SourceLine::find(report.sources, place));
    let line = line.map(|line| line.normalized()).unwrap_or_default();
    let path = place.map_or("", |place| place.path.as_str());
    let mut identity = Vec::new();
    for field in [finding.rule, path, &finding.subject, &line] {
        // With its length before it no field can lend a character to the next.
        identity.extend((field.len() as u64).to_be_bytes());
        identity.extend(field.bytes());
    }
    identity
}
