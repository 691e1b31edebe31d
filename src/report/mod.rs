//! Reports: a verdict and a comparison as text. Data in, text out; no I/O, no clock.

pub mod cache;
pub mod diff;
mod fingerprint;
pub mod formats;
pub mod graph;
pub mod html;
pub mod json;
pub mod markdown;
mod not_examined;
mod not_known;
mod page;
mod proof;
pub mod reuse;
mod source;
pub mod text;
pub mod verify;

pub use not_known::gaps;

use crate::config::SourceFile;
use crate::diff::Comparison;
use crate::ledger;
use crate::policy::Verdict;
use crate::recording::Recording;
use crate::rules::NotResolved;

/// Everything that a report of an audit says.
#[derive(Debug)]
pub struct Report<'a> {
    /// What the policy is called.
    pub policy: String,
    /// The files that were read, sorted by path.
    pub sources: &'a [SourceFile],
    /// Where the audited root is below the top of its repository, with `/`; empty at the top.
    pub below: String,
    /// What was asked for and not looked at, one sentence each.
    pub left_out: Vec<String>,
    /// What in the files could not be told, by place.
    pub not_resolved: Vec<NotResolved>,
    pub depth: Depth,
    pub verdict: Verdict,
    /// `None` where nothing was built or planned.
    pub comparison: Option<Comparison>,
    pub recordings: Option<(&'a Recording, &'a Recording)>,
    /// What was taken from a ledger; `None` where there is none.
    pub ledger: Option<ledger::Summary>,
}

/// How far an audit went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Text,
    Plan,
    Build,
}
