//! Stages and jobs, those of templates in place.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{Frame, Item};
use super::steps::{self, MAX_DEPTH, Steps, Walk};
use super::{Files, predefined, template_path};
use crate::config::document::Document;
use crate::config::pipeline::{
    Checkout, Image, Job, Matrix, Os, Runner, Step, StepKind, all_needs,
};
use crate::config::script::Lines;
use crate::config::toolchain;
use crate::config::variables::{Syntax, Variables};
use crate::config::yaml::NodeId;

/// Jobs of one pipeline that are read.
const MAX_JOBS: usize = 512;

/// Reads all jobs, and tells whether there are more than were read.
pub(super) fn jobs<'a>(files: &'a Files<'a>, document: &'a Document<'a>) -> (Vec<Job>, bool) {
    let walk = Walk { files, walked: 0, script_bytes: 0 };
    let mut jobs = Jobs { walk, jobs: Vec::new(), needs: BTreeMap::new(), is_cut: false };
    let frame = Frame::root(document);
    let mut variables = Variables::new(Syntax::Macro, predefined);
    jobs.file(&frame, &mut variables, &Holder::default(), 0);
    let Jobs { walk, mut jobs, needs, is_cut } = jobs;
    for job in &mut jobs {
        job.needs = all_needs(&needs, &job.id);
    }
    (jobs, is_cut || walk.is_cut())
}

/// What stands around a job.
#[derive(Debug, Clone, Default)]
struct Holder {
    stage: String,
    /// Jobs that end before all jobs of the stage.
    before: BTreeSet<String>,
    os: Option<BTreeSet<Os>>,
}

struct Jobs<'a> {
    walk: Walk<'a>,
    jobs: Vec<Job>,
    needs: BTreeMap<String, BTreeSet<String>>,
    is_cut: bool,
}

impl<'a> Jobs<'a> {
    /// Reads a file with stages, jobs or steps, or one that extends such a file.
    fn file(
        &mut self,
        frame: &Frame<'a>,
        variables: &mut Variables,
        holder: &Holder,
        depth: usize,
    ) {
        let document = frame.document;
        let mut holder = holder.clone();
        holder.os = pool(frame, document.root, variables).or(holder.os);
        self.variables(frame, document.root, variables, 0);
        let find = |key: &str| document.find(document.root, &[key]);
        if let Some(extends) = find("extends") {
            self.template(frame, extends, variables, &holder, depth);
        }
        if let Some(stages) = find("stages") {
            self.stages(frame.items(stages), variables, &holder, depth);
        }
        if let Some(jobs) = find("jobs") {
            self.list(frame.items(jobs), variables, &holder, depth);
        }
        if find("steps").is_some() && find("jobs").is_none() {
            self.job(frame, document.root, variables, &holder);
        }
    }

    /// Reads the stages or jobs of a template.
    fn template(
        &mut self,
        frame: &Frame<'a>,
        node: NodeId,
        variables: &Variables,
        holder: &Holder,
        depth: usize,
    ) {
        let document = frame.document;
        let Some(name) = document.text(node, &["template"]) else { return };
        let path = template_path(document.path, name);
        let Some(found) = path.and_then(|path| self.walk.files.get(path.as_str())) else { return };
        self.walk.walked = self.walk.walked.saturating_add(1);
        if depth > MAX_DEPTH || self.walk.is_cut() {
            self.is_cut |= self.walk.is_cut();
            return;
        }
        let inner = frame.template(found, document.find(node, &["parameters"]), variables);
        self.file(&inner, &mut variables.clone(), holder, depth.saturating_add(1));
    }

    fn stages(
        &mut self,
        items: Vec<Item<'a>>,
        variables: &Variables,
        holder: &Holder,
        depth: usize,
    ) {
        let mut ended: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut last = String::new();
        for Item { frame, node } in items {
            let document = frame.document;
            let mut holder = holder.clone();
            let named = document.text(node, &["stage"]).map(str::to_owned);
            // The jobs of a stage without `dependsOn` come after those of the stage before.
            let before = match document.find(node, &["dependsOn"]) {
                None => vec![last.clone()],
                Some(node) => document.texts(node).into_iter().map(str::to_owned).collect(),
            };
            holder
                .before
                .extend(before.iter().filter_map(|name| ended.get(name)).flatten().cloned());
            holder.os = pool(&frame, node, variables).or(holder.os);
            let first = self.jobs.len();
            if document.find(node, &["template"]).is_some() {
                self.template(&frame, node, variables, &holder, depth);
            }
            if let Some(jobs) = document.find(node, &["jobs"]) {
                holder.stage = named.clone().unwrap_or_default();
                let mut variables = variables.clone();
                self.variables(&frame, node, &mut variables, 0);
                self.list(frame.items(jobs), &variables, &holder, depth);
            }
            last = named.unwrap_or_else(|| format!("{first}"));
            let ids = self.jobs.iter().skip(first).map(|job| job.id.clone());
            ended.insert(last.clone(), ids.collect());
        }
    }

