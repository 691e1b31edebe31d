//! In which order to undo causes.

use std::cmp::Ordering;

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

/// Steps of a plan. Nobody follows more, and each takes a look at every action.
const STEPS: usize = 20;

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
    let mut is_undone = vec![false; comparison.causes.len()];
    while steps.len() < comparison.causes.len().min(STEPS) {
        let mut gains: Vec<PlanStep> = (0..comparison.causes.len())
            .map(|cause| PlanStep { cause, actions: 0, cpu_seconds: None })
            .collect();
        for (causes, cpu) in &left {
            let [only] = causes.as_slice() else { continue };
            let gain = &mut gains[*only];
            gain.actions += 1;
            if let Some(cpu) = cpu {
                *gain.cpu_seconds.get_or_insert(0.0) += cpu;
            }
        }
        let waiting = gains.into_iter().filter(|gain| !is_undone[gain.cause]);
        let Some(best) = waiting.min_by(better) else { break };
        is_undone[best.cause] = true;
        for (causes, _) in &mut left {
            causes.retain(|&cause| cause != best.cause);
        }
        left.retain(|(causes, _)| !causes.is_empty());
        steps.push(best);
    }
    steps
}

fn better(one: &PlanStep, other: &PlanStep) -> Ordering {
    let cpu = |gain: &PlanStep| gain.cpu_seconds.unwrap_or_default();
    cpu(other)
        .total_cmp(&cpu(one))
        .then(other.actions.cmp(&one.actions))
        .then(one.cause.cmp(&other.cause))
}
