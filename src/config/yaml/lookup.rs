//! Looking things up in a tree: aliases followed, merge keys applied, nothing copied.

use std::collections::{BTreeMap, BTreeSet};

use super::{NodeId, NodeKind, Scalar, ScalarStyle, Tree};

impl Tree {
    /// Follows an alias to what it names.
    ///
    /// An alias cannot carry an anchor, so one step is always enough. An alias
    /// of nothing is returned as it is.
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            NodeKind::Alias(Some(target)) => target,
            _ => id,
        }
    }

    /// The value of a key, resolved; a mapping's own keys win over merged ones.
    ///
    /// Of a duplicate key the first is taken. [`Tree::duplicate_keys`] names
    /// the others.
    #[must_use]
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.layers(mapping).into_iter().find_map(|layer| {
            let mut own = self.pairs(layer).iter();
            let found =
                own.find(|(name, _)| self.text(*name) == Some(key) && !self.is_merge(*name));
            found.map(|(_, value)| self.resolve(*value))
        })
    }

    /// Keys as written and values resolved, with merge keys applied.
    ///
    /// Merged keys come after a mapping's own. Of a duplicate key only the first
    /// is returned.
    #[must_use]
    pub fn entries(&self, mapping: NodeId) -> Vec<(NodeId, NodeId)> {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for layer in self.layers(mapping) {
            for &(key, value) in self.pairs(layer) {
                if !self.is_merge(key) && self.text(key).is_none_or(|text| seen.insert(text)) {
                    entries.push((key, self.resolve(value)));
                }
            }
        }
        entries
    }

    /// The items of a sequence, not resolved; nothing for any other node.
    #[must_use]
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(self.resolve(id)).kind {
            NodeKind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar; `None` for any other node.
    #[must_use]
    pub fn text(&self, id: NodeId) -> Option<&str> {
        self.scalar(id).map(|scalar| scalar.text.as_str())
    }

    /// The scalar that a node is or names.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Option<&Scalar> {
        match &self.node(self.resolve(id)).kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether a value is missing or spelt `~` or `null`.
    #[must_use]
    pub fn is_null(&self, id: NodeId) -> bool {
        self.scalar(id).is_some_and(|scalar| {
            scalar.style == ScalarStyle::Plain
                && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
        })
    }

    /// Keys that a mapping has twice: the first and each later one.
    ///
    /// `<<` is not among them; it may be repeated in the files that CI systems read.
    #[must_use]
    pub fn duplicate_keys(&self) -> Vec<(NodeId, NodeId)> {
        let mut duplicates = Vec::new();
        for (id, _) in self.nodes() {
            let mut first_of = BTreeMap::new();
            for &(key, _) in self.pairs(id) {
                let Some(text) = self.text(key).filter(|_| !self.is_merge(key)) else { continue };
                let first = *first_of.entry(text).or_insert(key);
                if first != key {
                    duplicates.push((first, key));
                }
            }
        }
        duplicates.sort_by_key(|(_, second)| *second);
        duplicates
    }

    /// Keys and values of a mapping as written; nothing for any other node, an alias included.
    pub(super) fn pairs(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(id).kind {
            NodeKind::Mapping(pairs) => pairs,
            _ => &[],
        }
    }

    /// Whether a key is a merge key: `<<` without quotes.
    pub(super) fn is_merge(&self, key: NodeId) -> bool {
        self.scalar(key)
            .is_some_and(|scalar| scalar.style == ScalarStyle::Plain && scalar.text == "<<")
    }

    /// A mapping and what it merges in, each once, in the order in which keys win.
    ///
    /// A stack and not recursion: a chain of merges may be as long as the file.
    fn layers(&self, mapping: NodeId) -> Vec<NodeId> {
        let mut layers = Vec::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![self.resolve(mapping)];
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            layers.push(id);
            let merges = self.pairs(id).iter().rev().filter(|(key, _)| self.is_merge(*key));
            for &(_, value) in merges {
                match self.items(value) {
                    [] => waiting.push(self.resolve(value)),
                    items => waiting.extend(items.iter().rev().map(|item| self.resolve(*item))),
                }
            }
        }
        layers
    }
}
