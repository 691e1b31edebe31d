//! Matrices and runners: which legs a job has, and where they run.

use std::collections::BTreeSet;

use crate::config::document::Document;
use crate::config::pipeline::{Image, Matrix, Os, Runner};
use crate::config::scope::Scope;
use crate::config::template::Value;
use crate::config::yaml::{NodeId, NodeKind};

/// How deep the objects of a matrix are followed.
const MAX_DEPTH: usize = 4;
/// GitHub runs no more than 256 legs.
const MAX_LEGS: usize = 256;

/// Reads `strategy: matrix:` of a job. `exclude` takes away legs and is not
/// applied: it leaves a superset.
pub(super) fn matrix(document: &Document<'_>, job: NodeId) -> Matrix {
    let mut matrix = Matrix::default();
    let Some(node) = document.find(job, &["strategy", "matrix"]) else { return matrix };
    let names_matrix =
        |label: &NodeId| document.tree.text(*label).is_some_and(|text| text.contains("matrix"));
    matrix.picks_runner = labels(document, job).iter().any(names_matrix);
    matrix.is_open = document.tree.text(node).is_some();
    for (name, node) in document.entries(node, &[]) {
        let legs = document.tree.items(node);
        match name {
            "exclude" => {}
            "include" => {
                matrix.is_open |= document.tree.text(node).is_some();
                for leg in legs.iter().take(MAX_LEGS) {
                    for (name, value) in document.entries(document.tree.resolve(*leg), &[]) {
                        add(&mut matrix, document, name, value, MAX_DEPTH);
                    }
                }
            }
            // `go: ${{ fromJSON(…) }}`
            name if legs.is_empty() => {
                matrix.values.insert(name.to_ascii_lowercase(), None);
            }
            name => {
                for leg in legs.iter().take(MAX_LEGS) {
                    add(&mut matrix, document, name, document.tree.resolve(*leg), MAX_DEPTH);
                }
            }
        }
    }
    matrix
}

fn add(matrix: &mut Matrix, document: &Document<'_>, name: &str, node: NodeId, depth: usize) {
    let name = name.to_ascii_lowercase();
    match (&document.tree.node(node).kind, depth.checked_sub(1)) {
        (NodeKind::Scalar(scalar), _) => {
            let known = matrix.values.entry(name.clone()).or_insert_with(|| Some(BTreeSet::new()));
            if scalar.text.contains("${{") {
                *known = None;
            } else if let Some(values) = known {
                values.insert(scalar.text.clone());
            }
            if let Some(shortened) = document.shortened(node) {
                matrix.shortened.entry(name).or_insert(shortened);
            }
        }
        (NodeKind::Mapping(_), Some(depth)) => {
            for (key, value) in document.entries(node, &[]) {
                add(matrix, document, &format!("{name}.{key}"), value, depth);
            }
        }
        _ => {
            matrix.values.insert(name, None);
        }
    }
}

/// What `runs-on:` asks for.
fn labels(document: &Document<'_>, job: NodeId) -> Vec<NodeId> {
    let Some(node) = document.find(job, &["runs-on"]) else { return Vec::new() };
    let node = document.find(node, &["labels"]).unwrap_or(node);
    match document.tree.items(node) {
        [] => vec![node],
        items => items.to_vec(),
    }
}

/// Reads `runs-on:` and `container:` of a job.
pub(super) fn runner(document: &Document<'_>, job: NodeId, scope: &Scope) -> Runner {
    let labels = labels(document, job);
    let mut texts = labels.iter().filter_map(|label| document.tree.text(*label));
    // Runners of GitHub have one label, which names their image.
    let names_own =
        |text: &str| matches!(text.to_ascii_lowercase().as_str(), "self-hosted" | "linux" | "x64");
    let is_own = labels.len() > 1
        || texts.clone().any(names_own)
        || document.find(job, &["runs-on", "group"]).is_some();
    let image = document
        .find(job, &["container", "image"])
        .or_else(|| document.find(job, &["container"]))
        .and_then(|node| Some((node, document.tree.text(node)?)));
    Runner {
        os: texts.find_map(|label| systems(&scope.resolve(label), scope)),
        container: image
            .map(|(node, image)| Image { name: scope.resolve(image), place: document.place(node) }),
        is_own,
    }
}

/// The systems that a label stands for: one, or those of a matrix entry.
fn systems(label: &Value, scope: &Scope) -> Option<BTreeSet<Os>> {
    let [part] = label.as_slice() else {
        // `ubuntu-${{ matrix.version }}`
        return label.first().filter(|part| part.is_literal).and_then(|part| one(&part.text));
    };
    if part.is_literal {
        return one(&part.text);
    }
    let values = scope.matrix.values.get(part.text.strip_prefix("matrix.")?)?.as_ref()?;
    let mut all = BTreeSet::new();
    for value in values {
        all.extend(one(value)?);
    }
    Some(all)
}

fn one(label: &str) -> Option<BTreeSet<Os>> {
    let label = label.to_ascii_lowercase();
    let is = |name: &str| label.starts_with(name);
    let os = match () {
        () if is("ubuntu") || label == "linux" => Os::Linux,
        () if is("macos") => Os::MacOs,
        () if is("windows") => Os::Windows,
        () => return None,
    };
    Some(BTreeSet::from([os]))
}
