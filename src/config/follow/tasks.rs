//! Calls of task: from the tasks that are asked for to their commands.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::directory::{directory, join, parent};
use super::release::templates;
use super::variables::{assignment, child};
use super::{Follow, Frame, MAX_CALLS, State, Var};
use crate::config::go_command::Context;
use crate::config::taskfile::{self, TaskStep, Taskfile};
use crate::config::text::{Spot, Text};

const NAMES: &[&str] = &[
    "Taskfile.yml",
    "taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "taskfile.dist.yml",
    "Taskfile.dist.yaml",
    "taskfile.dist.yaml",
];
/// Files that include each other.
const MAX_INCLUDES: usize = 10;

/// A task with the file that it is in.
#[derive(Clone)]
struct Found {
    file: Rc<Taskfile>,
    path: String,
    /// What stands before the names of the file's own tasks.
    prefix: String,
    dir: String,
    index: usize,
}

type Values = BTreeMap<String, Text>;

impl Follow<'_> {
    /// Follows `task …` from a shell.
    pub(super) fn task(
        &mut self,
        arguments: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        let mut dir = state.dir.clone();
        let mut file = None;
        let mut names = Vec::new();
        let mut vars = Values::new();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some((name, value)) = assignment(word) {
                vars.insert(name, value);
                continue;
            }
            match word.known().as_deref() {
                Some("--") => break,
                Some("-d" | "--dir") => {
                    dir = words.next().and_then(|word| directory(word, dir.as_deref(), frame));
                }
                Some("-t" | "--taskfile") => file = words.next().and_then(Text::known),
                Some(option) if option.starts_with('-') => {}
                Some(name) => names.push(name.to_owned()),
                None => {
                    self.not_followed("task: which tasks cannot be told".to_owned(), spot, frame)
                }
            }
        }
        let path = dir.as_deref().and_then(|dir| self.find(dir, file.as_deref(), NAMES));
        let Some(path) = path else {
            self.not_followed(
                "task: its Taskfile is not in the repository".to_owned(),
                spot,
                frame,
            );
            return;
        };
        if names.is_empty() {
            names.push("default".to_owned());
        }
        let all = self.tasks(&path);
        let mut environment = child(state, prefix);
        self.add_environment(&path, &mut environment);
        for name in names {
            self.run_task(&all, &name, &vars, &environment, Some(spot), frame);
        }
    }

    /// The tasks of a file that nothing reached.
    pub(super) fn unreached_tasks(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !taskfile::is_taskfile(name) {
            return;
        }
        let all = self.tasks(path);
        for (name, found) in &all {
            if found.path == path && !self.reached.contains(&task_key(found)) {
                self.root();
                let frame = Frame::new(Context::Task, "");
                let mut environment =
                    State { dir: Some(parent(path).to_owned()), ..State::default() };
                self.add_environment(path, &mut environment);
                self.run_task(&all, name, &Values::new(), &environment, None, &frame);
            }
        }
    }

    /// What the outermost file sets holds for the tasks of those that it includes, too.
    fn add_environment(&mut self, path: &str, environment: &mut State) {
        let Some(file) = self.taskfile(path) else { return };
        for (name, value) in &file.env {
            let value = expand(value.clone(), &file.vars, 0);
            let var = Var { value: vec![value], is_exported: true };
            environment.vars.insert(name.clone(), var);
        }
    }

    /// All tasks of a file and of those that it includes, by their names and aliases.
    fn tasks(&mut self, path: &str) -> BTreeMap<String, Found> {
        let mut all = BTreeMap::new();
        self.collect(path, "", parent(path).to_owned(), &mut all, &mut Vec::new());
        all
    }

    fn collect(
        &mut self,
        path: &str,
        prefix: &str,
        dir: String,
        all: &mut BTreeMap<String, Found>,
        open: &mut Vec<String>,
    ) {
        if open.iter().any(|other| other == path) || open.len() > MAX_INCLUDES || all.len() > 4096 {
            return;
        }
        let Some(file) = self.taskfile(path) else { return };
        open.push(path.to_owned());
        for (index, task) in file.tasks.iter().enumerate() {
            let found = Found {
                file: Rc::clone(&file),
                path: path.to_owned(),
                prefix: prefix.to_owned(),
                dir: dir.clone(),
                index,
            };
            for name in task.aliases.iter().chain([&task.name]) {
                all.insert(format!("{prefix}{name}"), found.clone());
            }
        }
        for (name, from, dir_of) in &file.includes {
            let Some(base) = join(parent(path), from) else { continue };
            let inside = NAMES.iter().map(|name| format!("{base}/{name}"));
            let found =
                std::iter::once(base.clone()).chain(inside).find(|path| self.has_file(path));
            if let Some(found) = found {
                let dir = dir_of.as_deref().and_then(|dir_of| join(&dir, dir_of));
                // Without `dir:` the tasks of both files run in the same folder.
                let dir = dir.unwrap_or_else(|| parent(path).to_owned());
                self.collect(&found, &format!("{prefix}{name}:"), dir, all, open);
            }
        }
        open.pop();
    }

    fn taskfile(&mut self, path: &str) -> Option<Rc<Taskfile>> {
        if let Some(file) = self.taskfiles.get(path) {
            return file.clone();
        }
        let text = self.file(path)?;
        let file = match taskfile::parse(path, text) {
            Ok(file) => Some(Rc::new(file)),
            Err(unread) => {
                self.found.unread.push(unread);
                None
            }
        };
        self.taskfiles.insert(path.to_owned(), file.clone());
        file
    }

    fn run_task(
        &mut self,
        all: &BTreeMap<String, Found>,
        name: &str,
        given: &Values,
        environment: &State,
        at: Option<&Spot>,
        frame: &Frame,
    ) {
        let Some(found) = all.get(name).cloned() else { return };
        let Some(task) = found.file.tasks.get(found.index) else { return };
        let key = task_key(&found);
        self.reached.insert(key.clone());
        if frame.open.contains(&key) || frame.open.len() >= MAX_CALLS || self.is_spent() {
            return;
        }
        let subject = format!("{}, task {}", found.path, task.name);
        let inner = match at {
            Some(at) => frame.call(Context::Task, subject, at, key),
            None => {
                let mut inner = frame.clone();
                inner.subject = subject;
                Rc::make_mut(&mut inner.open).push(key);
                inner
            }
        };
        let mut vars = found.file.vars.clone();
        vars.extend(task.vars.clone());
        vars.extend(given.clone());
        let mut state = environment.clone();
        for (name, value) in found.file.env.iter().chain(&task.env) {
            let value = expand(value.clone(), &vars, 0);
            state.vars.insert(name.clone(), Var { value: vec![value], is_exported: true });
        }
        state.dir = match &task.dir {
            None => Some(found.dir.clone()),
            Some(dir) => directory(&expand(dir.clone(), &vars, 0), Some(&found.dir), frame),
        };
        for step in task.deps.iter().chain(&task.steps) {
            match step {
                TaskStep::Command(text) => {
                    let text = expand(text.clone(), &vars, 0);
                    self.text(&text, &mut state.clone(), &inner);
                }
                TaskStep::Call { name, vars: given, spot } => {
                    let name = match name.strip_prefix(':') {
                        Some(name) => name.to_owned(),
                        None => format!("{}{name}", found.prefix),
                    };
                    let given: Values = given
                        .iter()
                        .map(|(name, value)| (name.clone(), expand(value.clone(), &vars, 0)))
                        .collect();
                    self.run_task(all, &name, &given, environment, Some(spot), &inner);
                }
            }
        }
    }
}

fn task_key(found: &Found) -> String {
    format!("task {} {}", found.path, found.index)
}

/// Puts the values of variables in place of `{{.NAME}}`.
fn expand(text: Text, vars: &Values, depth: usize) -> Text {
    let value_of = |inner: &str| {
        let name = inner.strip_prefix('.')?;
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let value = vars.get(name).filter(|_| is_name && depth < 8)?;
        Some(expand(value.clone(), vars, depth.saturating_add(1)))
    };
    templates(text, &value_of)
}
