//! Checks a policy file against its format: all problems at once, each with its place.
//!
//! The walk over the span tree finds the problems; serde reads the values of a
//! file without any. What serde could choke on (depth, aliases, tags, a byte
//! order mark) never gets to it.

use serde_yaml::Value;

use crate::config::yaml::{self, NodeId, NodeKind, ScalarStyle, Tree};
use crate::finding::Place;

use super::problem::{Problems, quoted, unknown, unknown_in};
use super::raw::{
    self, BUILD_KEYS, FILE_KEYS, IGNORE_KEYS, IGNORE_NEEDS, LEVELS, RULE_KEYS, RawPolicy,
};
use super::shipped;
use super::{Date, Extends, Known, Layer, Pattern, Problem, VariationChange};

/// Longest policy file that is read, in bytes.
pub const MAX_BYTES: usize = 256 << 10;

/// Longest list in a policy. Each glob costs time to prepare.
pub(super) const MAX_ITEMS: usize = 1000;

/// Rules about the policy itself. An exception from them would be one more of the same.
pub(super) const NEVER_IGNORED: [&str; 2] = ["expired-ignore", "unused-ignore"];

/// Reads a project's own policy file.
///
/// A file that does not say what it extends extends `default`; an empty one is
/// therefore the same as `default`.
///
/// # Errors
///
/// Returns every problem, not only the first, so that one run is enough to fix
/// them all. A text that is not YAML or longer than [`MAX_BYTES`] has one.
pub fn parse(text: &str, known: &Known<'_>) -> Result<Layer, Vec<Problem>> {
    let mut layer = read(text, known)?;
    layer.extends.get_or_insert_with(|| Extends::Shipped(shipped::DEFAULT.to_owned()));
    Ok(layer)
}

/// Reads a policy that comes with goaudit. It builds on the rules' own levels.
pub(super) fn shipped(name: &str, known: &Known<'_>) -> Result<Layer, Vec<Problem>> {
    let inside = |problem: Problem| Problem {
        at: None,
        message: format!("policy `{name}`, which comes with goaudit: {problem}"),
    };
    let mut layer = read(shipped::text(name).unwrap_or_default(), known)
        .map_err(|problems| problems.into_iter().map(inside).collect::<Vec<_>>())?;
    // Its file is not in the audited repository.
    layer.raw.ignore.iter_mut().flatten().for_each(|ignore| ignore.place = None);
    Ok(layer)
}

fn read(text: &str, known: &Known<'_>) -> Result<Layer, Vec<Problem>> {
    let one = |problem| vec![problem];
    if text.len() > MAX_BYTES {
        let message =
            format!("the file has {} bytes; a policy has {MAX_BYTES} at most", text.len());
        return Err(one(Problem { at: None, message }));
    }
    let tree = yaml::parse(text)
        .map_err(|err| one(Problem { at: Some((err.line, err.column)), message: err.message }))?;
    let mut check = Check { tree: &tree, known, problems: Problems::default(), ignores: vec![] };
    check.file();
    let Check { problems, ignores, .. } = check;
    let problems = problems.into_sorted();
    if !problems.is_empty() {
        return Err(problems);
    }
    let raw = deserialize(&tree, text).map_err(one)?;
    layer(raw, &ignores).map_err(one)
}

/// Reads a text that has been found free of problems.
fn deserialize(tree: &Tree, text: &str) -> Result<RawPolicy, Problem> {
    if tree.documents().first().is_none_or(|root| tree.is_null(*root)) {
        return Ok(RawPolicy::default());
    }
    // libyaml takes a byte order mark for a document of its own.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_yaml::from_str(text).map_err(|err| Problem { at: None, message: err.to_string() })
}

fn layer(mut raw: RawPolicy, ignores: &[NodePlace]) -> Result<Layer, Problem> {
    for (ignore, at) in raw.ignore.iter_mut().flatten().zip(ignores) {
        ignore.place = Some(Place { path: String::new(), at: Some(*at) });
    }
    let extends = raw.extends.as_deref().map(Extends::parse).transpose();
    let extends = extends.map_err(|message| Problem { at: None, message })?;
    Ok(Layer { raw, extends })
}

type NodePlace = (crate::units::LineNumber, crate::units::ColumnNumber);

struct Check<'a> {
    tree: &'a Tree,
    known: &'a Known<'a>,
    problems: Problems,
    /// Where each entry of `ignore` is.
    ignores: Vec<NodePlace>,
}