    fn list(&mut self, items: Vec<Item<'a>>, variables: &Variables, holder: &Holder, depth: usize) {
        for Item { frame, node } in items {
            if frame.document.find(node, &["template"]).is_some() {
                self.template(&frame, node, variables, holder, depth);
            } else {
                self.job(&frame, node, &mut variables.clone(), holder);
            }
        }
    }

    /// Reads one job, which may be the file itself.
    fn job(&mut self, frame: &Frame<'a>, node: NodeId, variables: &mut Variables, holder: &Holder) {
        self.is_cut |= self.jobs.len() >= MAX_JOBS || self.walk.is_cut();
        if self.is_cut {
            return;
        }
        let document = frame.document;
        let text = |key: &str| document.text(node, &[key]);
        let own = text("job").or_else(|| text("deployment"));
        let name = own.map_or_else(|| format!("{}", self.jobs.len()), str::to_owned);
        let id_of = |name: &str| format!("{}/{name}", holder.stage);
        if node != document.root {
            self.variables(frame, node, variables, 0);
        }
        let matrix = matrix(document, node);
        variables.set_matrix(matrix.clone());
        let items = job_steps(frame, node);
        let (is_deployment, place) = (text("deployment").is_some(), document.place(node));
        let owner = own.map_or_else(|| "steps".to_owned(), |name| format!("job {name}"));
        let mut steps = Steps { walk: &mut self.walk, steps: Vec::new(), owner };
        // Each job but a deployment starts with a checkout, unless it says otherwise.
        if !is_deployment && !steps::checks_nothing_out(&items) {
            let (subject, lines) = (steps.owner.clone(), Lines::default());
            let kind = StepKind::Checkout(Checkout::default());
            steps.steps.push(Step {
                subject,
                id: None,
                place,
                is_conditional: false,
                run: lines.into(),
                image: None,
                kind,
            });
        }
        let container = container(frame, node, variables);
        let os = pool(frame, node, variables).or_else(|| holder.os.clone());
        steps.all(items, variables, 0);
        let steps = steps.steps;
        let mut needs = holder.before.clone();
        if let Some(node) = document.find(node, &["dependsOn"]) {
            needs.extend(document.texts(node).into_iter().map(id_of));
        }
        let id = id_of(&name);
        self.needs.insert(id.clone(), needs);
        let runner = Runner { os, container, ..Runner::default() };
        let (needs, env) = (BTreeSet::new(), variables.scope().env);
        let mut job = Job { id, needs, runner, matrix, env, steps };
        toolchain::mark(&mut job, document.path);
        self.jobs.push(job);
    }

    /// Adds `variables:` of a file, stage or job: a mapping, or a list of
    /// variables, groups and templates.
    fn variables(
        &mut self,
        frame: &Frame<'a>,
        node: NodeId,
        variables: &mut Variables,
        depth: usize,
    ) {
        let document = frame.document;
        let Some(node) = document.find(node, &["variables"]) else { return };
        let value = |frame: &Frame<'a>, node: Option<NodeId>, variables: &Variables| {
            let text = frame.document.tree.text(node?)?;
            // `$[ … ]` is worked out when the pipeline runs.
            if text.trim_start().starts_with("$[") {
                return None;
            }
            frame.substituted(text, variables)
        };
        let mut texts = Vec::new();
        for (name, node) in frame.entries(node) {
            texts.push((name.to_owned(), value(frame, node, variables)));
        }
        let direct = document.tree.items(node).len();
        for Item { frame: inner, node } in frame.items(node) {
            let document = inner.document;
            if let Some(name) = document.text(node, &["name"]) {
                let text = value(&inner, document.find(node, &["value"]), variables);
                let is_second = texts.iter().any(|(other, _)| other == name);
                // Two of one name stand under conditions.
                let text = text.filter(|_| !is_second && direct > 0);
                texts.retain(|(other, _)| other != name);
                texts.push((name.to_owned(), text));
            }
            let path = document.text(node, &["template"]);
            let path = path.and_then(|name| template_path(document.path, name));
            if let Some(found) = path.and_then(|path| self.walk.files.get(path.as_str()))
                && depth <= MAX_DEPTH
            {
                self.walk.walked = self.walk.walked.saturating_add(1);
                let given = document.find(node, &["parameters"]);
                let inner = inner.template(found, given, variables);
                if !self.walk.is_cut() {
                    self.variables(&inner, found.root, variables, depth.saturating_add(1));
                }
            }
        }
        variables.extend(texts);
    }
}

