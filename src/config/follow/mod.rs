//! Follows scripts, makefiles and their kin from whoever calls them to the go commands they end in.
//!
//! Nothing is run: variables and directories are followed as far as the texts say. What cannot be
//! told stays open, and is counted.

mod directory;
mod docker;
mod make;
mod program_name;
mod recipes;
mod release;
mod roots;
mod scripts;
mod shell;
mod simple_command;
mod tasks;
#[cfg(test)]
mod tests;
mod variables;
mod wrappers;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub use docker::DockerRun;
pub(super) use roots::{follow, is_of_others};
pub(super) use scripts::is_shell;

use super::dockerfile::Dockerfile;
use super::go_command::{Caller, CommandAt, Context, GoCommand, NotFollowed, OtherCommand, StepAt};
use super::goreleaser::ReleaseBuild;
use super::makefile::Makefile;
use super::sh::{self, ShellError};
use super::taskfile::Taskfile;
use super::text::{Spot, Text};
use super::{SourceFile, Unread};

/// Commands of one root (a step, a target, a script) that are followed.
const MAX_COMMANDS: usize = 2000;
/// Go commands of a repository that are kept.
const MAX_KEPT: usize = 20_000;
/// Files, targets and functions that call each other.
const MAX_CALLS: usize = 20;
/// Commands of a whole repository that are followed.
const MAX_TOTAL: usize = 30_000;
/// Items of an array, and words of one command, that are kept.
const MAX_WORDS: usize = 4096;

/// What was found by following.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub go: Vec<GoCommand>,
    pub others: Vec<OtherCommand>,
    pub dockerfiles: Vec<Dockerfile>,
    pub docker_runs: Vec<DockerRun>,
    /// Builds of GoReleaser with the index of the command that each is.
    pub releases: Vec<(usize, ReleaseBuild)>,
    pub unread: Vec<Unread>,
    /// Calls that could not be followed: where, and what is called.
    pub not_followed: Vec<NotFollowed>,
    /// Of each job, by pipeline and job, which of the go commands it runs.
    pub of_jobs: BTreeMap<(usize, usize), Vec<usize>>,
}

/// Variables and directory of a shell.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub vars: BTreeMap<String, Var>,
    /// Relative to the root; `None` where it cannot be told.
    pub dir: Option<String>,
    /// In a container, the folder that stands for the root.
    root_at: Option<String>,
    /// What `pushd` left.
    stack: Vec<Option<String>>,
    functions: BTreeMap<String, Function>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Var {
    /// One text, or the items of an array.
    pub value: Vec<Text>,
    pub is_exported: bool,
}

#[derive(Debug, Clone)]
struct Function {
    steps: Rc<Vec<sh::Step>>,
    /// The first step of the body.
    start: usize,
}

/// Who runs the commands that are being read.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub context: Context,
    pub subject: String,
    pub callers: Rc<Vec<Caller>>,
    pub step: Option<StepAt>,
    /// Files, targets and functions that are open.
    pub open: Rc<Vec<String>>,
    /// The directory of the script that is open.
    pub script_dir: Option<String>,
    pub is_maybe: bool,
    pub is_substitution: bool,
    /// Whether the shell is taken to be a POSIX one without being named.
    pub is_guess: bool,
    /// Substitutions that are open.
    pub depth: usize,
}

impl Frame {
    pub(super) fn new(context: Context, subject: impl Into<String>) -> Self {
        Self {
            context,
            subject: subject.into(),
            callers: Rc::default(),
            step: None,
            open: Rc::default(),
            script_dir: None,
            is_maybe: false,
            is_substitution: false,
            is_guess: false,
            depth: 0,
        }
    }

    /// The frame of what this one calls at a place.
    fn call(&self, context: Context, subject: String, at: &Spot, key: String) -> Self {
        let mut frame = self.clone();
        let caller = Caller { subject: self.subject.clone(), place: at.place() };
        Rc::make_mut(&mut frame.callers).push(caller);
        frame.context = context;
        frame.subject = subject;
        Rc::make_mut(&mut frame.open).push(key);
        frame.is_guess = false;
        frame
    }
}

