//! A configuration with all that it includes and extends, merged as GitLab does.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::document::Document;
use crate::config::platform::PathPattern;
use crate::config::script::Script;
use crate::config::yaml::{NodeId, NodeKind};
use crate::finding::Place;

/// A node of one of the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub document: &'a Document<'a>,
    pub id: NodeId,
}

/// One value as the files give it: what comes first wins, and mappings are
/// merged with those that follow.
pub(super) type Layers<'a> = Vec<Node<'a>>;

/// The files of one pipeline.
pub(super) struct Config<'a> {
    roots: Layers<'a>,
    /// Keys at the top of each file, in the order of `roots`.
    keys: Vec<BTreeMap<&'a str, NodeId>>,
    /// Whether all that is included is in the repository.
    pub is_complete: bool,
}

/// What an entry of `include:` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Include {
    /// A path of the repository, without the slash that it may start with.
    Local(String),
    /// A file of another project, of a server or of GitLab.
    Elsewhere,
}

/// GitLab follows eleven levels of `extends` and ten of `!reference`.
const MAX_DEPTH: usize = 11;
/// Configurations that one value of a job comes from. Templates that extend
/// each other twice over would make more.
const MAX_LAYERS: usize = 256;

impl Include {
    pub(super) fn pattern(self) -> Option<String> {
        match self {
            Self::Local(path) => Some(path),
            Self::Elsewhere => None,
        }
    }
}

/// Reads `include:` of a file.
pub(super) fn includes(document: &Document<'_>) -> Vec<Include> {
    let node = document.find(document.root, &["include"]);
    node.map(|node| include(document, node)).unwrap_or_default()
}

/// Reads one entry of `include:`, or several.
pub(super) fn include(document: &Document<'_>, node: NodeId) -> Vec<Include> {
    let items = match document.tree.items(node) {
        [] => vec![node],
        items => items.to_vec(),
    };
    let one = |item: NodeId| {
        let item = document.tree.resolve(item);
        let local = document.tree.text(item).or_else(|| document.text(item, &["local"]));
        match local {
            // A list of files is of `project:` alone; a list of nothing is no include.
            None if document.entries(item, &[]).is_empty() => None,
            Some(path) if !path.contains("://") && !path.contains('$') => {
                let path = path.trim_start_matches("./").trim_start_matches('/');
                Some(Include::Local(path.to_owned()))
            }
            _ => Some(Include::Elsewhere),
        }
    };
    items.into_iter().filter_map(one).collect()
}

impl<'a> Config<'a> {
    /// Puts together the file of a path and all that it includes.
    pub(super) fn new(documents: &'a BTreeMap<&'a str, Document<'a>>, root: &str) -> Option<Self> {
        let mut config = Self { roots: Vec::new(), keys: Vec::new(), is_complete: true };
        let mut seen = BTreeSet::new();
        let mut waiting = vec![documents.get(root)?];
        while let Some(document) = waiting.pop() {
            if !seen.insert(document.path) {
                continue;
            }
            config.roots.push(Node { document, id: document.root });
            let keys = document.tree.entries(document.root).into_iter();
            let keys = keys.filter_map(|(key, value)| Some((document.tree.text(key)?, value)));
            config.keys.push(keys.collect());
            // Of the included the last wins; it is the next one to be popped.
            for include in includes(document) {
                let Include::Local(pattern) = include else {
                    config.is_complete = false;
                    continue;
                };
                let pattern = PathPattern::new(&pattern);
                let found = documents.values().filter(|d| pattern.is_match(d.path));
                let before = waiting.len();
                waiting.extend(found);
                config.is_complete &= waiting.len() > before;
            }
        }
        Some(config)
    }

