//! One YAML file with the root that counts.

use std::collections::BTreeMap;

use super::scope::{Scope, Values};
use super::script::Script;
use super::template::{Shortened, Template, Value, split_lines};
use super::yaml::{self, Node, NodeId, NodeKind, Scalar, ScalarStyle, Tree};
use super::{SourceFile, Unread, unread};
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
        let Some(document) = Self::parse_any(source)? else { return Ok(None) };
        if matches!(document.tree.node(document.root).kind, NodeKind::Mapping(_)) {
            return Ok(Some(document));
        }
        let at = Some(document.tree.at(document.root));
        Err(unread(&source.path, at, "the file holds no mapping"))
    }

    /// Parses a file whose root may be anything.
    pub(super) fn parse_any(source: &'a SourceFile) -> Result<Option<Self>, Unread> {
        let tree = yaml::parse(&source.text)
            .map_err(|err| unread(&source.path, Some((err.line, err.column)), err.message))?;
        // All but Drone and GitLab read the first document of a file.
        let Some(root) = tree.documents().first().map(|root| tree.resolve(*root)) else {
            return Ok(None);
        };
        if tree.is_null(root) {
            return Ok(None);
        }
        // GitHub refuses such a file, GitLab takes the last, others the first. The keys of
        // Azure Pipelines that are expressions may well be repeated.
        let is_name = |key| tree.text(key).is_some_and(|text| !text.starts_with("${{"));
        if let Some((first, second)) =
            tree.duplicate_keys().into_iter().find(|(_, second)| is_name(*second))
        {
            let name = tree.text(second).unwrap_or_default();
            let reason = format!("`{name}` is set twice, first in line {}", tree.at(first).0);
            return Err(unread(&source.path, Some(tree.at(second)), reason));
        }
        Ok(Some(Self { path: &source.path, tree, root, text: &source.text }))
    }

    /// Goes on to the second document where the first holds only a header.
    pub(super) fn skip_header(&mut self, key: &str) {
        let [first, second, ..] = *self.tree.documents() else { return };
        if self.tree.resolve(first) == self.root && self.find(self.root, &[key]).is_some() {
            self.root = self.tree.resolve(second);
        }
    }

    /// The roots of all documents of the file.
    pub(super) fn roots(&self) -> Vec<NodeId> {
        self.tree.documents().iter().map(|root| self.tree.resolve(*root)).collect()
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(&self, node: NodeId) -> Vec<&str> {
        let items = self.tree.items(node).iter().filter_map(|item| self.tree.text(*item));
        self.tree.text(node).into_iter().chain(items).collect()
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
                Some((name.to_ascii_lowercase(), self.value(value, scope)?))
            })
            .collect()
    }

    /// Resolves a scalar.
    pub(super) fn value(&self, node: NodeId, scope: &Scope) -> Option<Value> {
        let mut value = scope.resolve(self.tree.text(node)?);
        if let Some(shortened) = self.shortened(node) {
            value.iter_mut().for_each(|part| part.shortened = Some(shortened.clone()));
        }
        Some(value)
    }

    /// The scalar as a number that ends before its text does, if it is one.
    pub(super) fn shortened(&self, node: NodeId) -> Option<Shortened> {
        let node = self.tree.resolve(node);
        let Node { kind: NodeKind::Scalar(scalar), tag: None, .. } = self.tree.node(node) else {
            return None;
        };
        let Scalar { text, style: ScalarStyle::Plain } = scalar else { return None };
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_number = text.split_once('.').is_some_and(|(whole, fraction)| {
            is_digits(whole) && is_digits(fraction) && fraction.ends_with('0')
        });
        is_number.then(|| Shortened { text: text.clone(), place: self.place(node) })
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

    /// Texts of variables: `NAME: value`, or a list of `NAME=value`. What comes
    /// from a secret has none.
    pub(super) fn environment(&self, from: NodeId, keys: &[&str]) -> Vec<(String, Option<String>)> {
        let mapping = self.entries(from, keys).into_iter();
        let mapping =
            mapping.map(|(name, node)| (name.to_owned(), self.tree.text(node).map(str::to_owned)));
        let list = self.find(from, keys).map(|node| self.tree.items(node)).unwrap_or_default();
        let list = list.iter().take(MAX_ENTRIES).filter_map(|item| {
            let (name, value) = self.tree.text(*item)?.split_once('=')?;
            Some((name.to_owned(), Some(value.to_owned())))
        });
        mapping.chain(list).collect()
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
                for parts in split_lines(scope.resolve(line_text)) {
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

    /// The places of all of a scalar's text.
    pub(super) fn script(&self, node: NodeId) -> Script {
        let mut script = Script::default();
        script.push_scalar(self, node);
        script
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
                let default =
                    self.find(input, &["default"]).and_then(|node| self.value(node, scope));
                (name.to_ascii_lowercase(), default)
            })
            .collect()
    }
}
