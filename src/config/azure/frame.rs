//! A file with the parameters that it is given.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::config::document::Document;
use crate::config::template::{Class, Part, Value, bounded, segments};
use crate::config::variables::Variables;
use crate::config::yaml::{NodeId, NodeKind};

/// Expressions of one script that are put in.
const MAX_IN_SCRIPT: usize = 1 << 10;

/// What a parameter stands for.
#[derive(Debug, Clone)]
pub(super) enum Parameter<'a> {
    Text(String),
    /// Steps, jobs or an object, in the file of the caller.
    Node(Box<Frame<'a>>, NodeId),
    Open,
}

/// A file as one `template:` uses it.
#[derive(Debug, Clone)]
pub(super) struct Frame<'a> {
    pub document: &'a Document<'a>,
    pub parameters: BTreeMap<String, Parameter<'a>>,
}

/// An item of a list, and whether it is there only under a condition.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    pub frame: Frame<'a>,
    pub node: NodeId,
}

/// How deep conditions and parameters are followed into each other.
const MAX_DEPTH: usize = 10;
/// Items of one list with the lists that conditions and parameters put into it.
const MAX_ITEMS: usize = 4096;

impl<'a> Frame<'a> {
    /// The file that a pipeline begins with.
    pub(super) fn root(document: &'a Document<'a>) -> Self {
        let mut frame = Self { document, parameters: BTreeMap::new() };
        frame.parameters = frame.declared();
        // Who starts the pipeline by hand may give other values.
        let open = |(name, parameter)| match parameter {
            Parameter::Text(_) => (name, Parameter::Open),
            parameter => (name, parameter),
        };
        frame.parameters = frame.parameters.into_iter().map(open).collect();
        frame
    }

    /// A template with what the caller gives it.
    pub(super) fn template(
        &self,
        document: &'a Document<'a>,
        given: Option<NodeId>,
        variables: &Variables,
    ) -> Self {
        let mut inner = Self { document, parameters: BTreeMap::new() };
        inner.parameters = inner.declared();
        let given = given.map(|node| self.document.entries(node, &[])).unwrap_or_default();
        for (name, node) in given {
            if name.trim_start().starts_with("${{") {
                continue;
            }
            let parameter = self.parameter(node, variables);
            inner.parameters.insert(name.to_ascii_lowercase(), parameter);
        }
        inner
    }

