//! The steps of a job, those of templates in place.

use super::frame::{Frame, Item};
use super::{Files, key, template_path};
use crate::config::go_paths;
use crate::config::pipeline::{
    CachePath, CacheStep, CacheUse, Checkout, Flag, SetupGo, Step, StepKind, Store, VersionSource,
};
use crate::config::script::{Lines, Script};
use crate::config::template::{Template, Value, plain};
use crate::config::variables::Variables;
use crate::config::yaml::NodeId;
use crate::finding::Place;

/// Steps of one pipeline that are walked.
const MAX_STEPS: usize = 8192;
/// Script text of one pipeline that is read, in bytes.
const MAX_SCRIPTS: usize = 4 << 20;
/// Azure nests a hundred templates; none of them needs so many.
pub(super) const MAX_DEPTH: usize = 20;

/// What a pipeline has cost so far.
pub(super) struct Walk<'a> {
    pub files: &'a Files<'a>,
    pub walked: usize,
    pub script_bytes: usize,
}

impl Walk<'_> {
    pub(super) fn is_cut(&self) -> bool {
        self.walked > MAX_STEPS || self.script_bytes > MAX_SCRIPTS
    }
}

/// The steps of one job.
pub(super) struct Steps<'w, 'a> {
    pub walk: &'w mut Walk<'a>,
    pub steps: Vec<Step>,
    pub owner: String,
}

impl<'a> Steps<'_, 'a> {
    /// Walks a list of steps.
    pub(super) fn all(&mut self, items: Vec<Item<'a>>, variables: &mut Variables, depth: usize) {
        for Item { frame, node } in items {
            self.walk.walked = self.walk.walked.saturating_add(1);
            if self.walk.is_cut() || depth > MAX_DEPTH {
                return;
            }
            let document = frame.document;
            if let Some(name) = document.text(node, &["template"]) {
                let path = template_path(document.path, name);
                let found = path.and_then(|path| self.walk.files.get(path.as_str()));
                if let Some(found) = found {
                    let given = document.find(node, &["parameters"]);
                    let inner = frame.template(found, given, variables);
                    let steps = found.find(found.root, &["steps"]);
                    let items = steps.map(|node| inner.items(node)).unwrap_or_default();
                    self.all(items, variables, depth.saturating_add(1));
                } else {
                    self.add(
                        &frame,
                        node,
                        StepKind::Other { uses: name.to_owned() },
                        Lines::default(),
                    );
                }
                continue;
            }
            self.one(&frame, node, variables);
        }
    }

    fn one(&mut self, frame: &Frame<'a>, node: NodeId, variables: &mut Variables) {
        let document = frame.document;
        let find = |key: &str| document.find(node, &[key]);
        if let Some(checkout) = find("checkout") {
            if document.tree.text(checkout) != Some("none") {
                self.add(frame, node, StepKind::Checkout(Checkout::default()), Lines::default());
            }
            return;
        }
        let scripts = ["script", "bash", "pwsh", "powershell"];
        if let Some(script) = scripts.into_iter().find_map(find) {
            self.script(frame, node, script, variables);
            return;
        }
        let Some(task) = document.text(node, &["task"]) else { return };
        let input = |key: &str| {
            // The names of inputs are read without regard to case.
            let inputs = document.entries(node, &["inputs"]).into_iter();
            inputs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, n)| n)
        };
        let name = task.split('@').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "cache" | "cachebeta" => {
                let kind = cache(frame, &input, document.place(node), variables);
                self.add(frame, node, StepKind::Cache(kind), Lines::default());
            }
            "gotool" => {
                let value = |key| Some(frame.resolve(document.tree.text(input(key)?)?, variables));
                let version = match (value("version"), value("goVersionFile")) {
                    (Some(version), _) => VersionSource::Input(version),
                    (None, Some(file)) => VersionSource::File(file),
                    // Its default is a version of 2018.
                    (None, None) => VersionSource::Path,
                };
                let setup = SetupGo::without_cache(version);
                self.add(frame, node, StepKind::SetupGo(setup), Lines::default());
            }
            "go" => {
                let mut script = Script::default();
                script.push_text("go");
                input("command").into_iter().for_each(|node| script.push_word(document, node));
                if let Some(arguments) = input("arguments") {
                    script.push_text(" ");
                    script.push_scalar(document, arguments);
                }
                self.push_script(frame, node, script, variables);
            }
            "bash" | "cmdline" | "powershell" | "batchscript" => match input("script") {
                Some(script) => self.script(frame, node, script, variables),
                None => self.other(frame, node, task),
            },
            _ => self.other(frame, node, task),
        }
    }

    fn other(&mut self, frame: &Frame<'a>, node: NodeId, task: &str) {
        self.add(frame, node, StepKind::Other { uses: task.to_owned() }, Lines::default());
    }

    fn script(&mut self, frame: &Frame<'a>, node: NodeId, text: NodeId, variables: &mut Variables) {
        self.push_script(frame, node, frame.document.script(text), variables);
    }

    fn push_script(
        &mut self,
        frame: &Frame<'a>,
        node: NodeId,
        script: Script,
        variables: &mut Variables,
    ) {
        let mut script = script;
        // What a script sets cannot be told in general, and is no longer what the file says.
        variables.extend(set_by(&script.text).map(|name| (name.to_owned(), None)));
        script.replace(&frame.in_script(&script.text, variables));
        let Script { text, lines } = script;
        self.walk.script_bytes = self.walk.script_bytes.saturating_add(text.len());
        self.add(frame, node, StepKind::Script { text }, lines);
    }

    fn add(&mut self, frame: &Frame<'a>, node: NodeId, kind: StepKind, lines: Lines) {
        let document = frame.document;
        let subject = match document.text(node, &["displayName"]) {
            Some(name) => format!("{}, step \"{}\"", self.owner, name.trim()),
            None => format!("{}, step {}", self.owner, self.steps.len().saturating_add(1)),
        };
        let id = document.text(node, &["name"]).map(str::to_ascii_lowercase);
        let place = document.place(node);
        let is_conditional = document.find(node, &["condition"]).is_some();
        self.steps.push(Step {
            subject,
            id,
            place,
            is_conditional,
            run: lines.into(),
            image: None,
            kind,
        });
    }
}