impl<'a> Check<'a> {
    fn file(&mut self) {
        self.plain_yaml();
        if let Some(second) = self.tree.documents().get(1) {
            self.add(*second, "a policy is one document; a second one starts here".to_owned());
        }
        let Some(root) = self.tree.documents().first() else { return };
        for (key, value) in self.mapping(*root, "a policy", FILE_KEYS) {
            match key {
                "extends" => self.texts(value, "`extends`", |text| Extends::parse(text).map(drop)),
                "build" => self.build(value),
                "vary" => self.vary(value),
                "rules" => self.rules(value),
                _ => self.ignore(value),
            }
        }
    }

    /// Refuses what makes a text mean something else than it says at that place.
    fn plain_yaml(&mut self) {
        for (id, node) in self.tree.nodes() {
            if self.problems.is_full() {
                return;
            }
            if matches!(node.kind, NodeKind::Alias(_)) {
                self.add(id, "a policy has no aliases; write the value out".to_owned());
            }
            if let Some(tag) = &node.tag {
                self.add(id, format!("a policy has no tags; remove {}", quoted(tag)));
            }
        }
        for (first, second) in self.tree.duplicate_keys() {
            let name = quoted(self.tree.text(second).unwrap_or_default());
            let (line, _) = self.tree.at(first);
            self.add(second, format!("{name} is set twice, first in line {line}"));
        }
    }

    fn build(&mut self, id: NodeId) {
        for (key, value) in self.mapping(id, "`build`", BUILD_KEYS) {
            match (key, &self.tree.node(value).kind) {
                ("artifacts", _) => self.patterns(value, "`artifacts`"),
                (_, NodeKind::Sequence(items)) if items.is_empty() => {
                    self.add(value, "`command` is empty".to_owned());
                }
                (_, NodeKind::Sequence(_)) => {
                    for item in self.list(value, "`command`") {
                        self.is_text(item, "an argument of `command`");
                    }
                }
                _ => self.command_line(value),
            }
        }
    }

    /// A line for the shell. `1.20` would be a number to serde and come back as `1.2`.
    fn command_line(&mut self, id: NodeId) {
        let is_plain =
            self.tree.scalar(id).is_some_and(|scalar| scalar.style == ScalarStyle::Plain);
        self.texts(id, "`command`", |text| match serde_yaml::from_str(text) {
            Ok(Value::Bool(_) | Value::Number(_)) if is_plain => {
                Err(format!("{} is no text to YAML; put it in quotes", quoted(text)))
            }
            _ => Ok(()),
        });
    }

    fn vary(&mut self, id: NodeId) {
        let variations = self.known.variations;
        for item in self.list(id, "`vary`") {
            self.texts(item, "a variation", |text| {
                let change: VariationChange = text.parse()?;
                if variations.contains(&change.name.as_str()) {
                    Ok(())
                } else {
                    Err(unknown("variation", &change.name, variations))
                }
            });
        }
    }

    fn rules(&mut self, id: NodeId) {
        for (key, value) in self.pairs(id, "`rules`") {
            if self.problems.is_full() {
                return;
            }
            self.rule(key);
            match self.tree.node(value).kind {
                NodeKind::Scalar(_) => self.level(value),
                NodeKind::Mapping(_) => self.setting(value),
                NodeKind::Alias(_) => {}
                NodeKind::Sequence(_) => {
                    self.add(value, "a rule has a level or a mapping, found a list".to_owned());
                }
            }
        }
    }

    fn setting(&mut self, id: NodeId) {
        for (key, value) in self.mapping(id, "a rule", RULE_KEYS) {
            match key {
                "level" => self.level(value),
                _ => self.patterns(value, "`allow`"),
            }
        }
    }

    fn ignore(&mut self, id: NodeId) {
        for item in self.list(id, "`ignore`") {
            self.ignores.push(self.tree.at(item));
            let pairs = self.mapping(item, "an entry of `ignore`", IGNORE_KEYS);
            for (key, value) in &pairs {
                match *key {
                    "rule" => self.ignored_rule(*value),
                    "where" => self.pattern(*value, "`where`"),
                    "until" => self.texts(*value, "`until`", |text| {
                        text.parse::<Date>()
                            .map(drop)
                            .map_err(|err| format!("{} is {err}", quoted(text)))
                    }),
                    _ => self.texts(*value, "`reason`", |_| Ok(())),
                }
            }
            let is_mapping = matches!(self.tree.node(item).kind, NodeKind::Mapping(_));
            if self.tree.is_null(item) {
                self.add(item, "an entry of `ignore` is a mapping, found nothing".to_owned());
            }
            for needed in IGNORE_NEEDS {
                if is_mapping && !pairs.iter().any(|(key, _)| key == needed) {
                    self.add(item, format!("this entry of `ignore` has no `{needed}`"));
                }
            }
        }
    }

