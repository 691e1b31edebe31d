//! The steps of a job, commands and conditional steps in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::orb::{self, Command};
use super::parameters::{Names, Parameter};
use crate::config::document::Document;
use crate::config::go_paths::{self, GoDir};
use crate::config::pipeline::{
    CachePath, CacheStep, CacheUse, Checkout, Flag, SetupGo, Step, StepKind, Store, VersionSource,
};
use crate::config::script::Lines;
use crate::config::template::{Class, Part, Template};
use crate::config::yaml::NodeId;

/// Steps of one file that are walked. Commands that use each other twice over
/// would make more of them than there is time.
pub(super) const MAX_STEPS: usize = 8192;
/// Script text of one file that is read, in bytes.
pub(super) const MAX_SCRIPTS: usize = 4 << 20;
/// CircleCI refuses commands that use each other in a circle.
const MAX_DEPTH: usize = 16;

/// What is walked, and what it has cost so far.
pub(super) struct Walk<'a> {
    pub document: &'a Document<'a>,
    /// Orbs by the name that the file gives them.
    pub orbs: BTreeMap<&'a str, &'a str>,
    /// Commands of the file by name.
    pub commands: BTreeMap<&'a str, NodeId>,
    pub walked: usize,
    pub script_bytes: usize,
    pub steps: Vec<Step>,
    pub owner: String,
}

impl Walk<'_> {
    pub(super) fn is_cut(&self) -> bool {
        self.walked > MAX_STEPS || self.script_bytes > MAX_SCRIPTS
    }

    /// Walks a list of steps.
    pub(super) fn all(&mut self, items: NodeId, names: &Names, depth: usize) {
        let document = self.document;
        for item in document.tree.items(items) {
            self.walked = self.walked.saturating_add(1);
            if self.is_cut() || depth > MAX_DEPTH {
                return;
            }
            let node = document.tree.resolve(*item);
            if let Some(name) = document.tree.text(node) {
                match names.steps(name) {
                    Some((steps, names)) => self.all(steps, &names, depth.saturating_add(1)),
                    None => self.one(node, name, None, names, depth),
                }
                continue;
            }
            for (name, arguments) in document.entries(node, &[]).into_iter().take(1) {
                self.one(node, name, Some(arguments), names, depth);
            }
        }
    }

    fn one(
        &mut self,
        node: NodeId,
        name: &str,
        arguments: Option<NodeId>,
        names: &Names,
        depth: usize,
    ) {
        let document = self.document;
        match (name, arguments) {
            ("checkout", _) => self.add(node, None, StepKind::Checkout(Checkout::default())),
            ("run", Some(run)) => self.run(node, run, names),
            ("save_cache", Some(cache)) => self.cache(node, cache, CacheUse::Save, names),
            ("restore_cache", Some(cache)) => self.cache(node, cache, CacheUse::Restore, names),
            ("when" | "unless", Some(condition)) => {
                if let Some(steps) = document.find(condition, &["steps"]) {
                    self.inner(steps, names, depth);
                }
            }
            ("steps", Some(steps)) => self.inner(steps, names, depth),
            _ => self.command(node, name, arguments, names, depth),
        }
    }

    fn inner(&mut self, steps: NodeId, names: &Names, depth: usize) {
        let depth = depth.saturating_add(1);
        match self.document.tree.text(steps).and_then(|text| names.steps(text)) {
            Some((steps, names)) => self.all(steps, &names, depth),
            None => self.all(steps, names, depth),
        }
    }

    fn add(&mut self, node: NodeId, name: Option<&str>, kind: StepKind) {
        self.add_script(node, name, kind, Lines::default());
    }

    fn add_script(&mut self, node: NodeId, name: Option<&str>, kind: StepKind, lines: Lines) {
        let subject = match name {
            Some(name) => format!("{}, step \"{}\"", self.owner, name.trim()),
            None => format!("{}, step {}", self.owner, self.steps.len().saturating_add(1)),
        };
        let place = self.document.place(node);
        self.steps.push(Step {
            subject,
            id: None,
            place,
            is_conditional: false,
            run: lines.into(),
            image: None,
            kind,
        });
    }

    fn run(&mut self, node: NodeId, run: NodeId, names: &Names) {
        let document = self.document;
        let command = document.find(run, &["command"]).unwrap_or(run);
        let Some(_) = document.tree.text(command) else { return };
        let mut script = document.script(command);
        script.replace(&names.in_script(&script.text));
        self.script_bytes = self.script_bytes.saturating_add(script.text.len());
        let name = document.text(run, &["name"]);
        let kind = StepKind::Script { text: script.text };
        self.add_script(node, name, kind, script.lines);
    }

    fn cache(&mut self, node: NodeId, cache: NodeId, how: CacheUse, names: &Names) {
        let document = self.document;
        let keys = document.find(cache, &["keys"]).unwrap_or(cache);
        let mut keys: Vec<Template> = match document.find(cache, &["key"]) {
            Some(key) => names.template(document, key).into_iter().collect(),
            None => {
                let items = document.tree.items(keys).iter();
                items.filter_map(|key| names.template(document, *key)).collect()
            }
        };
        if keys.is_empty() {
            return;
        }
        let key = keys.remove(0);
        let scope = names.scope();
        let paths = document.find(cache, &["paths"]);
        let paths = paths.map(|paths| document.tree.items(paths)).unwrap_or_default();
        let paths = paths.iter().filter_map(|path| {
            let value = names.resolve(document.tree.text(*path)?);
            let text = value.iter().map(|part| part.text.as_str()).collect();
            Some(CachePath { go: go_paths::go_dirs(&value, &scope), text })
        });
        let step = CacheStep {
            how,
            key,
            paths: paths.collect(),
            restore_keys: keys,
            lookup_only: Flag::No,
            fail_on_miss: Flag::No,
            store: Store::CIRCLECI,
        };
        self.add(node, document.text(cache, &["name"]), StepKind::Cache(step));
    }

    /// Walks a command of the file or of an orb.
    fn command(
        &mut self,
        node: NodeId,
        name: &str,
        arguments: Option<NodeId>,
        names: &Names,
        depth: usize,
    ) {
        let document = self.document;
        let inline = name.split_once('/').and_then(|(orb, command)| {
            document.find(document.root, &["orbs", orb, "commands", command])
        });
        if let Some(found) = self.commands.get(name).copied().or(inline)
            && let Some(steps) = document.find(found, &["steps"])
        {
            let inner = Names {
                parameters: parameters(document, found, arguments, names),
                ..names.clone()
            };
            self.all(steps, &inner, depth.saturating_add(1));
            return;
        }
        let of_orb = name.split_once('/').filter(|(orb, _)| {
            self.orbs.get(orb).is_some_and(|orb| orb.starts_with("circleci/go@"))
        });
        let Some((_, name_in_orb)) = of_orb else {
            self.add(node, Some(name), StepKind::Other { uses: name.to_owned() });
            return;
        };
        self.orb_command(node, name_in_orb, arguments, names, depth);
    }

    fn orb_command(
        &mut self,
        node: NodeId,
        name: &str,
        arguments: Option<NodeId>,
        names: &Names,
        depth: usize,
    ) {
        let document = self.document;
        let place = document.place(node);
        let argument = |key: &str| document.find(arguments?, &[key]);
        let text = |key: &str| argument(key).and_then(|node| document.tree.text(node));
        let cache = |walk: &mut Self, how, dir| {
            walk.add(node, Some(name), StepKind::Cache(orb::cache(how, dir, &place)));
        };
        match orb::command(name) {
            Command::Cache(how, dir) => cache(self, how, dir),
            Command::Install => {
                let version = match text("version") {
                    Some(version) => VersionSource::Input(names.resolve(version)),
                    None => VersionSource::Path,
                };
                let setup = SetupGo::without_cache(version);
                self.add(node, Some(name), StepKind::SetupGo(setup));
            }
            Command::DownloadCached => {
                cache(self, CacheUse::Restore, GoDir::Modules);
                let text = "go mod download\n".to_owned();
                self.add(node, Some(name), StepKind::Script { text });
                cache(self, CacheUse::Save, GoDir::Modules);
            }
            Command::WithCache => {
                let is_on = |key: &str, default| text(key).map_or(default, |text| text == "true");
                let mut dirs = Vec::new();
                dirs.extend(is_on("build", true).then_some(GoDir::Build));
                dirs.extend(is_on("mod", false).then_some(GoDir::Modules));
                dirs.iter().for_each(|dir| cache(self, CacheUse::Restore, *dir));
                if let Some(steps) = argument("steps") {
                    self.inner(steps, names, depth);
                }
                dirs.iter().for_each(|dir| cache(self, CacheUse::Save, *dir));
            }
            Command::Other => self.add(node, Some(name), StepKind::Other { uses: name.to_owned() }),
        }
    }
}

