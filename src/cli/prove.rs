//! `--prove`: undoes one cause after the other, plans again, and says what that did.

use std::env;
use std::path::PathBuf;

use crate::capture::check::Watch as _;
use crate::capture::interrupt::Interrupt;
use crate::capture::plan::Planner;
use crate::capture::{CaptureError, Effect};
use crate::cli::progress::Progress;
use crate::cli::{Error, files};
use crate::diff::category::Category;
use crate::diff::experiment::{self, Commands, Proof, Undo, move_to};
use crate::diff::{self, Comparison};
use crate::golang::inputs::Inputs;
use crate::recording::{Invocation, Recording};

/// What a proof works with.
pub(super) struct Prover<'a> {
    pub(super) planner: Planner<'a>,
    pub(super) progress: &'a mut Progress,
    /// Whether the trees are the owner's, which nobody may write to.
    pub(super) spares: bool,
    /// What each variation did that the second build was under; empty for builds that were recorded.
    pub(super) effects: &'a [Effect],
}

/// Why there is no plan: a reason to report, or one to stop.
enum NoPlan {
    Because(String),
    Stop(Error),
}

impl From<CaptureError> for NoPlan {
    fn from(err: CaptureError) -> Self {
        match err {
            CaptureError::Interrupted => Self::Stop(err.into()),
            CaptureError::Plan { command, output, .. } => {
                let said = output.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
                Self::Because(format!("`{command}` has no plan: {}", said.unwrap_or_default()))
            }
            err => Self::Because(err.to_string()),
        }
    }
}

/// The commands that can be planned again.
fn commands(recording: &Recording) -> Commands {
    let ended_well = |invocation: &&Invocation| invocation.info.exit_code == Some(0);
    let mut commands = Vec::new();
    for invocation in recording.builds().filter(ended_well) {
        let known = |info: &crate::recording::InvocationInfo| {
            (&info.args, &info.dir, &info.settings)
                == (&invocation.info.args, &invocation.info.dir, &invocation.info.settings)
        };
        if !commands.iter().any(known) {
            commands.push(invocation.info.clone());
        }
    }
    Commands { commands, places: recording.manifest.places.clone() }
}

/// Proves what two recorded builds differ by, where they were recorded.
pub(super) fn recorded(
    comparison: &mut Comparison,
    first: &Recording,
    second: &Recording,
    quiet: bool,
) -> Result<(), Error> {
    let interrupt =
        Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
    let planner = Planner::new(&env::temp_dir(), &interrupt)?;
    let mut progress = Progress::new(quiet);
    let mut prover = Prover { planner, progress: &mut progress, spares: true, effects: &[] };
    let proven = prover.prove(comparison, first, second);
    progress.finish();
    proven
}