    fn ignored_rule(&mut self, id: NodeId) {
        if !self.is_text(id, "`rule`") {
            return;
        }
        self.rule(id);
        let rule = self.tree.text(id).unwrap_or_default();
        if NEVER_IGNORED.contains(&rule) {
            self.add(id, format!("`{rule}` cannot be ignored; set its level under `rules`"));
        }
    }

    fn rule(&mut self, id: NodeId) {
        match self.tree.text(id) {
            Some(rule) if self.known.rules.contains(&rule) => {}
            Some(rule) => self.add(id, unknown("rule", rule, self.known.rules)),
            None => self.add(id, format!("the name of a rule is a text, found {}", self.kind(id))),
        }
    }

    fn level(&mut self, id: NodeId) {
        self.texts(id, "a level", |text| {
            raw::level(text).map(drop).ok_or_else(|| unknown("level", text, LEVELS))
        });
    }

    fn patterns(&mut self, id: NodeId, what: &str) {
        for item in self.list(id, what) {
            self.pattern(item, &format!("an entry of {what}"));
        }
    }

    fn pattern(&mut self, id: NodeId, what: &str) {
        self.texts(id, what, |text| {
            Pattern::parse(text)
                .map(drop)
                .map_err(|why| format!("bad glob {}: {why}", quoted(text)))
        });
    }

    /// Checks a text that must say something.
    fn texts(&mut self, id: NodeId, what: &str, check: impl Fn(&str) -> Result<(), String>) {
        let text = self.tree.text(id).unwrap_or_default();
        if !self.is_text(id, what) {
        } else if text.trim().is_empty() {
            self.add(id, format!("{what} is empty"));
        } else if let Err(message) = check(text) {
            self.add(id, message);
        }
    }

    fn is_text(&mut self, id: NodeId, what: &str) -> bool {
        let is_text = self.tree.scalar(id).is_some() && !self.tree.is_null(id);
        // An alias has been refused already.
        if !is_text && !matches!(self.tree.node(id).kind, NodeKind::Alias(_)) {
            self.add(id, format!("{what} is a text, found {}", self.kind(id)));
        }
        is_text
    }

    fn list(&mut self, id: NodeId, what: &str) -> Vec<NodeId> {
        let items = match &self.tree.node(id).kind {
            NodeKind::Sequence(items) => items.as_slice(),
            NodeKind::Alias(_) => &[],
            _ if self.tree.is_null(id) => &[],
            _ => {
                self.add(id, format!("{what} is a list, found {}", self.kind(id)));
                &[]
            }
        };
        if items.len() > MAX_ITEMS {
            self.add(id, format!("{what} has {} entries, more than {MAX_ITEMS}", items.len()));
            return Vec::new();
        }
        items.to_vec()
    }

    /// The pairs of a mapping with known keys. A missing value counts as a missing key.
    fn mapping(&mut self, id: NodeId, what: &str, keys: &[&'a str]) -> Vec<(&'a str, NodeId)> {
        let mut pairs = Vec::new();
        for (key, value) in self.pairs(id, what) {
            if self.problems.is_full() {
                break;
            }
            let name = self.tree.text(key);
            match keys.iter().find(|known| name == Some(**known)) {
                Some(known) => pairs.push((*known, value)),
                None => self.unknown_key(key, what, keys),
            }
        }
        pairs
    }

    fn unknown_key(&mut self, key: NodeId, what: &str, keys: &[&str]) {
        match self.tree.text(key) {
            Some(name) => {
                self.add(key, unknown_in("key", name, &format!("in {what}"), keys));
            }
            None => self.add(key, format!("a key is a text, found {}", self.kind(key))),
        }
    }

    /// The pairs of a mapping as written. Nothing in its place is an empty one.
    fn pairs(&mut self, id: NodeId, what: &str) -> Vec<(NodeId, NodeId)> {
        match &self.tree.node(id).kind {
            NodeKind::Alias(_) => Vec::new(),
            NodeKind::Mapping(pairs) if self.problems.is_full() || pairs.is_empty() => Vec::new(),
            NodeKind::Mapping(pairs) => pairs.clone(),
            _ if self.tree.is_null(id) => Vec::new(),
            _ => {
                self.add(id, format!("{what} is a mapping, found {}", self.kind(id)));
                Vec::new()
            }
        }
    }

    fn kind(&self, id: NodeId) -> &'static str {
        match self.tree.node(id).kind {
            NodeKind::Scalar(_) if self.tree.is_null(id) => "nothing",
            NodeKind::Scalar(_) => "a text",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a mapping",
            NodeKind::Alias(_) => "an alias",
        }
    }

    fn add(&mut self, id: NodeId, message: String) {
        // A position costs the length of its line, and a file may be one line.
        if !self.problems.is_full() {
            self.problems.add(self.tree.at(id), message);
        }
    }
}
