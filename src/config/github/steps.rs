//! The steps of a job, walked in order as the runner would: what a step writes,
//! later steps can name.

use std::collections::BTreeSet;

use super::Files;
use super::actions::{self, Known};
use crate::config::document::Document;
use crate::config::go_paths;
use crate::config::pipeline::{
    CachePath, CacheStep, CacheUse, Checkout, Flag, Run, SetupGo, Step, StepKind, Store,
    VersionSource,
};
use crate::config::scope::{Scope, Values};
use crate::config::shell::{self, Sink};
use crate::config::template::{Class, Part, Template, Value, plain, segments};
use crate::config::yaml::NodeId;

/// Steps of one pipeline that are walked. Actions that use each other twice
/// over would make more of them than there is time.
const MAX_STEPS: usize = 4096;
/// GitHub follows ten composite actions into each other.
const MAX_ACTIONS: usize = 10;

/// What a pipeline has cost so far, and which actions it met.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub files: &'a Files<'a>,
    pub used_actions: &'a mut BTreeSet<String>,
    pub walked: usize,
}

impl Walk<'_> {
    /// Whether there were more steps than are walked.
    pub(super) fn is_cut(&self) -> bool {
        self.walked > MAX_STEPS
    }
}

/// The steps of one job.
struct Steps<'w, 'a> {
    walk: &'w mut Walk<'a>,
    steps: Vec<Step>,
    /// What was written to `GITHUB_ENV`.
    exported: Values,
    /// What the script of this step writes there.
    own: Values,
    /// Paths of the actions that are open.
    open: Vec<&'a str>,
}

/// Walks the steps of a job, and returns them; `scope` ends with their outputs.
pub(super) fn steps<'a>(
    walk: &mut Walk<'a>,
    document: &'a Document<'a>,
    items: Option<NodeId>,
    owner: &str,
    scope: &mut Scope,
) -> Vec<Step> {
    let mut steps = Steps {
        walk,
        steps: Vec::new(),
        exported: Values::new(),
        own: Values::new(),
        open: vec![document.path],
    };
    steps.all(document, items, owner, scope);
    steps.steps
}

