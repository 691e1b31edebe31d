//! One YAML file with the root that counts.

use std::collections::BTreeMap;

use super::unread;
use crate::config::scope::{Scope, Values};
use crate::config::template::{Template, Value};
use crate::config::yaml::{self, NodeId, NodeKind, Tree};
use crate::config::{SourceFile, Unread};
use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

pub(super) type At = (LineNumber, ColumnNumber);

#[derive(Debug)]
pub(super) struct Document<'a> {
    pub path: &'a str,
    pub tree: Tree,
    pub root: NodeId,
    text: &'a str,
}

/// Entries of one mapping that are read; more are nobody's environment.
const MAX_ENTRIES: usize = 512;
/// Lines of one input that are read. The cache action takes ten restore keys.
const MAX_LINES: usize = 128;

impl<'a> Document<'a> {
    /// Parses a file; one that holds nothing gives `None`.
    pub(super) fn parse(source: &'a SourceFile) -> Result<Option<Self>, Unread> {
        let tree = yaml::parse(&source.text)
            .map_err(|err| unread(&source.path, Some((err.line, err.column)), err.message))?;
        // GitHub reads the first document of a file.
        let Some(root) = tree.documents().first().map(|root| tree.resolve(*root)) else {
            return Ok(None);
        };
        if matches!(tree.node(root).kind, NodeKind::Mapping(_)) {
            return Ok(Some(Self { path: &source.path, tree, root, text: &source.text }));
        }
        if tree.is_null(root) {
            return Ok(None);
        }
        Err(unread(&source.path, Some(tree.at(root)), "the file holds no mapping"))
    }

    /// Follows keys from a mapping to a value.
    pub(super) fn find(&self, from: NodeId, keys: &[&str]) -> Option<NodeId> {
        keys.iter().try_fold(from, |node, key| self.tree.get(node, key))
    }

    /// The text of a scalar below a mapping.
    pub(super) fn text(&self, from: NodeId, keys: &[&str]) -> Option<&str> {
        self.tree.text(self.find(from, keys)?)
    }

    /// Names and values of a mapping below a mapping.
    pub(super) fn entries(&self, from: NodeId, keys: &[&str]) -> Vec<(&str, NodeId)> {
        let Some(mapping) = self.find(from, keys) else { return Vec::new() };
        let entries = self.tree.entries(mapping).into_iter().take(MAX_ENTRIES);
        entries.filter_map(|(key, value)| Some((self.tree.text(key)?, value))).collect()
    }

    /// Resolves each scalar of a mapping below a mapping; the names in lower case.
    pub(super) fn values(&self, from: NodeId, keys: &[&str], scope: &Scope) -> Values {
        self.entries(from, keys)
            .into_iter()
            .filter_map(|(name, value)| {
                Some((name.to_ascii_lowercase(), scope.resolve(self.tree.text(value)?)))
            })
            .collect()
    }

    pub(super) fn place(&self, node: NodeId) -> Place {
        Place { path: self.path.to_owned(), at: Some(self.tree.at(node)) }
    }

    /// Reads a scalar as a template.
    pub(super) fn template(&self, node: NodeId, scope: &Scope) -> Option<Template> {
        let text = self.tree.text(node)?.trim_end();
        Some(Template {
            text: text.to_owned(),
            place: self.place(node),
            parts: scope.resolve(text),
        })
    }

    /// Reads each line of a scalar as a template, each at its own place.
    pub(super) fn lines(&self, node: NodeId, scope: &Scope) -> Vec<Template> {
        let Some(text) = self.tree.text(node) else { return Vec::new() };
        let mut lines = Vec::new();
        let mut start = 0_usize;
        for line in text.split_inclusive('\n').take(MAX_LINES) {
            let indent = line.len().saturating_sub(line.trim_start().len());
            let offset = self.tree.offset_in_scalar(node, start.saturating_add(indent));
            let at = offset.map_or_else(|| self.tree.at(node), |offset| self.tree.position(offset));
            let place = Place { path: self.path.to_owned(), at: Some(at) };
            let line_text = line.trim();
            if !line_text.is_empty() {
                for parts in super::steps::split_lines(scope.resolve(line_text)) {
                    lines.push(Template {
                        text: line_text.to_owned(),
                        place: place.clone(),
                        parts,
                    });
                }
            }
            start = start.saturating_add(line.len());
        }
        lines
    }

    /// Where each line of a scalar begins; empty where that cannot be told.
    pub(super) fn line_places(&self, node: NodeId) -> Vec<Place> {
        let Some(text) = self.tree.text(node) else { return Vec::new() };
        let mut start = 0_usize;
        let mut places = Vec::new();
        for line in text.split_inclusive('\n') {
            let Some(offset) = self.tree.offset_in_scalar(node, start) else { break };
            let at = Some(self.tree.position(offset));
            places.push(Place { path: self.path.to_owned(), at });
            start = start.saturating_add(line.len());
        }
        places
    }

    /// The comment that follows a node on its line.
    pub(super) fn comment_after(&self, node: NodeId) -> Option<&str> {
        let end = self.tree.node(node).span.end;
        let rest = self.text.get(end..)?.lines().next()?;
        rest.split_once('#').map(|(_, comment)| comment)
    }

    /// Defaults of the inputs declared below `keys`.
    pub(super) fn defaults(&self, keys: &[&str], scope: &Scope) -> BTreeMap<String, Option<Value>> {
        self.entries(self.root, keys)
            .into_iter()
            .map(|(name, input)| {
                let default = self.text(input, &["default"]).map(|text| scope.resolve(text));
                (name.to_ascii_lowercase(), default)
            })
            .collect()
    }
}
