//! What came of undoing a cause, in words.

use crate::diff::experiment::Proof;
use crate::report::text::number;

/// What undoing a cause did.
pub(super) fn sentence(proof: &Proof) -> String {
    match proof {
        Proof::Proven { tried, equal: 0, cleared } => format!(
            "proven: {tried}: gone from {} that showed it; no key differed by it alone",
            number(*cleared, "action")
        ),
        Proof::Proven { tried, equal, .. } => {
            format!("proven: {tried}: {equal} of {} became equal", number(*equal, "key"))
        }
        Proof::Disproved { tried, equal, predicted, remaining } => format!(
            "disproved: {tried}: {equal} of {} became equal; what remains: {}",
            number(*predicted, "key"),
            remaining.join(", ")
        ),
        Proof::NotTried(why) => format!("not tried: {why}"),
    }
}
