//! Where causes start and where their cost ends, in few enough bands to see.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diff::Comparison;
use crate::diff::cause::Cause;
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::report::html::chains::Way;
use crate::report::html::data::CAUSES;
use crate::report::html::summary::grouped;
use crate::report::page::escape::visible;

/// Named nodes of a column; one more stands for the rest. Three columns make 21.
const NAMED: usize = 6;

/// Bands from causes through the packages in which they start to what they reach.
#[derive(Debug, Serialize)]
pub(super) struct Flow {
    /// What the width of a band is: `cpu` for CPU seconds, `actions` where none are known.
    pub(super) unit: &'static str,
    /// Causes that are too light for the page, and so stand in no band.
    pub(super) left_out: usize,
    /// Each column, top to bottom.
    pub(super) columns: [Vec<Node>; 3],
    pub(super) bands: Vec<Band>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Node {
    pub(super) label: String,
    /// How many causes, packages or modules stand behind it.
    pub(super) members: usize,
}

/// What one cause costs in one module through the roots in one package.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Band {
    /// Index of the node in each column.
    pub(super) nodes: [usize; 3],
    pub(super) weight: f64,
    pub(super) actions: usize,
}

/// An action under one of its causes.
struct Part<'a> {
    cause: usize,
    /// Package in which the cause starts.
    root: &'a str,
    /// Module of the action.
    module: &'a str,
    weight: f64,
}

/// Returns the bands, or nothing where there is no cause.
///
/// An action that several causes reach is split equally between them, as the
/// shares of the causes are; it stands under the root that is nearest to it.
pub(super) fn of(comparison: &Comparison, ways: &[Vec<Way>], second: &Recording) -> Option<Flow> {
    let has_cpu = comparison.causes.iter().any(|c| c.share_cpu_seconds.unwrap_or_default() > 0.0);
    let parts = parts(comparison, ways, second, has_cpu);
    if parts.is_empty() {
        return None;
    }
    let drawn = comparison.causes.len().min(CAUSES);
    let (causes, places) = cause_column(&comparison.causes[..drawn]);
    let (roots, root_of) = column(&parts, |part| part.root, "packages");
    let (modules, module_of) = column(&parts, |part| part.module, "modules");
    let mut bands: BTreeMap<[usize; 3], (f64, usize)> = BTreeMap::new();
    for part in &parts {
        let nodes = [places(part.cause), root_of[part.root], module_of[part.module]];
        let band = bands.entry(nodes).or_default();
        band.0 += part.weight;
        band.1 += 1;
    }
    let bands = bands
        .into_iter()
        .map(|(nodes, (weight, actions))| Band { nodes, weight, actions })
        .collect();
    let unit = if has_cpu { "cpu" } else { "actions" };
    let left_out = comparison.causes.len() - drawn;
    Some(Flow { unit, left_out, columns: [causes, roots, modules], bands })
}

fn parts<'a>(
    comparison: &'a Comparison,
    ways: &[Vec<Way>],
    second: &'a Recording,
    has_cpu: bool,
) -> Vec<Part<'a>> {
    let main = second.manifest.go_mod.module.as_deref().unwrap_or_default();
    let rows = &comparison.actions;
    let mut parts = Vec::new();
    for (index, (row, ways)) in rows.iter().zip(ways).enumerate() {
        let whole = if has_cpu { row.cpu_seconds().unwrap_or_default() } else { 1.0 };
        #[expect(clippy::cast_precision_loss, reason = "an action has few causes")]
        let weight = whole / row.causes.len().max(1) as f64;
        for (&cause, way) in row.causes.iter().zip(ways) {
            let root = rows.get(way.root(index)).unwrap_or(row);
            let module = match row.kind {
                KeyKind::Link => "links",
                KeyKind::Build | KeyKind::Vet => module_of(&row.package, main),
            };
            parts.push(Part { cause, root: &root.package, module, weight });
        }
    }
    parts
}

/// The heaviest causes by name, the others as one.
fn cause_column(causes: &[Cause]) -> (Vec<Node>, impl Fn(usize) -> usize) {
    let total = causes.len();
    // One that is left over needs no more room than the word for it.
    let named = if total == NAMED + 1 { total } else { total.min(NAMED) };
    let mut nodes: Vec<Node> = causes[..named]
        .iter()
        .map(|cause| Node { label: visible(&cause.title), members: 1 })
        .collect();
    if named < total {
        let rest = total - named;
        nodes.push(Node { label: format!("{} other causes", grouped(rest)), members: rest });
    }
    (nodes, move |cause| cause.min(named))
}

/// The heaviest names of a column, the others as one.
fn column<'a>(
    parts: &[Part<'a>],
    name: fn(&Part<'a>) -> &'a str,
    of: &str,
) -> (Vec<Node>, BTreeMap<&'a str, usize>) {
    let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
    for part in parts {
        *weights.entry(name(part)).or_default() += part.weight;
    }
    let mut names: Vec<(&str, f64)> = weights.into_iter().collect();
    names.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    let named = if names.len() == NAMED + 1 { names.len() } else { names.len().min(NAMED) };
    let mut nodes: Vec<Node> =
        names[..named].iter().map(|(name, _)| Node { label: visible(name), members: 1 }).collect();
    if named < names.len() {
        let rest = names.len() - named;
        nodes.push(Node { label: format!("{} other {of}", grouped(rest)), members: rest });
    }
    let places = names.iter().enumerate().map(|(at, (name, _))| (*name, at.min(named))).collect();
    (nodes, places)
}

/// Hosts whose modules are named by the two path elements that follow.
const OWNERS: &[&str] = &["github.com", "gitlab.com", "bitbucket.org", "golang.org"];

/// Returns the module of a package as far as its path says it: the recording lists no modules.
fn module_of<'a>(package: &'a str, main: &'a str) -> &'a str {
    let below = package.strip_prefix(main).filter(|_| !main.is_empty());
    if below.is_some_and(|below| below.is_empty() || below.starts_with('/')) {
        return main;
    }
    let host = package.split('/').next().unwrap_or(package);
    match host {
        "cmd" => "cmd",
        // Only the standard library has paths whose first element is no host name.
        host if !host.contains('.') => "standard library",
        host => {
            let elements = if OWNERS.contains(&host) { 3 } else { 2 };
            let end = package.match_indices('/').nth(elements - 1).map_or(package.len(), |at| at.0);
            &package[..end]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_told_from_a_path() {
        for (package, module) in [
            ("example.com/app/internal/x", "example.com/app"),
            ("example.com/app", "example.com/app"),
            ("example.com/application/x", "example.com/application"),
            ("net/http", "standard library"),
            ("vendor/golang.org/x/net/idna", "standard library"),
            ("cmd/internal/obj", "cmd"),
            ("github.com/owner/name/v2/pkg", "github.com/owner/name"),
            ("k8s.io/api/core/v1", "k8s.io/api"),
            ("gopkg.in/yaml.v3", "gopkg.in/yaml.v3"),
        ] {
            assert_eq!(module_of(package, "example.com/app"), module);
        }
        assert_eq!(module_of("demo/x", "demo"), "demo");
        assert_eq!(module_of("x.org/y", ""), "x.org/y");
    }
}
