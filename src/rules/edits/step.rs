//! Steps as blocks of lines that can be moved, their comments with them.

use super::block::Block;
use super::edit;
use crate::config::Repository;
use crate::config::pipeline::{Job, Step, StepKind};
use crate::finding::{Edit, Safety};

/// Moves the checkout of a job before the first step that looks for files of the repository.
///
/// All findings that ask for it get the same edits, so that it is moved once.
pub(in crate::rules) fn checkout_before(
    repository: &Repository,
    job: &Job,
    step: &Step,
) -> Option<Vec<Edit>> {
    let is_own = |step: &&Step| match &step.kind {
        StepKind::Checkout(checkout) => checkout.path.is_none() && !checkout.is_other,
        _ => false,
    };
    let asked = job.steps.iter().position(|other| std::ptr::eq(other, step))?;
    let checkout_at = job.steps.iter().position(|step| is_own(&step))?;
    let looks = |step: &&Step| matches!(step.kind, StepKind::SetupGo(_) | StepKind::Cache(_));
    let target_at = job.steps.iter().position(|step| looks(&step))?;
    let (target, checkout) = (job.steps.get(target_at)?, job.steps.get(checkout_at)?);
    let passed = job.steps.get(target_at..checkout_at)?;
    let is_here = |step: &Step| step.place.path == checkout.place.path;
    if target_at > asked || asked >= checkout_at || checkout.is_conditional {
        return None;
    }
    if !passed.iter().all(is_here) {
        return None;
    }
    let mut safety = Safety::Safe;
    for step in passed {
        match &step.kind {
            StepKind::SetupGo(_) | StepKind::Cache(_) => {}
            // It may say how the checkout is done.
            StepKind::Script { text } if text.contains("git") => return None,
            _ => safety = Safety::Unsafe,
        }
    }
    moved(&Block::of(repository, &target.place)?, &Block::of(repository, &checkout.place)?, safety)
}

/// Moves a step before one that comes earlier in the same list.
fn moved(target: &Block<'_>, step: &Block<'_>, safety: Safety) -> Option<Vec<Edit>> {
    let source = &step.source;
    let dash = step.dash().filter(|dash| target.dash() == Some(*dash))?;
    let (to, from) = (with_comments(target, dash), with_comments(step, dash));
    let between = source.lines.within(to..from);
    let is_left = between.clone().any(|line| !line.is_blank() && line.indent() < dash);
    let last = from - between.rev().take_while(|line| line.is_blank()).count();
    let start = source.lines.get(from)?.start;
    let end = source.behind(step.end.checked_sub(1)?)?;
    let text = source.text.get(start..end)?;
    // Outputs of a step come after it, and so does an alias after its anchor.
    let is_bound = ["steps.", "<<:", ": *", ": &", "- *", "- &", "env."];
    if is_left || to >= from || is_bound.iter().any(|word| text.contains(word)) {
        return None;
    }
    let gap_start = source.lines.get(last)?.start;
    let gap = source.text.get(gap_start..start)?;
    let at = source.lines.get(to)?.start;
    // The last line of a file may have no end: what comes before it loses its own.
    let (gap_start, line_end) = match text.ends_with('\n') {
        true => (gap_start, ""),
        false => (source.lines.get(last.checked_sub(1)?)?.end(), source.line_end()),
    };
    Some(vec![
        edit(source.path, at..at, format!("{text}{line_end}{gap}"), safety),
        edit(source.path, gap_start..end, "", safety),
    ])
}

/// The first line of the comments that stand right above an item.
fn with_comments(step: &Block<'_>, dash: usize) -> usize {
    let above = step.source.lines.within(0..step.first);
    let comments = above.rev().take_while(|l| l.is_comment() && l.indent() == dash).count();
    step.first - comments
}
