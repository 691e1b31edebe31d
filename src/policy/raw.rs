//! A policy file as serde reads it, each value already of its own type.
//!
//! Only [`super::check`] deserializes, and only what it has found free of
//! problems, so that no message of serde's reaches a user.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::finding::{Level, Place};

use super::{Date, Extends, Pattern};

/// The keys of a policy, of its parts, and what a level is called: what [`super::check`] takes and
/// the schema lists.
pub(super) const FILE_KEYS: &[&str] = &["extends", "build", "vary", "rules", "ignore"];
pub(super) const BUILD_KEYS: &[&str] = &["command", "artifacts"];
pub(super) const RULE_KEYS: &[&str] = &["level", "allow"];
pub(super) const IGNORE_KEYS: &[&str] = &["rule", "where", "reason", "until"];
/// Keys without which an entry of `ignore` says nothing.
pub(super) const IGNORE_NEEDS: &[&str] = &["rule", "where", "reason"];
pub(super) const LEVELS: &[&str] = &["off", "note", "warn", "warning", "error"];

/// One policy file, checked, not yet joined with what it extends.
#[derive(Debug, Clone)]
pub struct Layer {
    pub(super) raw: RawPolicy,
    pub(super) extends: Option<Extends>,
}

/// A policy file as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPolicy {
    pub(super) extends: Option<String>,
    pub(super) build: Option<Build>,
    pub(super) vary: Option<Vec<VariationChange>>,
    pub(super) rules: Option<BTreeMap<String, RuleSetting>>,
    pub(super) ignore: Option<Vec<Ignore>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Build {
    pub(super) command: Option<Command>,
    pub(super) artifacts: Option<Vec<Pattern>>,
}

/// How a project is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments.
    Args(Vec<String>),
    /// A line for `sh -c`.
    Shell(String),
}

/// `+name`, `+name=value` or `-name`: a variation that a rebuild makes or leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct VariationChange {
    pub name: String,
    pub is_made: bool,
    /// What to change to, such as the `go1.25.5` of `+toolchain=go1.25.5`.
    pub value: Option<String>,
}

/// What a policy says of one rule.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleSetting {
    pub(super) level: Option<Level>,
    /// Subjects whose findings are allowed.
    pub(super) allow: Option<Vec<Pattern>>,
}

/// An exception: findings of a rule that the policy allows, why, and how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ignore {
    pub(super) rule: String,
    /// Matched against the subject, the path, and `path:line`.
    #[serde(rename = "where")]
    pub(super) location: Pattern,
    pub(super) reason: String,
    /// The last day on which it applies.
    #[serde(default, deserialize_with = "date")]
    pub(super) until: Option<Date>,
    /// Where the exception itself is written.
    #[serde(skip)]
    pub(super) place: Option<Place>,
}

/// The level of that name. `warn` is short for `warning`.
pub(super) fn level(name: &str) -> Option<Level> {
    match name {
        "off" => Some(Level::Off),
        "note" => Some(Level::Note),
        "warn" | "warning" => Some(Level::Warning),
        "error" => Some(Level::Error),
        _ => None,
    }
}

impl fmt::Display for VariationChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, is_made, value } = self;
        write!(f, "{}{name}", if *is_made { '+' } else { '-' })?;
        value.iter().try_for_each(|value| write!(f, "={value}"))
    }
}

impl FromStr for VariationChange {
    type Err = String;

    /// Reads a change. Whether there is such a variation is not looked at.
    fn from_str(text: &str) -> Result<Self, String> {
        let (is_made, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err("a variation starts with `+` or `-`".to_owned()),
        };
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (rest, None),
        };
        if value.is_some() && !is_made {
            return Err("a variation that is left out has no value".to_owned());
        }
        if value.as_deref() == Some("") {
            return Err("no value after `=`".to_owned());
        }
        Ok(Self { name: name.to_owned(), is_made, value })
    }
}

impl TryFrom<String> for VariationChange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

// The two either-or values have visitors of their own: `#[serde(untagged)]`
// would read the arguments of `[sleep, 1]` as a text and a number.

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = Command;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command")
    }

    fn visit_str<E>(self, line: &str) -> Result<Command, E> {
        Ok(Command::Shell(line.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, args: A) -> Result<Command, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(args)).map(Command::Args)
    }
}

impl<'de> Deserialize<'de> for RuleSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleSettingVisitor)
    }
}

struct RuleSettingVisitor;

impl<'de> Visitor<'de> for RuleSettingVisitor {
    type Value = RuleSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RuleSetting, E> {
        let level = level(name).ok_or_else(|| E::custom("unknown level"))?;
        Ok(RuleSetting { level: Some(level), allow: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleSetting, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            level: Option<String>,
            allow: Option<Vec<Pattern>>,
        }
        let Full { level: name, allow } = Full::deserialize(MapAccessDeserializer::new(map))?;
        let level = name
            .map(|name| level(&name).ok_or_else(|| A::Error::custom("unknown level")))
            .transpose()?;
        Ok(RuleSetting { level, allow })
    }
}
