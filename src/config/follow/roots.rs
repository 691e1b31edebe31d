//! Where following starts: the steps of pipelines, and the files that nothing calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::directory::join;
use super::{Follow, Followed, Frame, State, Var};
use crate::config::go_command::{Context, StepAt};
use crate::config::kinds::base;
use crate::config::pipeline::{Job, Os, Pipeline, Run, Step, StepKind};
use crate::config::template::{self, segments};
use crate::config::text::{Piece, Spot, Text};
use crate::config::{Repository, dockerfile, goreleaser};
use crate::finding::Place;

/// Follows everything that the files of a repository run.
pub(in crate::config) fn follow(repository: &Repository) -> Followed {
    let mut follow = Follow::new(&repository.files);
    for (index, pipeline) in repository.pipelines().iter().enumerate() {
        follow.pipeline(index, pipeline);
    }
    for file in &repository.files {
        if is_of_others(&file.path) {
            continue;
        }
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if dockerfile::is_dockerfile(name) {
            follow.dockerfile(&file.path);
        } else if goreleaser::is_goreleaser(name) {
            follow.root();
            follow.goreleaser(&file.path, &file.text);
        }
    }
    for file in &repository.files {
        if is_of_others(&file.path) {
            continue;
        }
        if is_makefile(&file.path) {
            let frame = Frame::new(Context::MakeTarget, "");
            follow.unreached_targets(&file.path, &frame);
        }
        follow.unreached_tasks(&file.path);
        follow.unreached_recipes(&file.path);
    }
    for (index, command) in follow.found.go.iter().enumerate() {
        if let Some(step) = command.at.step {
            let own = follow.found.of_jobs.entry((step.pipeline, step.job)).or_default();
            own.push(index);
        }
    }
    follow.found
}

/// What is copied from other projects, or made for tests, says nothing of this one.
pub(in crate::config) fn is_of_others(path: &str) -> bool {
    let mut folders = path.split('/');
    folders.next_back();
    folders.any(|folder| {
        matches!(folder, "vendor" | "node_modules" | "testdata" | "third_party" | ".bingo")
    })
}

/// A makefile that make finds by itself; one of another name is for others to name.
fn is_makefile(path: &str) -> bool {
    matches!(base(path), "Makefile" | "makefile" | "GNUmakefile")
}

impl Follow<'_> {
    fn pipeline(&mut self, index: usize, pipeline: &Pipeline) {
        for (job_index, job) in pipeline.jobs.iter().enumerate() {
            // What `go env -w` sets lasts as long as the job.
            let mut kept = BTreeMap::new();
            for (step_index, step) in job.steps.iter().enumerate() {
                let StepKind::Script { text } = &step.kind else { continue };
                if text.is_empty() || !is_posix(job, &step.run) {
                    continue;
                }
                self.root();
                let at = StepAt { pipeline: index, job: job_index, step: step_index };
                let is_guess = step.run.shell.is_none() && job.runner.os.is_none();
                self.step(job, step, text, at, is_guess, &mut kept);
            }
        }
    }

    fn step(
        &mut self,
        job: &Job,
        step: &Step,
        text: &str,
        at: StepAt,
        is_guess: bool,
        kept: &mut BTreeMap<String, Var>,
    ) {
        let script = source(step, text);
        let Some(spot) = script.spot().cloned() else { return };
        let mut state = State { vars: kept.clone(), ..State::default() };
        // A step of GitHub has all of it; elsewhere the job has what the files set.
        for (name, value) in job.env.iter().chain(&step.run.env) {
            let var = Var { value: vec![of_value(value, &spot)], is_exported: true };
            state.vars.insert(name.to_ascii_uppercase(), var);
        }
        let known = state.vars.clone();
        state.dir = match &step.run.dir {
            None => Some(String::new()),
            Some(dir) => plain(dir)
                .and_then(|dir| join("", dir.trim_start_matches("${{ github.workspace }}/"))),
        };
        let mut frame = Frame::new(Context::CiStep, step.subject.clone());
        frame.step = Some(at);
        frame.is_guess = is_guess;
        let before = self.found.go.len();
        self.text(&script, &mut state, &frame);
        // Only what `go env -w` wrote outlives the step.
        let writes = self.found.go.iter().skip(before).filter(|command| command.verb() == "env");
        let names: Vec<String> = writes
            .flat_map(|command| {
                command
                    .command
                    .packages
                    .iter()
                    .chain(command.command.flags.iter().filter_map(|flag| flag.value.as_ref()))
            })
            .filter_map(|word| word.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        for name in names {
            if let Some(var) = state.vars.get(&name).filter(|_| !known.contains_key(&name)) {
                kept.insert(name, var.clone());
            }
        }
    }

    /// The scripts of GoReleaser's hooks are shell lines of the repository.
    pub(super) fn run_line(&mut self, line: &Text, frame: &Frame, dir: &str) {
        let mut state = State { dir: Some(dir.to_owned()), ..State::default() };
        self.text(line, &mut state, frame);
    }

    pub(super) fn dockerfile(&mut self, path: &str) {
        let Some(text) = self.file(path) else { return };
        self.root();
        match dockerfile::parse(path, text) {
            Ok(file) => {
                self.follow_dockerfile(&file);
            }
            Err(error) => self.unread(&error),
        }
    }
}

