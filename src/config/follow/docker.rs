//! The instructions of a Dockerfile, followed stage by stage.

use std::collections::BTreeMap;

use super::directory::join;
use super::{Follow, Frame, State, Var};
use crate::config::dockerfile::{Copy, Dockerfile, Mount, Run, What};
use crate::config::go_command::Context;
use crate::config::text::{Piece, Spot, Text};

/// A `RUN` with the go commands that it ends in.
#[derive(Debug, Clone)]
pub struct DockerRun {
    /// Indices of the file, the stage and the instruction.
    pub file: usize,
    pub stage: usize,
    pub instruction: usize,
    /// Indices of its go commands.
    pub go: std::ops::Range<usize>,
    /// Variables that `ENV` sets.
    pub env: BTreeMap<String, String>,
    pub user: Option<String>,
    pub work_dir: String,
}

/// What a stage hands to those that start from it.
#[derive(Debug, Clone, Default)]
struct Container {
    vars: BTreeMap<String, Var>,
    env: BTreeMap<String, String>,
    work_dir: String,
    /// The folder that the root of the build context is copied to.
    root_at: Option<String>,
    user: Option<String>,
    is_posix: bool,
}

impl Follow<'_> {
    pub(super) fn follow_dockerfile(&mut self, file: &Dockerfile) {
        let index = self.found.dockerfiles.len();
        self.found.dockerfiles.push(file.clone());
        let mut ended: BTreeMap<String, Container> = BTreeMap::new();
        for (number, stage) in file.stages.iter().enumerate() {
            let mut container = match ended.get(&stage.base.to_ascii_lowercase()) {
                Some(container) => container.clone(),
                None => {
                    Container { work_dir: "/".to_owned(), is_posix: true, ..Container::default() }
                }
            };
            let title = stage.name.clone().unwrap_or_else(|| number.to_string());
            let frame = Frame::new(Context::Dockerfile, format!("{}, stage {title}", file.path));
            for (place, instruction) in stage.instructions.iter().enumerate() {
                let spot = &instruction.spot;
                match &instruction.what {
                    What::Run(run) if container.is_posix => {
                        let first = self.found.go.len();
                        self.docker_run(run, &container, &frame);
                        self.found.docker_runs.push(DockerRun {
                            file: index,
                            stage: number,
                            instruction: place,
                            go: first..self.found.go.len(),
                            env: container.env.clone(),
                            user: container.user.clone(),
                            work_dir: container.work_dir.clone(),
                        });
                    }
                    What::Run(_) | What::Other => {}
                    What::Copy(copy) => container.copy(copy),
                    What::Env(pairs) => {
                        for (name, value) in pairs {
                            let value = container.expand(value, spot);
                            container.set(name, value);
                        }
                    }
                    What::Arg(arguments) => {
                        for (name, default) in arguments {
                            container.argument(name, default.as_deref(), file, spot);
                        }
                    }
                    What::WorkDir(dir) => {
                        let dir = container.expand(dir, spot).shown();
                        container.work_dir = absolute(&container.work_dir, &dir);
                    }
                    What::User(user) => container.user = Some(user.clone()),
                    What::Shell(is_posix) => container.is_posix = *is_posix,
                }
            }
            ended.insert(title, container);
        }
    }

    fn docker_run(&mut self, run: &Run, container: &Container, frame: &Frame) {
        let bound = run.mounts.iter().find_map(|mount| bound_at(mount, &container.work_dir));
        let root_at = bound.or_else(|| container.root_at.clone());
        let mut state = State {
            vars: container.vars.clone(),
            dir: root_at.as_deref().and_then(|root| below(root, &container.work_dir)),
            root_at,
            ..State::default()
        };
        self.root();
        self.text(&run.script, &mut state, frame);
    }
}

impl Container {
    fn copy(&mut self, copy: &Copy) {
        let is_top = |source: &String| {
            let source = source.trim_start_matches("./").trim_end_matches('/');
            source.is_empty() || source == "." || !source.contains('/')
        };
        let whole = copy.sources.iter().any(|source| matches!(source.as_str(), "." | "./"));
        let is_folder = copy.target.ends_with('/') || copy.target.ends_with('.') || whole;
        if copy.from.is_none() && is_folder && copy.sources.iter().all(is_top) {
            self.root_at = Some(absolute(&self.work_dir, &copy.target));
        }
    }

    fn set(&mut self, name: &str, value: Text) {
        self.env.insert(name.to_owned(), value.shown());
        self.vars.insert(name.to_owned(), Var { value: vec![value], is_exported: true });
    }

    /// An argument may always be another one than its default.
    fn argument(&mut self, name: &str, default: Option<&str>, file: &Dockerfile, spot: &Spot) {
        if self.env.contains_key(name) {
            return;
        }
        let global = file.arguments.iter().find(|(other, _)| other == name);
        let default = default.or_else(|| global.and_then(|(_, default)| default.as_deref()));
        let mut text = default.map(|default| self.expand(default, spot)).unwrap_or_default();
        if !text.is_empty() {
            text.push(Piece::made(" ", spot));
        }
        text.push(Piece::unknown(
            if text.is_empty() { format!("${name}") } else { String::new() },
            spot,
        ));
        self.vars.insert(name.to_owned(), Var { value: vec![text], is_exported: true });
    }

    /// Puts values in place of `$NAME` and `${NAME}`.
    fn expand(&self, text: &str, spot: &Spot) -> Text {
        let mut out = Text::default();
        for word in crate::config::shell::words(text) {
            use crate::config::shell::Word;
            match word {
                Word::Literal(text) => out.push(Piece::made(text, spot)),
                Word::Variable(name) => match self.vars.get(name).and_then(|var| var.value.first())
                {
                    Some(value) => out.extend(value.clone()),
                    None => out.push(Piece::unknown(format!("${name}"), spot)),
                },
                Word::Command(text) | Word::Unclear(text) => out.push(Piece::unknown(text, spot)),
            }
        }
        if out.pieces.is_empty() {
            out.push(Piece::made("", spot));
        }
        out
    }
}

/// Where `--mount=type=bind,target=.` puts the build context.
fn bound_at(mount: &Mount, work_dir: &str) -> Option<String> {
    let whole =
        mount.kind == "bind" && !mount.text.contains("source=") && !mount.text.contains("from=");
    whole.then(|| absolute(work_dir, mount.target.as_deref().unwrap_or(".")))
}

fn absolute(from: &str, to: &str) -> String {
    let joined = if to.starts_with('/') { to.to_owned() } else { format!("{from}/{to}") };
    format!("/{}", join("", joined.trim_start_matches('/')).unwrap_or_default())
}

/// A folder of a container as one of the repository.
pub(super) fn below(root: &str, dir: &str) -> Option<String> {
    if root == "/" {
        return Some(dir.trim_start_matches('/').to_owned());
    }
    let rest = dir.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/').to_owned())
}