impl<'a> Steps<'_, 'a> {
    fn all(
        &mut self,
        document: &'a Document<'a>,
        items: Option<NodeId>,
        owner: &str,
        scope: &mut Scope,
    ) {
        let items = items.map(|items| document.tree.items(items)).unwrap_or_default();
        for (number, item) in (1_usize..).zip(items) {
            self.walk.walked = self.walk.walked.saturating_add(1);
            if self.walk.is_cut() {
                return;
            }
            let node = document.tree.resolve(*item);
            let subject = match document.text(node, &["name"]) {
                Some(name) => format!("{owner}, step \"{}\"", name.trim()),
                None => format!("{owner}, step {number}"),
            };
            self.one(document, node, subject, scope);
        }
    }

    /// Walks one step. Its own environment ends with it.
    fn one(
        &mut self,
        document: &'a Document<'a>,
        node: NodeId,
        subject: String,
        scope: &mut Scope,
    ) {
        let outer = scope.env.clone();
        let own = document.values(node, &["env"], scope);
        scope.env.extend(own);
        let id = document.text(node, &["id"]).map(str::to_ascii_lowercase);
        let (kind, outputs) = self.kind(document, node, id.as_deref(), scope);
        let mut run = run(document, node, scope);
        run.inputs = document.values(node, &["with"], scope);
        run.exports = std::mem::take(&mut self.own);
        if let Some(id) = &id {
            scope.steps.insert(id.clone(), outputs);
        }
        scope.env = outer;
        scope.env.extend(self.exported.clone());
        let place = document.place(node);
        let is_conditional = document.find(node, &["if"]).is_some();
        self.steps.push(Step { subject, id, place, is_conditional, run, image: None, kind });
    }

    fn kind(
        &mut self,
        document: &'a Document<'a>,
        node: NodeId,
        id: Option<&str>,
        scope: &Scope,
    ) -> (StepKind, Values) {
        let Some(uses) = document.text(node, &["uses"]) else {
            let script = document.text(node, &["run"]).unwrap_or_default();
            // What a step under a condition writes may be missing.
            let is_certain = document.find(node, &["if"]).is_none();
            let context = format!("steps.{}.outputs", id.unwrap_or_default());
            let outputs = written(script, Sink::Output, is_certain, &context, scope);
            let exports = written(script, Sink::Env, is_certain, "env", scope);
            self.exported.extend(exports.clone());
            self.own = exports;
            return (StepKind::Script { text: script.to_owned() }, outputs);
        };
        match actions::known(uses) {
            Known::Checkout => (StepKind::Checkout(checkout(document, node, scope)), Values::new()),
            Known::SetupGo => setup_go(document, node, uses, scope),
            Known::Cache(how) => cache(document, node, how, scope),
            Known::Other => {
                // Actions that run a script which they are given.
                if let Some(script) = script_input(document, node, uses) {
                    let text = document.tree.text(script).unwrap_or_default().to_owned();
                    return (StepKind::Script { text }, Values::new());
                }
                let outputs = self.action(document, node, uses, scope);
                (StepKind::Other { uses: uses.to_owned() }, outputs)
            }
        }
    }

    /// Walks the steps of an action of this repository, and returns its outputs.
    fn action(&mut self, caller: &Document<'_>, node: NodeId, uses: &str, scope: &Scope) -> Values {
        let Some(action) = self.walk.files.action(uses) else { return Values::new() };
        self.walk.used_actions.insert(action.path.to_owned());
        if self.open.contains(&action.path) || self.open.len() > MAX_ACTIONS {
            return Values::new();
        }
        let mut inner =
            Scope { env: scope.env.clone(), matrix: scope.matrix.clone(), ..Scope::default() };
        inner.inputs = action_inputs(action, &inner);
        inner.inputs.extend(caller.values(node, &["with"], scope));
        self.open.push(action.path);
        let owner = format!("action {}", action.path);
        self.all(action, action.find(action.root, &["runs", "steps"]), &owner, &mut inner);
        self.open.pop();
        let outputs = action.entries(action.root, &["outputs"]).into_iter();
        outputs
            .filter_map(|(name, output)| {
                let value = action.text(output, &["value"])?;
                Some((name.to_ascii_lowercase(), inner.resolve(value)))
            })
            .collect()
    }
}

/// The input of an action that is a script.
fn script_input(document: &Document<'_>, node: NodeId, uses: &str) -> Option<NodeId> {
    document.find(node, &["with", actions::script_input(uses)?])
}

/// What a script is run with.
fn run(document: &Document<'_>, node: NodeId, scope: &Scope) -> Run {
    let uses = document.text(node, &["uses"]);
    let script = match uses {
        Some(uses) => script_input(document, node, uses),
        None => document.find(node, &["run"]),
    };
    let Some(script) = script else { return Run::default() };
    let given = |name: &str| document.text(node, &[name]).map(|text| scope.resolve(text));
    let text = document.tree.text(script).unwrap_or_default();
    let expressions = segments(text).into_iter().filter(|segment| segment.is_expression);
    let expressions = expressions.map(|segment| {
        let whole = text.get(segment.range.clone()).unwrap_or_default();
        (segment.text.to_owned(), scope.resolve(whole))
    });
    Run {
        lines: document.script(script).lines,
        env: scope.env.clone(),
        dir: given("working-directory").or_else(|| scope.dir.clone()),
        shell: given("shell").or_else(|| scope.shell.clone()).filter(|_| uses.is_none()),
        expressions: expressions.collect(),
        ..Run::default()
    }
}

/// Defaults of an action's inputs; an input without one is empty.
pub(super) fn action_inputs(action: &Document<'_>, scope: &Scope) -> Values {
    let defaults = action.defaults(&["inputs"], scope).into_iter();
    defaults.map(|(name, default)| (name, default.unwrap_or_default())).collect()
}