impl Prover<'_> {
    /// Tries every cause of a comparison, and writes into it what came of that.
    ///
    /// # Errors
    ///
    /// Fails when interrupted, and when a plan that was made cannot be read.
    pub(super) fn prove(
        &mut self,
        comparison: &mut Comparison,
        first: &Recording,
        second: &Recording,
    ) -> Result<(), Error> {
        if comparison.causes.is_empty() {
            return Ok(());
        }
        let (first, second) = (commands(first), commands(second));
        let mut inputs = Inputs::default();
        let base = self.base(&first, &second, &mut inputs);
        let (one, before) = match base {
            Ok(base) => base,
            Err(NoPlan::Stop(err)) => return Err(err),
            Err(NoPlan::Because(why)) => {
                for cause in &mut comparison.causes {
                    cause.proof = Some(Proof::NotTried(why.clone()));
                }
                return Ok(());
            }
        };
        for index in 0..comparison.causes.len() {
            let cause = &comparison.causes[index];
            self.progress.phase(&format!("undo {}", cause.name()));
            let proof = match self.undo(cause, &before, (&first, &second), &mut inputs) {
                Ok(proof) => proof,
                Err(NoPlan::Because(why)) => Proof::NotTried(why),
                Err(NoPlan::Stop(err)) => return Err(err),
            };
            comparison.causes[index].proof = Some(proof);
        }
        if !self.effects.is_empty() {
            self.vary(comparison, &one, (&first, &second), &mut inputs)?;
        }
        Ok(())
    }

    /// Plans both builds as they are.
    fn base(
        &mut self,
        first: &Commands,
        second: &Commands,
        inputs: &mut Inputs,
    ) -> Result<(Recording, Comparison), NoPlan> {
        if first.commands.is_empty() || second.commands.is_empty() {
            let why = "no go command is recorded that built and ended well";
            return Err(NoPlan::Because(why.to_owned()));
        }
        self.progress.phase("plan both builds");
        let one = self.plan(first, None, inputs)?;
        let other = self.plan(second, None, inputs)?;
        let before = diff::compare(&one, &other, inputs);
        Ok((one, before))
    }

    fn plan(
        &mut self,
        commands: &Commands,
        effect: Option<&Effect>,
        inputs: &mut Inputs,
    ) -> Result<Recording, NoPlan> {
        let file: PathBuf =
            self.planner.replan(&commands.commands, &commands.places, effect, self.spares)?;
        files::read_recording(&file, inputs).map_err(NoPlan::Stop)
    }

    fn undo(
        &mut self,
        cause: &diff::cause::Cause,
        before: &Comparison,
        (first, second): (&Commands, &Commands),
        inputs: &mut Inputs,
    ) -> Result<Proof, NoPlan> {
        let undo = Undo::of(cause).map_err(|why| NoPlan::Because(why.to_owned()))?;
        let tried = undo.words(first, second);
        // Without a difference to undo there is nothing to plan for.
        if !before.causes.iter().any(|other| other.is_same(cause)) {
            return Ok(experiment::judge(cause, before, before, tried));
        }
        let (one, other) = undo.apply(first, second).map_err(NoPlan::Because)?;
        let with = |err| match err {
            NoPlan::Because(why) => NoPlan::Because(format!("{tried}: {why}")),
            stop @ NoPlan::Stop(_) => stop,
        };
        let one = self.plan(&one, None, inputs).map_err(with)?;
        let other = self.plan(&other, None, inputs).map_err(with)?;
        let after = diff::compare(&one, &other, inputs);
        Ok(experiment::judge(cause, before, &after, tried))
    }

    /// Plans the first build under one variation at a time.
    fn vary(
        &mut self,
        comparison: &mut Comparison,
        one: &Recording,
        (first, second): (&Commands, &Commands),
        inputs: &mut Inputs,
    ) -> Result<(), Error> {
        // These two changed the tree itself, which the plan of `workdir` reads, too.
        let of_the_tree = ["vcs", "shallow"];
        let tree_is_other = self.effects.iter().any(|e| of_the_tree.contains(&e.name.as_str()));
        let mut all_planned = true;
        let mut shown: Vec<Vec<String>> = vec![Vec::new(); comparison.causes.len()];
        for effect in self.effects {
            let mut commands = first.clone();
            let is_of_tree = of_the_tree.contains(&effect.name.as_str());
            match effect.name.as_str() {
                "workdir" | "vcs" | "shallow" => move_to(&mut commands, &second.places),
                "toolchain" => {
                    for (command, other) in commands.commands.iter_mut().zip(&second.commands) {
                        for name in ["GOROOT", "GOVERSION"] {
                            command
                                .settings
                                .insert(name.to_owned(), other.setting(name).to_owned());
                        }
                    }
                }
                _ => {}
            }
            self.progress.phase(&format!("vary {} alone", effect.name));
            let varied = match self.plan(&commands, Some(effect), inputs) {
                Ok(varied) => diff::compare(one, &varied, inputs),
                Err(NoPlan::Because(_)) => {
                    all_planned = false;
                    continue;
                }
                Err(NoPlan::Stop(err)) => return Err(err),
            };
            for (cause, shown) in comparison.causes.iter().zip(&mut shown) {
                let is_stamp = cause.category == Category::VcsStamp;
                if tree_is_other && is_stamp != is_of_tree && (is_stamp || is_of_tree) {
                    continue;
                }
                if varied.causes.iter().any(|other| other.is_same(cause)) {
                    shown.push(effect.name.clone());
                }
            }
        }
        for (cause, shown) in comparison.causes.iter_mut().zip(shown) {
            // Where one could not be planned, that none shows it is not known.
            cause.variations = Some(shown).filter(|shown| all_planned || !shown.is_empty());
        }
        Ok(())
    }
}
