use std::sync::Arc;

use super::*;

fn file(text: &str) -> Makefile {
    parse(&Arc::from("Makefile"), text)
}

fn variables(text: &str) -> Variables {
    let mut variables = Variables::default();
    for statement in &file(text).statements {
        if let Statement::Assign(assign) = statement {
            variables.assign(assign);
        }
    }
    variables
}

fn value(text: &str, name: &str) -> String {
    variables(text).value(name).unwrap().shown()
}

#[test]
fn ways_to_assign() {
    assert_eq!(value("A = $(B) c\nB = b\n", "A"), "b c");
    assert_eq!(value("B = a\nA := $(B)\nB = b\n", "A"), "a");
    assert_eq!(value("A = a\nA ?= b\nC ?= c\n", "A"), "a");
    assert_eq!(value("A = a \\\n  b # no\nA += $(B)\nB = c", "A"), "a b c");
    assert_eq!(value("A != date +%s\n", "A"), "$(date +%s)");
    assert_eq!(value("export A ::= $(shell git describe)\n", "A"), "$(git describe)");
    assert_eq!(value("define A\n@go build\nx\nendef\n", "A"), "@go build\nx");
    assert_eq!(value("f = go build $(1) -o $(2)\nA = $(call f,-a, b)\n", "A"), "go build -a -o b");
    assert_eq!(value("A = $$x $(notdir b) $(strip c )$@\n", "A"), "$x $(notdir b) c$@");
    // One of both branches: the words of both, and more may come.
    let text = "ifeq ($(OS),x)\nA = -a\nelse\nA = -b\nendif\n";
    assert_eq!(value(text, "A"), "-a -b ");
    assert_eq!(variables(text).value("A").unwrap().known(), None);
}

#[test]
fn what_names_itself_ends() {
    assert!((1..30).contains(&value("A = $(B)\nB = $(A)x\n", "A").matches('x').count()));
    let doubling: String = (0..40).map(|n| format!("A{n} = $(A{0})$(A{0})\n", n + 1)).collect();
    assert!(value(&doubling, "A0").len() < 1 << 20);
}

#[test]
fn rules_and_recipes() {
    let file = file(
        ".PHONY: all\nall: a b | c ; echo one\n\t@go build \\\n\t  -a ./...\n\n# comment\n\ta\nb: FLAGS = -x\nb:\n\tgo test\n\
         a=b\n\tnot a recipe\n",
    );
    let rules: Vec<&Rule> = file
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Rule(rule) => Some(rule),
            _ => None,
        })
        .collect();
    let targets: Vec<&str> = rules.iter().map(|rule| rule.targets.text.as_str()).collect();
    assert_eq!(targets, [".PHONY", "all", "b"]);
    assert_eq!(rules[1].needs.text, "a b | c");
    let recipe: Vec<&str> = rules[1].recipe.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(recipe, ["echo one", "@go build \\\n  -a ./...", "a"]);
    // The place of a flag on a continuation line, behind its tab.
    let at = rules[1].recipe[1].text.find("-a").unwrap();
    let spot = rules[1].recipe[1].spot_at(at).unwrap();
    assert_eq!((spot.line, spot.column), (3, 3));
}

#[test]
fn a_value_keeps_the_place_where_it_is_written() {
    let text = "FLAGS = -v \\\n   -a\nrun:\n\tgo build $(FLAGS) .\n";
    let variables = variables(text);
    let file = file(text);
    let Some(Statement::Rule(rule)) = file.statements.last() else { panic!("{file:?}") };
    let expanded = variables.expand(&rule.recipe[0]);
    let words = expanded.words();
    let flag = words.iter().find(|word| word.shown() == "-a").unwrap();
    assert_eq!((flag.spot().unwrap().line, flag.spot().unwrap().column), (1, 3));
}