fn written(script: &str, sink: Sink, is_certain: bool, context: &str, scope: &Scope) -> Values {
    let written = shell::written(script, sink).into_iter();
    written
        .map(|(name, text)| {
            let name = name.to_ascii_lowercase();
            let value = text.map(|text| scope.resolve_shell(&text, script));
            let value = match value {
                Some(value) if is_certain => value,
                // Where it is written at all, it is this directory.
                Some(value) if value.iter().any(|part| part.text.starts_with("$(go env ")) => value
                    .into_iter()
                    .map(|part| Part { classes: [Class::Opaque].into(), ..part })
                    .collect(),
                _ => vec![Part::new(format!("{context}.{name}"), [Class::Opaque])],
            };
            (name, value)
        })
        .collect()
}

fn setup_go(
    document: &Document<'_>,
    node: NodeId,
    uses: &str,
    scope: &Scope,
) -> (StepKind, Values) {
    let given = |name: &str| {
        let value = document.value(document.find(node, &["with", name])?, scope)?;
        (!plain(&value).is_some_and(|text| text.trim().is_empty())).then_some(value)
    };
    let version = match (given("go-version"), given("go-version-file")) {
        (Some(version), _) => VersionSource::Input(version),
        (None, Some(file)) => VersionSource::File(file),
        (None, None) => VersionSource::Path,
    };
    let comment = document.find(node, &["uses"]).and_then(|node| document.comment_after(node));
    let input = document.text(node, &["with", "cache"]);
    let input = input.map(|text| plain(&scope.resolve(text)).unwrap_or_else(|| text.to_owned()));
    let cache = actions::setup_go_cache(uses, comment, input.as_deref());
    let output = vec![Part::new("setup-go.go-version", [Class::Toolchain])];
    let outputs = Values::from([("go-version".to_owned(), output)]);
    let dependency_paths = document.find(node, &["with", "cache-dependency-path"]);
    let dependency_paths = dependency_paths
        .map(|node| document.lines(node, scope).into_iter().map(|line| line.parts).collect());
    let dependency_file = actions::dependency_file(uses, comment);
    // Those that are made after it count their versions by themselves.
    let is_original = uses.to_ascii_lowercase().starts_with("actions/setup-go@");
    let release = actions::release(uses, comment).filter(|_| is_original);
    let setup = SetupGo { version, release, cache, dependency_paths, dependency_file };
    (StepKind::SetupGo(setup), outputs)
}

fn checkout(document: &Document<'_>, node: NodeId, scope: &Scope) -> Checkout {
    let given = |name: &str| {
        let value = scope.resolve(document.text(node, &["with", name])?);
        let is_here = plain(&value).is_some_and(|text| matches!(text.trim(), "" | "." | "./"));
        (!is_here).then_some(value)
    };
    let own =
        |value: &Value| matches!(value.as_slice(), [part] if part.text == "github.repository");
    let is_other = given("repository").is_some_and(|value| !own(&value));
    Checkout { path: given("path"), is_other }
}

fn cache(
    document: &Document<'_>,
    node: NodeId,
    how: CacheUse,
    scope: &Scope,
) -> (StepKind, Values) {
    let find = |name: &str| document.find(node, &["with", name]);
    let key = find("key").and_then(|key| document.template(key, scope)).unwrap_or_else(|| {
        Template { text: String::new(), place: document.place(node), parts: Value::new() }
    });
    let lines = |name: &str| find(name).map(|n| document.lines(n, scope)).unwrap_or_default();
    let paths = lines("path").into_iter().map(|line| CachePath {
        go: go_paths::go_dirs(&line.parts, scope),
        text: line.parts.iter().map(|part| part.text.as_str()).collect(),
    });
    let flag = |name: &str| flag(document.text(node, &["with", name]), scope);
    let outputs = Values::from([("cache-primary-key".to_owned(), key.parts.clone())]);
    let step = CacheStep {
        how,
        paths: paths.collect(),
        restore_keys: lines("restore-keys"),
        lookup_only: flag("lookup-only"),
        fail_on_miss: flag("fail-on-cache-miss"),
        store: Store::GITHUB,
        key,
    };
    (StepKind::Cache(step), outputs)
}

fn flag(input: Option<&str>, scope: &Scope) -> Flag {
    let Some(input) = input else { return Flag::No };
    match plain(&scope.resolve(input)).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        Some("true") => Flag::Yes,
        Some("false" | "") => Flag::No,
        _ => Flag::Unknown,
    }
}