/// Whether a script is for a POSIX shell, as far as can be told.
fn is_posix(job: &Job, run: &Run) -> bool {
    match &run.shell {
        Some(shell) => plain(shell).is_some_and(|shell| {
            let name = shell.split_whitespace().next().unwrap_or_default();
            matches!(name.rsplit('/').next(), Some("bash" | "sh" | "zsh" | "dash"))
        }),
        // On Windows a step without a shell is for PowerShell.
        None => !job.runner.os.as_ref().is_some_and(|os| os.iter().all(|os| *os == Os::Windows)),
    }
}

fn plain(value: &template::Value) -> Option<String> {
    value.iter().map(|part| part.is_literal.then_some(part.text.as_str())).collect()
}

/// A value of a CI file as text of a shell.
fn of_value(value: &template::Value, spot: &Spot) -> Text {
    let mut text = Text::default();
    for part in value {
        text.push(match part.is_literal {
            true => Piece::made(&part.text, spot),
            false => Piece::unknown(format!("${{{{ {} }}}}", part.text), spot),
        });
    }
    if text.pieces.is_empty() {
        text.push(Piece::made("", spot));
    }
    text
}

/// The script of a step with the place of each line, its expressions resolved.
fn source(step: &Step, text: &str) -> Text {
    let start = spot_of(&step.place);
    let spot = |offset| step.run.lines.place(text, offset).map(|place| spot_of(&place));
    let mut source = Text::default();
    for segment in segments(text) {
        let at = segment.range.start;
        if segment.is_expression {
            let spot = spot(at).unwrap_or_else(|| start.clone());
            match step.run.expressions.get(segment.text) {
                Some(value) if plain(value).is_some() => {
                    source.pieces.extend(of_value(value, &spot).pieces)
                }
                _ => {
                    let whole = text.get(segment.range).unwrap_or_default();
                    source.pieces.push(Piece::unknown(whole, &spot));
                }
            }
            continue;
        }
        for (range, is_written) in step.run.lines.cut(segment.range) {
            let (part, spot) = (text.get(range.clone()).unwrap_or_default(), spot(range.start));
            source.pieces.push(match spot {
                Some(spot) if is_written => Piece::literal(part, &spot),
                spot => Piece::made(part, &spot.unwrap_or_else(|| start.clone())),
            });
        }
    }
    source
}

/// A place as a spot.
pub(super) fn spot_of(place: &Place) -> Spot {
    let path = Arc::from(place.path.as_str());
    let (line, column) = place.at.map_or((0, 0), |(line, column)| {
        (line.get().saturating_sub(1) as usize, column.get().saturating_sub(1) as usize)
    });
    Spot { path, line, column }
}