/// The image of `container:`, which may name one of the file's `resources:`.
fn container(frame: &Frame<'_>, node: NodeId, variables: &Variables) -> Option<Image> {
    let document = frame.document;
    let node = document.find(node, &["container", "image"]).or_else(|| {
        let node = document.find(node, &["container"])?;
        let name = document.tree.text(node)?;
        let declared = document.find(document.root, &["resources", "containers"]);
        let declared = declared.map(|node| document.tree.items(node)).unwrap_or_default();
        let mut declared = declared.iter().map(|item| document.tree.resolve(*item));
        let found = declared.find(|item| document.text(*item, &["container"]) == Some(name));
        found.and_then(|item| document.find(item, &["image"])).or(Some(node))
    })?;
    let name = frame.resolve(document.tree.text(node)?, variables);
    Some(Image { name, place: document.place(node) })
}

/// The steps of a job, or those of all phases of a deployment.
fn job_steps<'a>(frame: &Frame<'a>, node: NodeId) -> Vec<Item<'a>> {
    let document = frame.document;
    if let Some(steps) = document.find(node, &["steps"]) {
        return frame.items(steps);
    }
    let mut items = Vec::new();
    for (_, strategy) in document.entries(node, &["strategy"]) {
        for (_, phase) in document.entries(strategy, &[]) {
            let steps = document.find(phase, &["steps"]);
            items.extend(steps.map(|steps| frame.items(steps)).unwrap_or_default());
        }
    }
    items
}

/// Reads `strategy: matrix:`, a leg a name.
fn matrix(document: &Document<'_>, job: NodeId) -> Matrix {
    let mut matrix = Matrix::default();
    let Some(node) = document.find(job, &["strategy", "matrix"]) else { return matrix };
    matrix.is_open = document.tree.text(node).is_some();
    for (leg, node) in document.entries(node, &[]).into_iter().take(256) {
        matrix.is_open |= leg.starts_with("${{");
        for (name, value) in document.entries(node, &[]) {
            let values = matrix
                .values
                .entry(name.to_ascii_lowercase())
                .or_insert_with(|| Some(BTreeSet::new()));
            match (document.tree.text(value), values) {
                (Some(text), Some(values)) if !text.contains('$') => {
                    values.insert(text.to_owned());
                }
                (_, values) => *values = None,
            }
        }
    }
    matrix
}

/// The systems of `pool: vmImage:`, of all legs of a matrix where it is one of its variables.
fn pool(frame: &Frame<'_>, node: NodeId, variables: &Variables) -> Option<BTreeSet<Os>> {
    let document = frame.document;
    let image = document.text(node, &["pool", "vmImage"])?;
    let value = frame.resolve(image, variables);
    if let Some(text) = steps::known(&value) {
        return one(&text);
    }
    let name = image.trim().strip_prefix("$(")?.strip_suffix(')')?.to_ascii_lowercase();
    let values = matrix(document, node).values.remove(&name).flatten()?;
    let mut all = BTreeSet::new();
    for value in &values {
        all.extend(one(value)?);
    }
    Some(all)
}

fn one(image: &str) -> Option<BTreeSet<Os>> {
    let image = image.to_ascii_lowercase();
    let os = match () {
        () if image.starts_with("ubuntu") => Os::Linux,
        () if image.starts_with("macos") => Os::MacOs,
        () if image.starts_with("windows") || image.starts_with("vs20") => Os::Windows,
        () => return None,
    };
    Some(BTreeSet::from([os]))
}
