//! Which parts of a job's cache keys follow its Go version.

use super::classify;
use super::pipeline::{Job, StepKind, VersionSource};
use super::template::{Class, Part};

/// Where the Go of a job comes from.
#[derive(Debug, Default)]
struct Sources {
    /// Expressions that are a version, in their one spelling.
    expressions: Vec<String>,
    /// Files that hold a version.
    files: Vec<String>,
    /// Whether a version cannot be told: it may come from any file.
    is_open: bool,
}

/// Adds [`Class::Toolchain`] to each part of a cache key that changes with the
/// Go version of the job: the expression that setup-go is given, a hash of the
/// file that it reads, a version written out.
pub(super) fn mark(job: &mut Job, workflow: &str) {
    let sources = sources(job, workflow);
    for step in &mut job.steps {
        let StepKind::Cache(cache) = &mut step.kind else { continue };
        let keys = std::iter::once(&mut cache.key).chain(&mut cache.restore_keys);
        for part in keys.flat_map(|template| &mut template.parts) {
            if sources.vary(part) {
                part.classes.insert(Class::Toolchain);
            }
        }
    }
}

fn sources(job: &Job, workflow: &str) -> Sources {
    let mut sources = Sources::default();
    for (_, setup) in job.setups() {
        match &setup.version {
            VersionSource::Input(version) => sources.add(version, workflow),
            VersionSource::File(file) => {
                sources.files.push(file.iter().map(|part| part.text.as_str()).collect());
            }
            VersionSource::Path => {}
        }
    }
    let of_steps = job.steps.iter().filter_map(|step| step.image.as_ref());
    for image in job.runner.container.iter().chain(of_steps) {
        if image.name.first().is_some_and(|part| is_go_image(&part.text)) {
            sources.add(&image.name, workflow);
        }
    }
    sources
}

fn is_go_image(name: &str) -> bool {
    name.contains("golang") || name.contains("cimg/go") || name.ends_with("/go")
}

impl Sources {
    fn add(&mut self, version: &[Part], workflow: &str) {
        let is_open = |part: &Part| part.is(Class::Opaque) && !part.text.starts_with("matrix.");
        // A version that a script found may well come from go.mod.
        self.is_open |= version.iter().any(is_open);
        self.files.push(workflow.to_owned());
        let expressions = version.iter().filter(|part| !part.is_literal);
        self.expressions.extend(expressions.map(|part| part.text.clone()));
    }

    fn vary(&self, part: &Part) -> bool {
        // Without a source the Go of the image is used, or the one that go.mod asks it for.
        let any_file = self.is_open || self.files.is_empty();
        if part.is_literal {
            return classify::mentions_go_version(&part.text);
        }
        self.expressions.contains(&part.text)
            || part.hashed.iter().any(|pattern| {
                (any_file && classify::hashes_version_file(pattern, None))
                    || self.files.iter().any(|f| classify::hashes_version_file(pattern, Some(f)))
            })
    }
}