/// The parameters of a job, command or executor: what it is given, else the defaults.
pub(super) fn parameters(
    document: &Document<'_>,
    declared: NodeId,
    arguments: Option<NodeId>,
    caller: &Names,
) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for (name, declaration) in document.entries(declared, &["parameters"]) {
        if let Some(default) = document.find(declaration, &["default"]) {
            parameters.insert(name.to_owned(), parameter(document, default, caller));
        } else {
            let open = Part::new(format!("parameters.{name}"), [Class::Opaque]);
            parameters.insert(name.to_owned(), Parameter::Open(open));
        }
    }
    let given = arguments.map(|node| document.entries(node, &[])).unwrap_or_default();
    for (name, value) in given {
        parameters.insert(name.to_owned(), parameter(document, value, caller));
    }
    parameters
}

fn parameter(document: &Document<'_>, node: NodeId, caller: &Names) -> Parameter {
    let Some(text) = document.tree.text(node) else {
        return Parameter::Steps(node, Arc::new(caller.clone()));
    };
    // What the caller was given is passed on.
    let passed = text.trim().strip_prefix("<<").and_then(|text| text.strip_suffix(">>"));
    let passed = passed.and_then(|name| name.trim().strip_prefix("parameters."));
    if let Some(parameter) = passed.and_then(|name| caller.parameters.get(name)) {
        return parameter.clone();
    }
    match caller.substituted(text) {
        Some(text) => Parameter::Text(text),
        None => match caller.resolve(text).as_slice() {
            [part] => Parameter::Open(part.clone()),
            parts => {
                let classes = parts.iter().flat_map(|part| part.classes.clone());
                let mut part = Part::new(text, classes);
                part.classes.insert(Class::Opaque);
                Parameter::Open(part)
            }
        },
    }
}
