//! Taskfiles: tasks with their commands, variables and environment.
//!
//! Source: the schema of Taskfile version 3.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Unread;
use super::text::{Piece, Spot, Text};
use super::yaml::{self, NodeId, NodeKind, Tree};
use crate::finding::Place;

/// Tasks of one file, and entries of one of their lists, that are kept.
const MAX_TASKS: usize = 2048;
const MAX_ENTRIES: usize = 1024;

/// A Taskfile as it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Taskfile {
    pub vars: BTreeMap<String, Text>,
    pub env: BTreeMap<String, Text>,
    /// Name space, file or folder, directory.
    pub includes: Vec<(String, String, Option<String>)>,
    pub tasks: Vec<Task>,
}

#[derive(Debug, Clone)]
pub(super) struct Task {
    pub name: String,
    pub aliases: Vec<String>,
    pub dir: Option<Text>,
    pub vars: BTreeMap<String, Text>,
    pub env: BTreeMap<String, Text>,
    pub deps: Vec<TaskStep>,
    pub steps: Vec<TaskStep>,
}

/// What a task does.
#[derive(Debug, Clone)]
pub(super) enum TaskStep {
    Command(Text),
    Call { name: String, vars: BTreeMap<String, Text>, spot: Spot },
}

pub(super) fn is_taskfile(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "taskfile.yml" | "taskfile.yaml" | "taskfile.dist.yml" | "taskfile.dist.yaml"
    )
}

pub(super) fn parse(path: &str, text: &str) -> Result<Taskfile, Unread> {
    let tree = yaml::parse(text).map_err(|err| Unread {
        place: Place { path: path.to_owned(), at: Some((err.line, err.column)) },
        reason: err.message,
    })?;
    let mut file = Taskfile::default();
    let Some(root) = tree.documents().first().map(|root| tree.resolve(*root)) else {
        return Ok(file);
    };
    let reader = Reader { path: Arc::from(path), tree: &tree };
    file.vars = reader.variables(tree.get(root, "vars"));
    file.env = reader.variables(tree.get(root, "env"));
    for (name, node) in reader.entries(tree.get(root, "includes")) {
        let from = tree.text(node).or_else(|| reader.text(node, "taskfile"));
        if let Some(from) = from {
            file.includes.push((
                name,
                from.to_owned(),
                reader.text(node, "dir").map(str::to_owned),
            ));
        }
    }
    for (name, node) in reader.entries(tree.get(root, "tasks")).into_iter().take(MAX_TASKS) {
        file.tasks.push(reader.task(name, node));
    }
    Ok(file)
}

struct Reader<'t> {
    path: Arc<str>,
    tree: &'t Tree,
}

impl Reader<'_> {
    fn entries(&self, node: Option<NodeId>) -> Vec<(String, NodeId)> {
        let entries = node.map(|node| self.tree.entries(node)).unwrap_or_default();
        let named = entries.into_iter().take(MAX_ENTRIES.max(MAX_TASKS));
        named.filter_map(|(key, value)| Some((self.tree.text(key)?.to_owned(), value))).collect()
    }

    fn text(&self, node: NodeId, key: &str) -> Option<&str> {
        self.tree.text(self.tree.get(node, key)?)
    }

    fn spot(&self, node: NodeId) -> Spot {
        self.spot_of(self.tree.at(node))
    }

    fn spot_of(&self, at: (crate::units::LineNumber, crate::units::ColumnNumber)) -> Spot {
        Spot {
            path: Arc::clone(&self.path),
            line: at.0.get().saturating_sub(1) as usize,
            column: at.1.get().saturating_sub(1) as usize,
        }
    }

    /// The text of a scalar, each line with its place.
    fn scalar(&self, node: NodeId) -> Option<Text> {
        let text = self.tree.text(node)?;
        let mut start = 0_usize;
        let mut all = Text::default();
        for line in text.split_inclusive('\n') {
            all.pieces.push(match self.tree.offset_in_scalar(node, start) {
                Some(offset) => Piece::literal(line, &self.spot_of(self.tree.position(offset))),
                None => Piece::made(line, &self.spot(node)),
            });
            start = start.saturating_add(line.len());
        }
        if all.pieces.is_empty() {
            all.pieces.push(Piece::made("", &self.spot(node)));
        }
        Some(all)
    }

    fn variables(&self, node: Option<NodeId>) -> BTreeMap<String, Text> {
        let entries = self.entries(node).into_iter();
        entries
            .map(|(name, value)| {
                let text = match self.scalar(value) {
                    Some(text) => text,
                    None => match self.tree.get(value, "sh").and_then(|sh| self.tree.text(sh)) {
                        Some(command) => {
                            let piece = Piece::command(command, &self.spot(value));
                            Text { pieces: vec![piece] }
                        }
                        None => Text::unknown(format!("{{{{.{name}}}}}"), &self.spot(value)),
                    },
                };
                (name, text)
            })
            .collect()
    }

    fn task(&self, name: String, node: NodeId) -> Task {
        let steps = self.tree.get(node, "cmds").or_else(|| self.tree.get(node, "cmd"));
        // `task: command` or `task: [commands]`
        let steps = match self.tree.node(node).kind {
            NodeKind::Mapping(_) => steps,
            _ => Some(node),
        };
        let aliases = self.tree.get(node, "aliases");
        let aliases = aliases.map(|node| self.tree.items(node)).unwrap_or_default();
        Task {
            name,
            aliases: aliases
                .iter()
                .filter_map(|item| self.tree.text(*item))
                .map(str::to_owned)
                .collect(),
            dir: self.tree.get(node, "dir").and_then(|dir| self.scalar(dir)),
            vars: self.variables(self.tree.get(node, "vars")),
            env: self.variables(self.tree.get(node, "env")),
            deps: self.steps(self.tree.get(node, "deps"), true),
            steps: self.steps(steps, false),
        }
    }

    fn steps(&self, node: Option<NodeId>, are_names: bool) -> Vec<TaskStep> {
        let Some(node) = node else { return Vec::new() };
        let items = match self.tree.items(node) {
            [] => vec![node],
            items => items.to_vec(),
        };
        items
            .iter()
            .take(MAX_ENTRIES)
            .filter_map(|item| self.step(self.tree.resolve(*item), are_names))
            .collect()
    }

    fn step(&self, node: NodeId, is_name: bool) -> Option<TaskStep> {
        let call = |name: &str, vars| TaskStep::Call {
            name: name.to_owned(),
            vars,
            spot: self.spot(node),
        };
        if let Some(text) = self.tree.text(node) {
            return match is_name {
                true => Some(call(text, BTreeMap::new())),
                false => Some(TaskStep::Command(self.scalar(node)?)),
            };
        }
        if let Some(name) = self.text(node, "task") {
            return Some(call(name, self.variables(self.tree.get(node, "vars"))));
        }
        let command = self.tree.get(node, "cmd").or_else(|| self.tree.get(node, "defer"))?;
        match self.text(command, "task") {
            Some(name) => Some(call(name, BTreeMap::new())),
            None => Some(TaskStep::Command(self.scalar(command)?)),
        }
    }
}