/// The names in `##vso[task.setvariable variable=name]`.
fn set_by(script: &str) -> impl Iterator<Item = &str> {
    script.split("task.setvariable ").skip(1).filter_map(|rest| {
        let name = rest.split_once("variable=")?.1;
        name.split([';', ']']).next()
    })
}

fn cache<'a>(
    frame: &Frame<'a>,
    input: &dyn Fn(&str) -> Option<NodeId>,
    place: Place,
    variables: &Variables,
) -> CacheStep {
    let document = frame.document;
    let text = |key: &str| document.tree.text(input(key)?);
    let key = input("key").and_then(|node| {
        let text = document.tree.text(node)?.trim();
        Some(key::template(text, document.place(node), frame, variables))
    });
    let key = key.unwrap_or_else(|| Template { text: String::new(), place, parts: Value::new() });
    let restore = input("restoreKeys").map(|node| key::lines(document, node, frame, variables));
    let paths = text("path").into_iter().flat_map(str::lines).map(|line| {
        let value = frame.resolve(line.trim(), variables);
        CachePath {
            go: go_paths::go_dirs(&value, &variables.scope()),
            text: value.iter().map(|part| part.text.as_str()).collect(),
        }
    });
    CacheStep {
        how: CacheUse::Both,
        key,
        paths: paths.collect(),
        restore_keys: restore.unwrap_or_default(),
        lookup_only: Flag::No,
        fail_on_miss: Flag::No,
        store: Store::AZURE,
    }
}

/// Whether a step of a file takes no part in any job of it: `checkout: none`.
pub(super) fn checks_nothing_out(items: &[Item<'_>]) -> bool {
    items.iter().any(|item| item.frame.document.text(item.node, &["checkout"]).is_some())
}

/// The text of a value that is known whole.
pub(super) fn known(value: &Value) -> Option<String> {
    plain(value)
}
