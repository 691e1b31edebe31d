//! The schema and the reader say the same.

use serde_json::Value;

use super::super::raw::{BUILD_KEYS, FILE_KEYS, IGNORE_KEYS, RULE_KEYS, RawPolicy};
use super::*;

fn validator() -> jsonschema::Validator {
    let schema = schema(&KNOWN);
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn document(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// Whether the reader takes a text, and whether the schema does.
fn both(text: &str) -> (bool, bool) {
    (parse(text, &KNOWN).is_ok(), validator().is_valid(&document(text)))
}

/// The keys that serde names when it meets one that it does not know.
fn keys_of_serde(text: &str) -> Vec<String> {
    let message = serde_yaml::from_str::<RawPolicy>(text).unwrap_err().to_string();
    let (_, names) = message.split_once("expected ").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_lists_of_keys_are_those_of_the_structs() {
    assert_eq!(keys_of_serde("zzz: 1"), FILE_KEYS);
    assert_eq!(keys_of_serde("build: {zzz: 1}"), BUILD_KEYS);
    assert_eq!(keys_of_serde("rules: {stray-a: {zzz: 1}}"), RULE_KEYS);
    assert_eq!(keys_of_serde("ignore: [{zzz: 1}]"), IGNORE_KEYS);
}

#[test]
fn what_both_take() {
    for (name, text) in SHIPPED {
        assert_eq!(both(text), (true, true), "{name}");
    }
    for text in [
        include_str!("../../../fixtures/policies/full.yaml"),
        "",
        "extends: release",
        "extends: ../shared/goaudit.yaml",
        "extends: policies/ours",
        "build:\nvary:\nrules:\nignore:\n",
        "build: {command: make release}",
        "build: {command: [sleep, 1, true], artifacts: [\"dist/**\"]}",
        "vary: [+shallow, -umask, +toolchain=go1.25.5]",
        "rules: {stray-a: off, cgo-enabled: {level: warn, allow: [net]}, missing-trimpath: {}}",
        "ignore: [{rule: stray-a, where: a, reason: b}]",
        "ignore: [{rule: stray-a, where: a, reason: b, until: 2027-06-30}]",
    ] {
        assert_eq!(both(text), (true, true), "{text}");
    }
}

#[test]
fn what_both_refuse() {
    for text in [
        "[]",
        "zzz: 1",
        "extends: no-such-policy",
        "extends: https://example.com/a.yaml",
        "extends: /etc/goaudit.yaml",
        "extends: C:\\a.yaml",
        "extends:",
        "build: {zzz: 1}",
        "build: {command: []}",
        "build: {command: \" \"}",
        "build: {artifacts: dist}",
        "vary: [shallow]",
        "vary: [+no-such-variation]",
        "vary: [-toolchain=go1.25.5]",
        "rules: [stray-a]",
        "rules: {no-such-rule: off}",
        "rules: {stray-a: fatal}",
        "rules: {stray-a: {zzz: 1}}",
        "rules: {stray-a: [off]}",
        "ignore: [{rule: stray-a, where: a}]",
        "ignore: [{rule: unused-ignore, where: a, reason: b}]",
        "ignore: [{rule: stray-a, where: \"\", reason: b}]",
        "ignore: [{rule: stray-a, where: a, reason: \" \"}]",
        "ignore: [{rule: stray-a, where: a, reason: b, until: tomorrow}]",
        "ignore: [{rule: stray-a, where: a, reason: b, zzz: 1}]",
    ] {
        assert_eq!(both(text), (false, false), "{text}");
    }
}

/// Each rule and variation is offered by name, with what it is about.
#[test]
fn an_editor_can_complete_names() {
    let schema = schema(&KNOWN);
    let rules = schema["properties"]["rules"]["properties"].as_object().unwrap();
    assert_eq!(rules.keys().map(String::as_str).collect::<Vec<_>>(), RULES);
    assert!(rules.values().all(|rule| !rule["description"].as_str().unwrap().is_empty()));
    let variations = schema["properties"]["vary"]["items"]["anyOf"][0]["enum"].as_array().unwrap();
    assert_eq!(variations.len(), 2 * KNOWN.variations.len());
}

fn finding_at(rule: &'static str, path: &str) -> crate::finding::Finding {
    let at =
        Some((crate::units::LineNumber::from_index(15), crate::units::ColumnNumber::from_index(0)));
    let place = crate::finding::Place { path: path.to_owned(), at };
    rules::by_id(rule).unwrap().finding("job", "message").at(place)
}

#[test]
fn a_starter_is_a_policy_that_changes_nothing() {
    let projects = [
        Project { extends: "default".to_owned(), ..Project::default() },
        Project {
            extends: "release".to_owned(),
            command: Some((
                vec!["make".to_owned(), "build".to_owned()],
                "Makefile has it".to_owned(),
            )),
            has_goreleaser: true,
            findings: (0..30).map(|_| finding_at("stray-a", "a \"b\"\nc: d # e.yml")).collect(),
        },
    ];
    for project in projects {
        let text = starter(&project);
        assert_eq!(both(&text), (true, true), "{text}");
        let policy = policy(&text);
        let base = Chain::of_shipped(&project.extends).unwrap().resolve(&KNOWN).unwrap();
        assert!(RULES.iter().all(|rule| policy.level(rule) == base.level(rule)));
        assert_eq!(policy.command().is_some(), project.command.is_some());
        // What is commented out is a policy too, once it is not.
        let open: String = text
            .lines()
            .filter_map(|line| {
                let is_key = |rest: &&str| {
                    ["vary: ", "rules:", "ignore:", "  - rule", "    ", "  cgo-enabled: "]
                        .iter()
                        .any(|key| rest.starts_with(key))
                };
                line.strip_prefix("# ").filter(is_key)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let opened = parse(&open, &KNOWN);
        assert!(opened.is_ok(), "{open}\n{opened:?}");
        assert!(open.contains("until: 2027"), "{open}");
    }
}
