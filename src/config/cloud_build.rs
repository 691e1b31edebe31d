//! Google Cloud Build: the steps of `cloudbuild.yaml`, each in an image of its own.
//!
//! Source: <https://cloud.google.com/build/docs/build-config-file-schema>.

use std::collections::BTreeSet;

use super::document::Document;
use super::pipeline::{Image, Job, Matrix, Os, Pipeline, Runner, Step, StepKind, System};
use super::script::Script;
use super::template::Class;
use super::toolchain;
use super::variables::{Syntax, Variables};
use super::yaml::NodeId;
use super::{Reading, SourceFile};

/// Cloud Build takes three hundred steps.
const MAX_STEPS: usize = 512;

pub(super) fn is_root(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let name = super::is_yaml(&name).or_else(|| name.strip_suffix(".json")).map(str::to_owned);
    name.is_some_and(|name| name.starts_with("cloudbuild") || name.ends_with("cloudbuild"))
}

pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    for source in sources.iter().filter(|source| is_root(&source.path)) {
        let document = match Document::parse(source) {
            Ok(Some(document)) => document,
            Ok(None) => continue,
            Err(unread) => {
                reading.unread.push(unread);
                continue;
            }
        };
        let Some(items) = document.find(document.root, &["steps"]) else { continue };
        let mut variables = Variables::new(Syntax::Dollar, predefined);
        variables.extend(document.environment(document.root, &["options", "env"]));
        variables.extend(document.environment(document.root, &["substitutions"]));
        let items = document.tree.items(items).iter().take(MAX_STEPS);
        let steps = (1_usize..).zip(items);
        let steps = steps.filter_map(|(number, item)| {
            step(&document, document.tree.resolve(*item), number, &variables)
        });
        let mut job = Job {
            id: "build".to_owned(),
            needs: BTreeSet::new(),
            runner: Runner { os: Some([Os::Linux].into()), container: None, ..Runner::default() },
            matrix: Matrix::default(),
            env: variables.scope().env,
            steps: steps.collect(),
        };
        toolchain::mark(&mut job, document.path);
        reading.pipelines.push(Pipeline {
            path: document.path.to_owned(),
            system: System::CloudBuild,
            triggers: BTreeSet::new(),
            is_complete: true,
            jobs: vec![job],
        });
    }
    reading
}

fn step(
    document: &Document<'_>,
    node: NodeId,
    number: usize,
    variables: &Variables,
) -> Option<Step> {
    let named = document.find(node, &["name"])?;
    let image = document.tree.text(named)?;
    let subject = match document.text(node, &["id"]) {
        Some(id) => format!("step \"{id}\""),
        None => format!("step {number}"),
    };
    let script = script(document, node, image);
    let (kind, lines) = match script {
        Some(Script { text, lines }) => (StepKind::Script { text }, lines),
        None => (StepKind::Other { uses: image.to_owned() }, Default::default()),
    };
    let id = document.text(node, &["id"]).map(str::to_owned);
    let name = variables.resolve(image);
    let image = Some(Image { name, place: document.place(named) });
    Some(Step {
        subject,
        id,
        place: document.place(node),
        is_conditional: false,
        run: lines.into(),
        image,
        kind,
    })
}

/// What a step runs: its script, the text that it gives a shell, or its command line.
fn script(document: &Document<'_>, node: NodeId, image: &str) -> Option<Script> {
    if let Some(script) = document.find(node, &["script"]) {
        return Some(document.script(script));
    }
    let arguments = document.find(node, &["args"]);
    let items = arguments.map(|node| document.tree.items(node)).unwrap_or_default();
    let entrypoint = document.find(node, &["entrypoint"]);
    let program = entrypoint.and_then(|node| document.tree.text(node)).unwrap_or_default();
    let is_shell =
        |program: &str| matches!(program.rsplit('/').next(), Some("bash" | "sh" | "ash" | "dash"));
    let texts: Vec<&str> = items.iter().filter_map(|item| document.tree.text(*item)).collect();
    // `bash -c TEXT`, the shell as the entry point or as the first word.
    let first = if is_shell(program) { 0 } else { 1 };
    let leads = is_shell(program)
        || (program.is_empty() && texts.first().is_some_and(|word| is_shell(word)));
    let is_flag = |word: &&str| word.starts_with('-') && word.ends_with('c');
    if leads && texts.get(first).is_some_and(is_flag) {
        let text = items.get(first.saturating_add(1))?;
        return Some(document.script(*text));
    }
    let mut script = Script::default();
    match entrypoint {
        Some(node) => script.push_word(document, node),
        // These images have no entry point, or `go`.
        None if image.contains("golang") => {}
        None if image.ends_with("cloud-builders/go") => script.push_text("go"),
        None => return None,
    }
    for item in items {
        script.push_word(document, *item);
    }
    (!script.text.is_empty()).then_some(script)
}

/// The class of a substitution that Cloud Build makes.
///
/// Source: <https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values>.
fn predefined(name: &str) -> Option<Class> {
    Some(match name {
        "commit_sha" | "short_sha" | "revision_id" | "build_id" => Class::Volatile,
        "branch_name" | "tag_name" | "ref_name" => Class::Branch,
        "project_id" | "project_number" | "repo_name" | "repo_full_name" | "location"
        | "trigger_name" => Class::Job,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_all_forms() {
        let text = "steps:\n- name: golang:${_GO}\n  args: [go, build, '-ldflags=-s -w']\n- name: gcr.io/cloud-builders/go\n  args: [test]\n- name: golang\n  entrypoint: bash\n  args:\n  - -ec\n  - |\n    go vet\n    go test\n- name: golang\n  script: go run .\n- name: gcr.io/cloud-builders/docker\n  args: [build, .]\nsubstitutions: {_GO: '1.25'}\n";
        let source = SourceFile { path: "ci/cloudbuild.yaml".to_owned(), text: text.to_owned() };
        let pipeline = read(&[source]).pipelines.remove(0);
        let steps = &pipeline.jobs[0].steps;
        let scripts: Vec<&str> = steps
            .iter()
            .map(|step| match &step.kind {
                StepKind::Script { text } => text.as_str(),
                _ => "-",
            })
            .collect();
        assert_eq!(
            scripts,
            ["go build '-ldflags=-s -w'", "go test", "go vet\ngo test\n", "go run .", "-"]
        );
        let at = |step: usize, offset| {
            let (line, column) = steps[step].place_in_script(offset).at.unwrap();
            (line.get(), column.get())
        };
        assert_eq!(at(0, "go ".len()), (3, 14));
        assert_eq!(at(2, "go vet\ngo ".len()), (12, 8));
        let image: String =
            steps[0].image.iter().flat_map(|image| &image.name).map(|p| p.text.as_str()).collect();
        assert_eq!(image, "golang:1.25");
    }
}
