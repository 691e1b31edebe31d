//! What the second build had to do that the cache of the first would have spared it.

use crate::diff::Comparison;
use crate::diff::category::Category;
use crate::diff::rows::{ActionRow, Outcome};

/// Actions of the second build that the first one's cache does not serve, or did not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Misses {
    pub actions: usize,
    /// `None` where no action graph says what they cost.
    pub cpu_seconds: Option<f64>,
    /// Causes of these.
    pub causes: usize,
}

/// Counts misses, without those that have no cause but allowed ones.
#[must_use]
pub fn count(comparison: &Comparison, allowed: &[Category]) -> Misses {
    let counts = |cause: &usize| !allowed.contains(&comparison.causes[*cause].category);
    let missed = |row: &&ActionRow| match row.outcome {
        Outcome::Miss | Outcome::ChangedButFound | Outcome::Changed => {
            row.causes.is_empty() || row.causes.iter().any(counts)
        }
        // The cache of the first would have served these; that it did not is what this cause says.
        Outcome::RanWithEqualKey => row.causes.iter().any(|cause| {
            comparison.causes[*cause].category == Category::CacheState && counts(cause)
        }),
        Outcome::OnlySecond => true,
        Outcome::Hit | Outcome::Same | Outcome::OnlyFirst => false,
    };
    let rows: Vec<&ActionRow> = comparison.actions.iter().filter(missed).collect();
    // Where nothing was missed, that cost nothing, whatever else is not known.
    let free = rows.is_empty().then_some(0.0);
    Misses {
        actions: rows.len(),
        cpu_seconds: rows
            .iter()
            .filter_map(|row| row.cpu_seconds())
            .reduce(|sum, cpu| sum + cpu)
            .or(free),
        causes: (0..comparison.causes.len()).filter(counts).count(),
    }
}
