//! In which order to undo causes.

use crate::diff::Comparison;

/// One cause to undo after those before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanStep {
    /// Index into [`Comparison::causes`].
    pub cause: usize,
    /// Actions that have no other cause left.
    pub actions: usize,
    /// CPU seconds of these, where an action graph says it.
    pub cpu_seconds: Option<f64>,
}

/// Returns the causes in the order that frees the most with each step: an action is free when none
/// of its causes is left. Ties go to the heavier cause.
#[must_use]
pub fn greedy(comparison: &Comparison) -> Vec<PlanStep> {
    let mut left: Vec<(Vec<usize>, Option<f64>)> = comparison
        .actions
        .iter()
        .filter(|row| !row.causes.is_empty())
        .map(|row| (row.causes.clone(), row.cpu_seconds()))
        .collect();
    let mut steps: Vec<PlanStep> = Vec::new();
    let mut waiting: Vec<usize> = (0..comparison.causes.len()).collect();
    while !waiting.is_empty() {
        let mut gains: Vec<PlanStep> = waiting
            .iter()
            .map(|&cause| PlanStep { cause, actions: 0, cpu_seconds: None })
            .collect();
        for (causes, cpu) in &left {
            let [only] = causes.as_slice() else { continue };
            if let Some(gain) = gains.iter_mut().find(|gain| gain.cause == *only) {
                gain.actions += 1;
                if let Some(cpu) = cpu {
                    *gain.cpu_seconds.get_or_insert(0.0) += cpu;
                }
            }
        }
        gains.sort_by(|one, other| {
            let cpu = |gain: &PlanStep| gain.cpu_seconds.unwrap_or_default();
            cpu(other)
                .total_cmp(&cpu(one))
                .then(other.actions.cmp(&one.actions))
                .then(one.cause.cmp(&other.cause))
        });
        let Some(&best) = gains.first() else { break };
        for (causes, _) in &mut left {
            causes.retain(|&cause| cause != best.cause);
        }
        left.retain(|(causes, _)| !causes.is_empty());
        waiting.retain(|&cause| cause != best.cause);
        steps.push(best);
    }
    steps
}
