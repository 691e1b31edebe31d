//! Why two files differ: as text, as JSON.

mod evidence;
mod evidence_json;
mod json;
mod members;
mod text;

use crate::diff::files::FilePair;

pub use evidence::{EvidenceReport, EvidenceSide, render as evidence_text};
pub use evidence_json::render as evidence_json;
pub use json::render as json;
pub(super) use json::{ContentObject, content};
pub(super) use text::inside;
pub use text::render as text;

/// Everything that a report of `goaudit diff` says.
#[derive(Debug)]
pub struct Report {
    /// As the caller named them.
    pub first: String,
    pub second: String,
    pub pair: FilePair,
    /// Whether signatures were left out.
    pub ignores_signature: bool,
}