/// Follows everything of one repository.
pub(super) struct Follow<'r> {
    files: BTreeMap<&'r str, &'r str>,
    makefiles: BTreeMap<String, Option<Rc<Makefile>>>,
    loaded: BTreeMap<String, Rc<make::Loaded>>,
    taskfiles: BTreeMap<String, Option<Rc<Taskfile>>>,
    scripts: BTreeMap<String, Option<Rc<Vec<sh::Step>>>>,
    pub(super) found: Followed,
    /// What was reached from a caller, by the key of its frame.
    pub(super) reached: BTreeSet<String>,
    commands: usize,
    total: usize,
}

impl<'r> Follow<'r> {
    pub(super) fn new(files: &'r [SourceFile]) -> Self {
        let files = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        Self {
            files,
            makefiles: BTreeMap::new(),
            loaded: BTreeMap::new(),
            scripts: BTreeMap::new(),
            taskfiles: BTreeMap::new(),
            found: Followed::default(),
            reached: BTreeSet::new(),
            commands: 0,
            total: 0,
        }
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(super) fn file(&self, path: &str) -> Option<&'r str> {
        self.files.get(path).copied()
    }

    /// Starts anew with what one root may cost.
    pub(super) fn root(&mut self) {
        self.commands = 0;
    }

    /// Counts a command, and tells whether there have been too many.
    fn is_spent(&mut self) -> bool {
        self.commands = self.commands.saturating_add(1);
        self.total = self.total.saturating_add(1);
        self.commands > MAX_COMMANDS || self.total > MAX_TOTAL || self.found.go.len() > MAX_KEPT
    }

    /// Notes what stands at a place and cannot be read.
    pub(super) fn unread(&mut self, error: &ShellError) {
        let unread = Unread { place: error.spot.place(), reason: error.reason.clone() };
        let same = |one: &Unread| one.place == unread.place && one.reason == unread.reason;
        if !self.found.unread.iter().any(same) {
            self.found.unread.push(unread);
        }
    }

    /// Notes a call that cannot be followed.
    pub(super) fn not_followed(&mut self, what: String, spot: &Spot, frame: &Frame) {
        let place = spot.place();
        let all = &mut self.found.not_followed;
        let is_full = all.len() >= MAX_KEPT;
        match all.iter_mut().find(|one| one.place == place && one.what == what) {
            Some(known) => known.steps.extend(frame.step),
            None if !is_full => {
                all.push(NotFollowed { what, place, steps: frame.step.into_iter().collect() });
            }
            None => {}
        }
    }

    /// Follows the text of a script.
    pub(super) fn text(&mut self, text: &Text, state: &mut State, frame: &Frame) {
        let Some(spot) = text.spot().cloned() else { return };
        match sh::parse(text, &spot, frame.depth) {
            Ok(steps) => self.steps(&Rc::new(steps), state, frame),
            // Where the shell is not known it may be another language.
            Err(error) if frame.is_guess => {
                self.not_followed(
                    format!("a script that is no POSIX shell: {}", error.reason),
                    &error.spot,
                    frame,
                );
            }
            Err(error) => self.unread(&error),
        }
    }

    /// What is known of a command in a state.
    fn at(
        &self,
        spot: &Spot,
        state: &State,
        prefix: &BTreeMap<String, Text>,
        frame: &Frame,
    ) -> CommandAt {
        let exported = state.vars.iter().filter(|(name, var)| var.is_exported && is_for_go(name));
        let mut env: BTreeMap<String, Text> = exported
            .map(|(name, var)| (name.clone(), var.value.first().cloned().unwrap_or_default()))
            .collect();
        let own = prefix.iter().filter(|(name, _)| is_for_go(name));
        env.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        CommandAt {
            place: spot.place(),
            env,
            dir: state.dir.clone(),
            context: frame.context,
            subject: frame.subject.clone(),
            callers: frame.callers.to_vec(),
            step: frame.step,
            is_maybe: frame.is_maybe,
            is_substitution: frame.is_substitution,
        }
    }
}

/// Whether a variable reaches the go command or what it starts.
pub(super) fn is_for_go(name: &str) -> bool {
    name.starts_with("GO")
        || name.starts_with("CGO_")
        || matches!(name, "CC" | "CXX" | "SOURCE_DATE_EPOCH")
}
