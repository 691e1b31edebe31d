//! The builds of a GoReleaser configuration.
//!
//! Source: `internal/builders/golang/build.go` and `internal/pipe/build/build.go` of GoReleaser 2.12.

use std::sync::Arc;

use super::text::{Spot, Text};
use super::yaml::{self, NodeId, Tree};
use super::{SourceFile, Unread};
use crate::finding::Place;

/// A build of a `.goreleaser.yml`.
#[derive(Debug, Clone)]
pub struct ReleaseBuild {
    /// Its id, or the number of it in the file.
    pub name: String,
    /// Where it begins; for a file without `builds:` the start of the file.
    pub place: Place,
    /// Where an item of `flags:` would go, and whether there is one.
    pub flags: Vec<Text>,
    /// `None` where the default applies, which stamps the time of the build.
    pub ldflags: Option<Vec<Text>>,
    /// `-gcflags`, `-asmflags` and `-tags`, which have keys of their own: the flag and each item.
    pub lists: Vec<(&'static str, Vec<Text>)>,
    pub env: Vec<Text>,
    pub mod_timestamp: Option<Text>,
    /// Relative to the root.
    pub dir: String,
    pub main: String,
    /// Whether `overrides:` may give other flags to some targets.
    pub has_overrides: bool,
}

/// Builds of one file that are kept.
const MAX_BUILDS: usize = 256;

/// Keys of a build that are flags of the go command.
const LISTS: &[&str] = &["gcflags", "asmflags", "tags"];

/// Whether a file of that name configures GoReleaser.
pub(super) fn is_goreleaser(name: &str) -> bool {
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    yaml && (name.starts_with(".goreleaser") || name.starts_with("goreleaser"))
}

/// Reads the builds by the go command; others are left out.
pub(super) fn builds(path: &str, text: &str) -> Result<Vec<ReleaseBuild>, Unread> {
    let tree = yaml::parse(text).map_err(|err| Unread {
        place: Place { path: path.to_owned(), at: Some((err.line, err.column)) },
        reason: err.message,
    })?;
    let Some(root) = tree.documents().first().map(|root| tree.resolve(*root)) else {
        return Ok(Vec::new());
    };
    let reader = Reader { path: Arc::from(path), tree: &tree };
    let global = reader.list(root, "env");
    let nodes = match tree.get(root, "builds") {
        Some(builds) => tree.items(builds).to_vec(),
        // A configuration that only includes others, or is for another language, builds nothing here.
        None if tree.get(root, "includes").is_some() => Vec::new(),
        None => {
            let sections =
                ["archives", "before", "changelog", "checksum", "project_name", "release"];
            let is_any = sections.iter().any(|key| tree.get(root, key).is_some());
            if is_any { vec![root] } else { Vec::new() }
        }
    };
    let has_builds = tree.get(root, "builds").is_some();
    let builds = nodes.iter().take(MAX_BUILDS).enumerate().filter_map(|(number, node)| {
        let node = tree.resolve(*node);
        let mut build = match has_builds {
            true => reader.build(node, number)?,
            false => reader.defaults(node),
        };
        build.env = global.iter().cloned().chain(build.env).collect();
        Some(build)
    });
    Ok(builds.collect())
}

struct Reader<'t> {
    path: Arc<str>,
    tree: &'t Tree,
}

impl Reader<'_> {
    fn spot(&self, node: NodeId) -> Spot {
        let (line, column) = self.tree.at(node);
        Spot {
            path: Arc::clone(&self.path),
            line: line.get().saturating_sub(1) as usize,
            column: column.get().saturating_sub(1) as usize,
        }
    }

    fn text(&self, node: NodeId, key: &str) -> Option<&str> {
        self.tree.text(self.tree.get(node, key)?)
    }

    fn scalar(&self, node: NodeId) -> Option<Text> {
        let text = self.tree.text(node)?;
        let spot = self.spot(node);
        Some(match self.tree.offset_in_scalar(node, 0) {
            Some(offset) => {
                let (line, column) = self.tree.position(offset);
                let line = line.get().saturating_sub(1) as usize;
                let column = column.get().saturating_sub(1) as usize;
                Text::literal(text, &Spot { line, column, ..spot })
            }
            None => Text::made(text, &spot),
        })
    }

    /// A list of texts, or one text.
    fn list(&self, node: NodeId, key: &str) -> Vec<Text> {
        let Some(value) = self.tree.get(node, key) else { return Vec::new() };
        match self.tree.items(value) {
            [] => self.scalar(value).filter(|text| !text.is_empty()).into_iter().collect(),
            items => {
                items.iter().filter_map(|item| self.scalar(self.tree.resolve(*item))).collect()
            }
        }
    }

    fn build(&self, node: NodeId, number: usize) -> Option<ReleaseBuild> {
        let is_go = |key: &str, values: &[&str]| {
            self.text(node, key).is_none_or(|text| values.contains(&text))
        };
        let skipped = self.text(node, "skip").is_some_and(|skip| skip != "false");
        if skipped
            || !is_go("builder", &["go"])
            || !is_go("tool", &["go"])
            || !is_go("command", &["build"])
        {
            return None;
        }
        let name = self
            .text(node, "id")
            .map_or_else(|| number.saturating_add(1).to_string(), str::to_owned);
        Some(ReleaseBuild {
            name,
            place: self.spot(node).place(),
            flags: self.list(node, "flags"),
            ldflags: self.tree.get(node, "ldflags").map(|_| self.list(node, "ldflags")),
            lists: LISTS.iter().map(|key| (*key, self.list(node, key))).collect(),
            env: self.list(node, "env"),
            mod_timestamp: self
                .tree
                .get(node, "mod_timestamp")
                .and_then(|value| self.scalar(value)),
            dir: self.text(node, "dir").unwrap_or_default().to_owned(),
            main: self.text(node, "main").unwrap_or(".").to_owned(),
            has_overrides: self.tree.get(node, "overrides").is_some(),
        })
    }

    fn defaults(&self, root: NodeId) -> ReleaseBuild {
        ReleaseBuild {
            name: "default".to_owned(),
            place: self.spot(root).place(),
            flags: Vec::new(),
            ldflags: None,
            lists: Vec::new(),
            env: Vec::new(),
            mod_timestamp: None,
            dir: String::new(),
            main: ".".to_owned(),
            has_overrides: false,
        }
    }
}

/// The commands of `before: hooks:`.
pub(super) fn hooks(file: &SourceFile) -> Vec<(Text, String)> {
    let Ok(tree) = yaml::parse(&file.text) else { return Vec::new() };
    let Some(root) = tree.documents().first().map(|root| tree.resolve(*root)) else {
        return Vec::new();
    };
    let reader = Reader { path: Arc::from(file.path.as_str()), tree: &tree };
    let hooks = tree.get(root, "before").and_then(|before| tree.get(before, "hooks"));
    let items = hooks.map(|hooks| tree.items(hooks).to_vec()).unwrap_or_default();
    let command = |item: &NodeId| {
        let node = tree.resolve(*item);
        let dir = reader.text(node, "dir").unwrap_or_default().to_owned();
        let text = reader.scalar(node).or_else(|| reader.scalar(tree.get(node, "cmd")?))?;
        Some((text, dir))
    };
    items.iter().filter_map(command).collect()
}
