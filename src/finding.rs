//! What a rule says: one fact, what it is about, where to look, and how to mend it.

use serde::{Deserialize, Serialize};

use crate::units::{ColumnNumber, LineNumber};

/// What a policy makes of a finding; also what a rule proposes before a policy has its say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Off,
    /// Reported; nothing needs to be done.
    Note,
    /// Reported; the policy is kept all the same.
    Warning,
    /// The policy is broken.
    Error,
}

/// One fact that a rule established.
///
/// It holds data only: no colour, no width, no level. The policy decides
/// whether it matters, a renderer decides how it looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Id of the rule, such as `missing-trimpath`.
    pub rule: &'static str,
    /// Findings of one rule are sorted by it: the next one is further down.
    pub place: Option<Place>,
    /// What the finding is about: a package, an artifact, a command, a CI step.
    /// `allow` and `ignore` of a policy match against it.
    pub subject: String,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Lines to look at, verbatim from what was read.
    pub evidence: Vec<String>,
    /// What to do, as a command or an instruction.
    pub fix: Option<String>,
    /// The same as changes to files, where it can be told: all of them together, or none.
    pub edits: Vec<Edit>,
}

/// A change to a file of the audited repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Relative to the audited root, with `/`.
    pub path: String,
    /// Bytes of the file that are replaced; none where `start` is `end`.
    pub start: usize,
    pub end: usize,
    pub replacement: String,
    pub safety: Safety,
}

/// Whether a change may be made without being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// It does what the author meant, and nothing else.
    Safe,
    /// It does what the finding asks for, and its author may have meant something else.
    Unsafe,
}

/// A place in a file of the audited repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Relative to the audited root, with `/`.
    pub path: String,
    /// `None` when the finding is about the whole file.
    pub at: Option<(LineNumber, ColumnNumber)>,
}
