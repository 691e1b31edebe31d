//! The JSON Schema of a policy file, for editors and other programs.
//!
//! It is made of the same lists as the reader, which stays the judge: a schema
//! cannot say that a glob is balanced, and knows nothing of YAML's aliases.

use serde_json::{Map, Value, json};

use crate::rules;

use super::Known;
use super::check::{MAX_ITEMS, NEVER_IGNORED};
use super::raw::{BUILD_KEYS, FILE_KEYS, IGNORE_KEYS, IGNORE_NEEDS, LEVELS, RULE_KEYS};
use super::shipped;

/// Returns the schema (draft 7, which editors know best) of what [`super::parse`] reads.
#[must_use]
pub fn schema(known: &Known<'_>) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "goaudit.yaml",
        "description": "A policy of goaudit: what a project builds, what a rebuild varies, and what is made of each finding",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties(FILE_KEYS, |key| file_key(key, known)),
        "definitions": {
            "level": {
                "description": "off: not reported. note, warning: reported. error: breaks the policy",
                "enum": LEVELS,
            },
            "pattern": {
                "description": "A glob: * stays within one element of a path, ** does not",
                "type": ["string", "number"],
                "minLength": 1,
                "maxLength": 1024,
                "pattern": "\\S",
            },
            "patterns": {
                "type": ["array", "null"],
                "maxItems": MAX_ITEMS,
                "items": { "$ref": "#/definitions/pattern" },
            },
            // The reader takes a number for the text that it is.
            "text": { "type": ["string", "number"], "pattern": "\\S" },
            "rule": {
                "anyOf": [
                    { "$ref": "#/definitions/level" },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": properties(RULE_KEYS, rule_key),
                    },
                ],
            },
        },
    })
}

fn properties(keys: &[&str], schema: impl Fn(&str) -> Value) -> Value {
    let pairs = keys.iter().map(|key| ((*key).to_owned(), schema(key)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn file_key(key: &str, known: &Known<'_>) -> Value {
    match key {
        "extends" => json!({
            "description": "The policy that this one builds on: one that comes with goaudit, or a file relative to this one",
            "anyOf": [
                { "enum": shipped::names() },
                // A relative path, and neither a URL nor one of Windows.
                { "type": "string", "pattern": "^(?!/)[^\\\\:]*(/[^\\\\:]*|\\.ya?ml)$" },
            ],
        }),
        "build" => json!({
            "description": "What `goaudit check` builds",
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": properties(BUILD_KEYS, build_key),
        }),
        "vary" => json!({
            "description": "Changes to what a rebuild makes different",
            "type": ["array", "null"],
            "maxItems": MAX_ITEMS,
            "items": variation(known),
        }),
        "rules" => json!({
            "description": "What is made of the findings of each rule",
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": properties(known.rules, |id| {
                let summary = rules::by_id(id).map_or("", |rule| rule.summary);
                json!({ "description": summary, "allOf": [{ "$ref": "#/definitions/rule" }] })
            }),
        }),
        _ => json!({
            "description": "Findings that are let pass, each for a reason",
            "type": ["array", "null"],
            "maxItems": MAX_ITEMS,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": IGNORE_NEEDS,
                "properties": properties(IGNORE_KEYS, |key| ignore_key(key, known)),
            },
        }),
    }
}

fn build_key(key: &str) -> Value {
    match key {
        "command" => json!({
            "description": "A program and its arguments, or a line for sh -c",
            "anyOf": [
                { "$ref": "#/definitions/text" },
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_ITEMS,
                    "items": { "type": ["string", "number", "boolean"] },
                },
            ],
        }),
        _ => json!({
            "description": "The files that the build is for",
            "allOf": [{ "$ref": "#/definitions/patterns" }],
        }),
    }
}

fn rule_key(key: &str) -> Value {
    match key {
        "level" => json!({ "$ref": "#/definitions/level" }),
        _ => json!({
            "description": "Subjects whose findings are let pass",
            "allOf": [{ "$ref": "#/definitions/patterns" }],
        }),
    }
}

fn ignore_key(key: &str, known: &Known<'_>) -> Value {
    let is_ignored = |id: &&&str| !NEVER_IGNORED.contains(*id);
    match key {
        "rule" => json!({ "enum": known.rules.iter().filter(is_ignored).collect::<Vec<_>>() }),
        "where" => json!({
            "description": "Held against what a finding is about, its file, and FILE:LINE",
            "allOf": [{ "$ref": "#/definitions/pattern" }],
        }),
        "until" => json!({
            "description": "The last day on which it applies",
            "type": "string",
            "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        }),
        _ => json!({ "$ref": "#/definitions/text" }),
    }
}

fn variation(known: &Known<'_>) -> Value {
    let names = known.variations;
    let plain: Vec<String> =
        names.iter().flat_map(|name| [format!("+{name}"), format!("-{name}")]).collect();
    let valued = format!("^\\+({})=.+$", names.join("|"));
    json!({ "anyOf": [{ "enum": plain }, { "type": "string", "pattern": valued }] })
}