    fn parameter(&self, node: NodeId, variables: &Variables) -> Parameter<'a> {
        let Some(text) = self.document.tree.text(node) else {
            return Parameter::Node(Box::new(self.clone()), node);
        };
        if let Some(parameter) = self.named(text) {
            return parameter.clone();
        }
        // `$(x)` is put in where it is used.
        match self.substituted(text, variables) {
            Some(text) => Parameter::Text(text),
            None => Parameter::Open,
        }
    }

    /// Parameters and their defaults, of either form: a list or a mapping.
    fn declared(&self) -> BTreeMap<String, Parameter<'a>> {
        let document = self.document;
        let Some(node) = document.find(document.root, &["parameters"]) else {
            return BTreeMap::new();
        };
        let value = |node: Option<NodeId>| match node {
            None => Parameter::Open,
            Some(node) => match document.tree.text(node) {
                Some(text) if !text.contains("${{") => Parameter::Text(text.to_owned()),
                Some(_) => Parameter::Open,
                None => {
                    let frame = Self { document, parameters: BTreeMap::new() };
                    Parameter::Node(Box::new(frame), node)
                }
            },
        };
        let of_list = document.tree.items(node).iter().filter_map(|item| {
            let item = document.tree.resolve(*item);
            let name = document.text(item, &["name"])?;
            Some((name.to_ascii_lowercase(), value(document.find(item, &["default"]))))
        });
        let of_mapping = document.entries(node, &[]).into_iter();
        let of_mapping =
            of_mapping.map(|(name, node)| (name.to_ascii_lowercase(), value(Some(node))));
        of_list.chain(of_mapping).collect()
    }

    /// The parameter that is the whole of a text: `${{ parameters.x }}`.
    fn named(&self, text: &str) -> Option<&Parameter<'a>> {
        let name = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
        self.parameters.get(&name.strip_prefix("parameters.")?.to_ascii_lowercase())
    }

    /// Puts parameters and variables into the `${{ … }}` of a text; `None` where
    /// one cannot be told.
    pub(super) fn substituted(&self, text: &str, variables: &Variables) -> Option<String> {
        let pieces = segments(text).into_iter().map(|segment| {
            if !segment.is_expression {
                return Some(segment.text.to_owned());
            }
            let name = segment.text.trim();
            if let Some(name) = name.strip_prefix("parameters.") {
                return match self.parameters.get(&name.to_ascii_lowercase())? {
                    Parameter::Text(text) => Some(text.clone()),
                    _ => None,
                };
            }
            let name = name
                .strip_prefix("variables.")
                .or_else(|| name.strip_prefix("variables['")?.strip_suffix("']"))?;
            variables.text(name)
        });
        pieces.collect::<Option<String>>().filter(|text| text.len() <= 1 << 16)
    }

    /// What a script has in place of its expressions, where that can be told.
    pub(super) fn in_script(
        &self,
        script: &str,
        variables: &Variables,
    ) -> Vec<(Range<usize>, String)> {
        let expressions = segments(script).into_iter().filter(|segment| segment.is_expression);
        let told = expressions.filter_map(|segment| {
            let text = self.substituted(script.get(segment.range.clone())?, variables)?;
            Some((segment.range, text))
        });
        told.take(MAX_IN_SCRIPT).collect()
    }

    /// Resolves a text with expressions and variables in it.
    pub(super) fn resolve(&self, text: &str, variables: &Variables) -> Value {
        let mut value = Value::new();
        for segment in segments(text) {
            let range = segment.range.clone();
            if segment.is_expression {
                let spelt = text.get(range.clone()).unwrap_or_default();
                let parts = match self.substituted(spelt, variables) {
                    Some(text) => variables.resolve(&text),
                    None => vec![Part::new(spelt, [Class::Opaque])],
                };
                value.extend(parts.into_iter().map(|p| Part { source: range.clone(), ..p }));
            } else {
                value.extend(variables.resolve(segment.text).into_iter().map(|part| {
                    let start = range.start.saturating_add(part.source.start);
                    let end = range.start.saturating_add(part.source.end);
                    Part { source: start..end, ..part }
                }));
            }
        }
        bounded(value)
    }

    /// The items of a list, those under `${{ if … }}` and `${{ each … }}` and
    /// those that a parameter stands for in place.
    pub(super) fn items(&self, node: NodeId) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        self.add_items(node, MAX_DEPTH, &mut items);
        items
    }

    fn add_items(&self, node: NodeId, depth: usize, items: &mut Vec<Item<'a>>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let document = self.document;
        if let Some(text) = document.tree.text(node) {
            if let Some(Parameter::Node(frame, node)) = self.named(text) {
                frame.add_items(*node, depth, items);
            }
            return;
        }
        for item in document.tree.items(node) {
            if items.len() >= MAX_ITEMS {
                return;
            }
            let item = document.tree.resolve(*item);
            let entries = document.entries(item, &[]);
            match entries.as_slice() {
                [(key, inner), ..] if key.trim_start().starts_with("${{") => {
                    for (_, inner) in std::iter::once(&(*key, *inner)).chain(entries.iter().skip(1))
                    {
                        self.add_items(*inner, depth, items);
                    }
                }
                [] => self.add_items(item, depth, items),
                _ => items.push(Item { frame: self.clone(), node: item }),
            }
        }
    }

    /// Entries of a mapping; `None` for the value of one that stands under a condition.
    pub(super) fn entries(&self, node: NodeId) -> Vec<(&'a str, Option<NodeId>)> {
        let mut all = Vec::new();
        let mut waiting = vec![(node, true, MAX_DEPTH)];
        while let Some((node, is_certain, depth)) = waiting.pop() {
            for (key, value) in self.document.entries(node, &[]) {
                let is_open = key.trim_start().starts_with("${{");
                let is_mapping = matches!(
                    self.document.tree.node(self.document.tree.resolve(value)).kind,
                    NodeKind::Mapping(_)
                );
                match depth.checked_sub(1) {
                    Some(depth) if is_open && is_mapping && all.len() < MAX_ITEMS => {
                        waiting.push((value, false, depth));
                    }
                    _ if is_open => {}
                    _ => all.push((key, is_certain.then_some(value))),
                }
            }
        }
        all
    }
}
