//! What the README says about rules, policies and exit codes is what goaudit does.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the README")]

use std::fs;
use std::path::Path;

use goaudit::policy::{Known, SHIPPED, parse};
use goaudit::rules::RULES;
use goaudit::variation::VARIATIONS;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The table is the registry's, line for line.
#[test]
fn the_table_of_rules_is_complete() {
    let table: String =
        RULES.iter().map(|rule| format!("| `{}` | {} |\n", rule.id, rule.summary)).collect();
    assert!(readme().contains(&table), "the README's table of rules should be:\n{table}");
}

#[test]
fn the_policy_that_is_shown_is_valid() {
    let text = readme();
    let yaml = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let variations: Vec<&str> = VARIATIONS.iter().map(|variation| variation.name).collect();
    parse(yaml, &Known { rules: &rules, variations: &variations }).unwrap();
}

#[test]
fn every_shipped_policy_names_only_rules_that_exist_and_all_of_them() {
    for (name, text) in SHIPPED {
        for rule in RULES {
            assert!(
                text.contains(&format!("\n  {}:", rule.id)),
                "{name} does not mention {}",
                rule.id
            );
        }
    }
}