    /// The value of a top-level key.
    pub(super) fn global(&self, key: &str) -> Layers<'a> {
        let found =
            self.roots.iter().zip(&self.keys).filter_map(|(root, keys)| {
                Some(Node { document: root.document, id: *keys.get(key)? })
            });
        self.merged(found)
    }

    /// Keys of all files with the place where each is first.
    pub(super) fn keys(&self) -> Vec<(&'a str, Node<'a>)> {
        let mut seen = BTreeSet::new();
        let mut keys = Vec::new();
        // The files that are included come first, as they do for GitLab.
        for root in self.roots.iter().rev() {
            let document = root.document;
            for (key, id) in document.tree.entries(root.id) {
                if let Some(name) = document.tree.text(key).filter(|name| seen.insert(*name)) {
                    keys.push((name, Node { document, id }));
                }
            }
        }
        keys
    }

    /// A job with all that it extends.
    pub(super) fn job(&self, name: &str) -> Layers<'a> {
        let mut layers = Layers::new();
        self.extended(name, MAX_DEPTH, &mut layers);
        layers
    }

    fn extended(&self, name: &str, depth: usize, layers: &mut Layers<'a>) {
        let own = self.global(name);
        let Some(depth) = depth.checked_sub(1).filter(|_| layers.len() < MAX_LAYERS) else {
            return;
        };
        let extends = own.iter().find_map(|node| node.find("extends"));
        layers.extend(own);
        // The last one that is extended wins over those before it.
        let names = extends.map(|node| node.texts()).unwrap_or_default();
        for name in names.into_iter().rev() {
            self.extended(name, depth, layers);
        }
    }

    /// The value of a key of a mapping in layers.
    pub(super) fn get(&self, layers: &[Node<'a>], key: &str) -> Layers<'a> {
        self.merged(layers.iter().filter_map(|layer| layer.find(key)))
    }

    fn merged(&self, found: impl Iterator<Item = Node<'a>>) -> Layers<'a> {
        let mut values = Layers::new();
        for value in found {
            let found = self.referenced(value, MAX_DEPTH);
            let is_mapping = found.first().is_some_and(|node| node.is_mapping());
            if values.is_empty() || is_mapping {
                values.extend(found);
            }
            if !is_mapping || values.len() > MAX_LAYERS {
                break;
            }
        }
        values
    }

    /// Follows `!reference [job, key, …]`.
    pub(super) fn referenced(&self, node: Node<'a>, depth: usize) -> Layers<'a> {
        let id = node.document.tree.resolve(node.id);
        let is_reference = node.document.tree.node(id).tag.as_deref() == Some("!reference");
        let Some(depth) = depth.checked_sub(1).filter(|_| is_reference) else {
            return if is_reference { Layers::new() } else { vec![node] };
        };
        let names = node.texts();
        let Some((job, keys)) = names.split_first() else { return Layers::new() };
        let mut layers = self.job(job);
        for key in keys {
            let found = layers.iter().find_map(|layer| layer.find(key));
            layers = found.map(|node| self.referenced(node, depth)).unwrap_or_default();
        }
        layers
    }

    /// Adds the lines of a script: a text, or a list of texts, lists and references.
    pub(super) fn push_script(&self, script: &mut Script, layers: &[Node<'a>], depth: usize) {
        let (Some(node), Some(depth)) = (layers.first(), depth.checked_sub(1)) else { return };
        for node in self.referenced(*node, MAX_DEPTH) {
            match node.items().as_slice() {
                [] => script.push_line(node.document, node.id),
                items => items.iter().for_each(|item| self.push_script(script, &[*item], depth)),
            }
        }
    }
}

/// GitLab follows ten levels of lists in a script.
pub(super) const MAX_SCRIPT_DEPTH: usize = 10;

impl<'a> Node<'a> {
    pub(super) fn find(self, key: &str) -> Option<Self> {
        let id = self.document.find(self.id, &[key])?;
        Some(Self { document: self.document, id })
    }

    pub(super) fn text(self) -> Option<&'a str> {
        self.document.tree.text(self.id).filter(|_| !self.document.tree.is_null(self.id))
    }

    pub(super) fn items(self) -> Vec<Self> {
        let document = self.document;
        let items = document.tree.items(self.id).iter();
        items.map(|id| Node { document, id: document.tree.resolve(*id) }).collect()
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(self) -> Vec<&'a str> {
        let own = self.text().into_iter();
        own.chain(self.items().into_iter().filter_map(Self::text)).collect()
    }

    pub(super) fn entries(self) -> Vec<(&'a str, Self)> {
        let document = self.document;
        let entries = document.entries(self.id, &[]).into_iter();
        entries.map(|(name, id)| (name, Node { document, id })).collect()
    }

    pub(super) fn is_mapping(self) -> bool {
        let id = self.document.tree.resolve(self.id);
        matches!(self.document.tree.node(id).kind, NodeKind::Mapping(_))
    }

    pub(super) fn place(self) -> Place {
        self.document.place(self.id)
    }
}
