//! The jobs of a pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::config::{Config, Layers, MAX_SCRIPT_DEPTH, Node};
use super::{cache, predefined};
use crate::config::pipeline::{
    Checkout, Image, Job, Matrix, Os, Runner, Step, StepKind, all_needs,
};
use crate::config::script::{Lines, Script};
use crate::config::toolchain;
use crate::config::variables::{Syntax, Variables};
use crate::finding::Place;

/// Jobs of one pipeline that are read.
const MAX_JOBS: usize = 2048;
/// Inputs of one script that are told apart.
const MAX_INPUTS: usize = 1 << 10;
/// Script text of one pipeline that is read, in bytes. Jobs that share long
/// scripts by anchors would make more of it than there is memory.
const MAX_SCRIPTS: usize = 4 << 20;

/// Keys of a file that are no jobs.
const KEYWORDS: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "types",
    "variables",
    "workflow",
];

/// Reads all jobs, and tells whether there are more than were read.
pub(super) fn jobs(config: &Config<'_>) -> (Vec<Job>, bool) {
    let mut jobs = Vec::new();
    let mut stages = BTreeMap::new();
    let mut is_cut = false;
    let mut scripts = 0_usize;
    for (name, node) in config.keys() {
        if KEYWORDS.contains(&name) || name.starts_with('.') || !node.is_mapping() {
            continue;
        }
        let one = One::new(config, name);
        // A job that starts another pipeline, or `pages:` settings without a script.
        if config.get(&one.layers, "script").is_empty() && config.get(&one.layers, "run").is_empty()
        {
            continue;
        }
        if jobs.len() >= MAX_JOBS || scripts > MAX_SCRIPTS {
            is_cut = true;
            break;
        }
        stages.insert(name.to_owned(), one.stage());
        let job = one.job(node.place());
        let lengths = job.steps.iter().map(|step| match &step.kind {
            StepKind::Script { text } => text.len(),
            _ => 0,
        });
        scripts = lengths.fold(scripts, usize::saturating_add);
        jobs.push((job, one.needs()));
    }
    (ordered(jobs, &stages, &stage_names(config)), is_cut)
}

/// Fills in which jobs end before each: those of `needs:`, else of all stages before.
fn ordered(
    jobs: Vec<(Job, Option<Vec<String>>)>,
    stages: &BTreeMap<String, String>,
    names: &[String],
) -> Vec<Job> {
    let order = |job: &str| stages.get(job).and_then(|s| names.iter().position(|n| n == s));
    let direct: BTreeMap<String, BTreeSet<String>> = jobs
        .iter()
        .map(|(job, needs)| {
            let before: BTreeSet<String> = match needs {
                Some(needs) => needs.iter().cloned().collect(),
                None => {
                    let own = order(&job.id);
                    let earlier = stages.keys().filter(|n| own.is_some() && order(n) < own);
                    earlier.filter(|name| order(name).is_some()).cloned().collect()
                }
            };
            (job.id.clone(), before)
        })
        .collect();
    let filled = jobs.into_iter().map(|(job, _)| Job { needs: all_needs(&direct, &job.id), ..job });
    filled.collect()
}

fn stage_names(config: &Config<'_>) -> Vec<String> {
    let own = config.global("stages");
    let names = own.first().map(|node| node.texts()).filter(|names| !names.is_empty());
    let names = names.unwrap_or_else(|| vec!["build", "test", "deploy"]);
    let all = [".pre"].into_iter().chain(names).chain([".post"]);
    all.map(str::to_owned).collect()
}

/// One job.
struct One<'c, 'a> {
    config: &'c Config<'a>,
    name: &'c str,
    layers: Layers<'a>,
    /// `default:` and the keys at the top that it came from.
    defaults: Layers<'a>,
}

impl<'c, 'a> One<'c, 'a> {
    fn new(config: &'c Config<'a>, name: &'c str) -> Self {
        let layers = config.job(name);
        let defaults = config.global("default");
        Self { config, name, layers, defaults }
    }

