//! What a rule about a cache reads.

use super::Rule;
use crate::cache::{Advice, Inventory};
use crate::finding::Finding;

/// A cache, what is to be done about it, and how large it may be.
#[derive(Debug)]
pub struct Cache {
    pub inventory: Inventory,
    pub advice: Vec<Advice>,
    /// Bytes.
    pub budget: u64,
}

/// Each advice of a rule's name is a finding of that rule.
pub(super) fn advised(rule: &Rule, cache: &Cache) -> Vec<Finding> {
    let advice = cache.advice.iter().filter(|advice| advice.id == rule.id);
    advice
        .map(|advice| {
            let finding = rule.finding(&advice.subject, &advice.what).with_fix(&advice.fix);
            let finding = advice.place.iter().cloned().fold(finding, Finding::at);
            advice.line.iter().fold(finding, Finding::with_evidence)
        })
        .collect()
}