    /// A keyword of the job, or its default where the job inherits it.
    fn keyword(&self, key: &str) -> Layers<'a> {
        let own = self.config.get(&self.layers, key);
        if !own.is_empty() || !self.inherits("default", key) {
            return own;
        }
        let default = self.config.get(&self.defaults, key);
        if default.is_empty() { self.config.global(key) } else { default }
    }

    /// Reads `inherit:`: a list of names, true or false.
    fn inherits(&self, what: &str, name: &str) -> bool {
        let inherit = self.config.get(&self.layers, "inherit");
        let setting = self.config.get(&inherit, what);
        setting.first().is_none_or(|node| match node.text() {
            Some(text) => text != "false",
            None => node.texts().contains(&name),
        })
    }

    fn stage(&self) -> String {
        let stage = self.config.get(&self.layers, "stage");
        stage.first().and_then(|node| node.text()).unwrap_or("test").to_owned()
    }

    fn needs(&self) -> Option<Vec<String>> {
        let needs = self.config.get(&self.layers, "needs");
        let name = |item: Node<'a>| item.text().or_else(|| item.find("job")?.text());
        let items = needs.first()?.items();
        Some(items.into_iter().filter_map(name).map(str::to_owned).collect())
    }

    fn variables(&self) -> Variables {
        let mut variables = Variables::new(Syntax::Dollar, predefined);
        let global = self.config.global("variables");
        let own = self.config.get(&self.layers, "variables");
        let inherited = |name: &str| self.inherits("variables", name);
        for (layers, all) in [(global, false), (own, true)] {
            for layer in layers.iter().rev() {
                variables.extend(layer.entries().into_iter().filter_map(|(name, node)| {
                    let text = node.text().or_else(|| node.find("value")?.text());
                    (all || inherited(name)).then(|| (name.to_owned(), text.map(str::to_owned)))
                }));
            }
        }
        // What a rule sets holds in some pipelines only.
        let workflow = self.config.global("workflow");
        for holder in [&workflow, &self.layers] {
            let rules = self.config.get(holder, "rules");
            for rule in rules.iter().flat_map(|node| node.items()) {
                let set = rule.find("variables").map(Node::entries).unwrap_or_default();
                variables.extend(set.into_iter().map(|(name, _)| (name.to_owned(), None)));
            }
        }
        variables.set_matrix(self.matrix());
        variables
    }

    /// Reads `parallel: matrix:`, a list of legs with one or more values a name.
    fn matrix(&self) -> Matrix {
        let mut matrix = Matrix::default();
        let parallel = self.config.get(&self.layers, "parallel");
        let legs = self.config.get(&parallel, "matrix");
        for (name, node) in legs.iter().flat_map(|n| n.items()).flat_map(Node::entries) {
            let texts = node.texts();
            let values = matrix
                .values
                .entry(name.to_ascii_lowercase())
                .or_insert_with(|| Some(BTreeSet::new()));
            if texts.iter().any(|text| text.contains('$')) {
                *values = None;
            } else if let Some(values) = values {
                values.extend(texts.into_iter().map(str::to_owned));
            }
        }
        matrix
    }

    fn runner(&self, variables: &Variables) -> Runner {
        let image = self.keyword("image");
        let node = image.first().copied().filter(|node| node.text().is_some());
        let node = node.or_else(|| self.config.get(&image, "name").first().copied());
        let name = node.and_then(Node::text);
        let container = node
            .zip(name)
            .map(|(node, name)| Image { name: variables.resolve(name), place: node.place() });
        // The tags of a runner say nothing; an image is one of Linux but for a few.
        let is_linux =
            name.is_some_and(|name| !name.contains("windows") && !name.contains("nanoserver"));
        Runner { os: is_linux.then(|| BTreeSet::from([Os::Linux])), container, ..Runner::default() }
    }

    fn job(&self, place: Place) -> Job {
        let variables = self.variables();
        let step = |what: &str, place: Place, lines: Lines, kind: StepKind| Step {
            subject: format!("job {}{what}", self.name),
            id: None,
            place,
            is_conditional: false,
            run: lines.into(),
            image: None,
            kind,
        };
        let mut steps = Vec::new();
        if variables.text("GIT_STRATEGY").is_none_or(|how| how != "none" && how != "empty") {
            steps.push(step(
                "",
                place.clone(),
                Lines::default(),
                StepKind::Checkout(Checkout::default()),
            ));
        }
        for (place, cache) in cache::caches(self.config, &self.keyword("cache"), &variables) {
            steps.push(step(", cache", place, Lines::default(), StepKind::Cache(cache)));
        }
        // These two are one shell, `after_script` is another.
        for (what, keys) in
            [(", script", &["before_script", "script"][..]), (", after_script", &["after_script"])]
        {
            let mut script = Script::default();
            for key in keys {
                self.config.push_script(&mut script, &self.keyword(key), MAX_SCRIPT_DEPTH);
            }
            let own = keys.last().map(|key| self.keyword(key)).unwrap_or_default();
            let Some(first) = own.first() else { continue };
            script.replace(&inputs(&script.text));
            let Script { text, lines } = script;
            steps.push(step(what, first.place(), lines, StepKind::Script { text }));
        }
        let mut job = Job {
            id: self.name.to_owned(),
            needs: BTreeSet::new(),
            runner: self.runner(&variables),
            matrix: self.matrix(),
            env: variables.scope().env,
            steps,
        };
        toolchain::mark(&mut job, &place.path);
        job
    }
}

/// Each `$[[ inputs.x ]]` of a script as the expression that it is: what it stands for is not told
/// by the file.
fn inputs(script: &str) -> Vec<(Range<usize>, String)> {
    let found = script.match_indices("$[[").filter_map(|(start, open)| {
        let rest = script.get(start.saturating_add(open.len())..)?;
        let (inner, _) = rest.split_once("]]")?;
        let end = start.saturating_add(inner.len()).saturating_add("$[[]]".len());
        Some((start..end, format!("${{{{{inner}}}}}")))
    });
    found.take(MAX_INPUTS).collect()
}
