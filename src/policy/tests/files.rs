//! Reading a policy file: what is in it, what is wrong with it, what it may not do to the reader.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// The problems of a text, one a line.
fn problems(text: &str) -> String {
    let problems = parse(text, &KNOWN).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_key_is_read() {
    let policy = policy(include_str!("../../../fixtures/policies/full.yaml"));
    let args = ["make", "release", "VERSION=1.20", "1"].map(str::to_owned);
    assert_eq!(policy.command(), Some(&Command::Args(args.to_vec())));
    let artifacts: Vec<_> = policy.artifacts().iter().map(Pattern::as_str).collect();
    assert_eq!(artifacts, ["dist/*", "out/**/app"]);
    let vary: Vec<_> =
        policy.vary().iter().map(|c| (c.is_made, &*c.name, c.value.as_deref())).collect();
    let expected =
        [(true, "shallow", None), (false, "umask", None), (true, "toolchain", Some("go1.25.5"))];
    assert_eq!(vary, expected);
    assert_eq!(policy.level("stray-a"), Level::Off);
    assert_eq!(policy.level("cgo-enabled"), Level::Warning);
    assert_eq!(policy.level("volatile-ldflags"), Level::Error, "the level of release stays");
    let [first, second] = &policy.ignore[..] else { panic!() };
    assert_eq!(first.until, Date::new(2027, 6, 30));
    assert_eq!((second.reason.as_str(), second.until), ("7", None));
    let place = second.place.as_ref().unwrap();
    assert_eq!((place.path.as_str(), place.at.unwrap().0.get()), ("goaudit.yaml", 17));
}

#[test]
fn a_command_may_be_a_line_for_the_shell() {
    let command = |text| policy(text).command().cloned();
    assert_eq!(
        command("build: {command: make && true}"),
        Some(Command::Shell("make && true".into()))
    );
    assert_eq!(command("build: {command: 'true'}"), Some(Command::Shell("true".into())));
    assert_eq!(
        command("build: {command: [true, ~x]}"),
        Some(Command::Args(vec!["true".into(), "~x".into()]))
    );
    assert_eq!(command(""), None);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = include_str!("../../../fixtures/policies/mistakes.yaml");
    insta::assert_snapshot!(problems(text), @"
    1:10: unknown policy `releases`; did you mean `release`?
    3:3: unknown key `comand` in `build`; did you mean `command`?
    4:14: `artifacts` is a list, found a text
    6:5: unknown variation `umaks`; did you mean `umask`?
    7:5: a variation starts with `+` or `-`
    8:5: a variation that is left out has no value
    10:3: unknown rule `missing-trimpth`; did you mean `missing-trimpath`?
    11:24: unknown level `fatal`; one of `off`, `note`, `warn`, `warning`, `error`
    12:12: a rule has a level or a mapping, found a list
    13:43: bad glob `[net`: unclosed character class; missing ']'
    15:3: `unpinned-toolchain` is set twice, first in line 14
    17:5: this entry of `ignore` has no `reason`
    18:11: `expired-ignore` cannot be ignored; set its level under `rules`
    20:13: `reason` is empty
    21:12: `2027-02-30` is not a date of the form 2027-06-30
    23:10: `where` is a text, found nothing
    24:13: a policy has no aliases; write the value out
    25:5: unknown key `because` in an entry of `ignore`; one of `rule`, `where`, `reason`, `until`
    26:5: an entry of `ignore` is a mapping, found a text
    27:1: unknown key `policies` in a policy; one of `extends`, `build`, `vary`, `rules`, `ignore`
    ");

    // The lines, by a count that goaudit did not make.
    let bad: Vec<_> = text.lines().zip(1..).filter(|(line, _)| line.ends_with("# bad")).collect();
    let mut lines: Vec<u32> =
        parse(text, &KNOWN).unwrap_err().iter().map(|p| p.at.unwrap().0.get()).collect();
    lines.dedup();
    assert_eq!(lines, bad.iter().map(|(_, line)| *line).collect::<Vec<_>>());
}

#[test]
fn a_problem_points_at_the_very_word() {
    for (text, word) in [
        ("rules:\n  é: {level: fatal}\n", "é"),
        ("rules: {stray-a: {level: fatal}}\n", "fatal"),
        ("\u{feff}vary: [+umask, +huch]\r\n", "+huch"),
        ("ignore:\n  - rule: stray-a\n    where: a\n    reason: b\n    until: soon\n", "soon"),
    ] {
        let offset = text.find(word).unwrap();
        let before = text[..offset].trim_start_matches('\u{feff}');
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
        let first = problems(text);
        assert!(first.starts_with(&format!("{line}:{column}: ")), "{first}");
    }
}

#[test]
fn what_is_no_mapping_at_all() {
    insta::assert_snapshot!(problems("release"), @"1:1: a policy is a mapping, found a text");
    insta::assert_snapshot!(problems("- release"), @"1:1: a policy is a mapping, found a list");
    insta::assert_snapshot!(problems("a: [\n"), @"1:4: unclosed bracket '['");
    insta::assert_snapshot!(problems("---\n{}\n---\n{}\n"), @"4:1: a policy is one document; a second one starts here");
    insta::assert_snapshot!(problems("build: {command: []}\nvary: {}\nrules: 1\nignore: x"), @"
    1:18: `command` is empty
    2:7: `vary` is a list, found a mapping
    3:8: `rules` is a mapping, found a text
    4:9: `ignore` is a list, found a text
    ");
    insta::assert_snapshot!(problems("build: {command: 1.20}"), @"1:18: `1.20` is no text to YAML; put it in quotes");
    insta::assert_snapshot!(problems("ignore: [~]"), @"1:10: an entry of `ignore` is a mapping, found nothing");
    insta::assert_snapshot!(problems("[a]: b\nrules: {? {} : error}"), @"
    1:1: a key is a text, found a list
    2:11: the name of a rule is a text, found a mapping
    ");
    insta::assert_snapshot!(problems("rules: {stray-a: }\n"), @"1:16: a level is a text, found nothing");
    insta::assert_snapshot!(problems("extends: /etc/policy.yaml"), @"1:10: `/etc/policy.yaml` is not a relative path with `/`");
    insta::assert_snapshot!(problems("extends: https://example.com/policy.yaml"), @"1:10: `https://example.com/policy.yaml` is a URL; only files are extended");
    insta::assert_snapshot!(problems("extends: [default, ci]"), @"1:10: `extends` is a text, found a list");
}

#[test]
fn what_yaml_could_hide_is_refused() {
    insta::assert_snapshot!(problems("rules: &r {stray-a: error}\nx: *r\n"), @"
    2:1: unknown key `x` in a policy; one of `extends`, `build`, `vary`, `rules`, `ignore`
    2:4: a policy has no aliases; write the value out
    ");
    insta::assert_snapshot!(problems("rules: {<<: {stray-a: error}}\n"), @"
    1:9: unknown rule `<<`
    1:14: unknown key `stray-a` in a rule; one of `level`, `allow`
    ");
    insta::assert_snapshot!(problems("rules: {stray-a: !!str error}\n"), @"1:24: a policy has no tags; remove `!!str`");
    insta::assert_snapshot!(problems("rules: {stray-a: \0}\n"), @"1:18: a NUL byte: this looks like a binary file");
}

#[test]
fn nothing_is_the_default_policy() {
    let default = Chain::of_shipped("default").unwrap().resolve(&KNOWN).unwrap();
    for text in
        ["", "# nothing yet\n", "---\n", "{}", "rules:\nignore:\nvary:\nbuild:\n", "\u{feff}{}"]
    {
        let policy = policy(text);
        for rule in RULES {
            assert_eq!(policy.level(rule), default.level(rule), "{rule} in {text:?}");
        }
    }
}

#[test]
fn hostile_files_are_refused_promptly() {
    let mut laughs = "rules: &a0 [x]\n".to_owned();
    for level in 1..200 {
        laughs += &format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(9));
    }
    let quadratic = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(3000), "*a, ".repeat(3000));
    let keys: String = (0..20_000).map(|key| format!("k{key}: 1\n")).collect();
    for (text, problem) in [
        ("a".repeat(10 << 20), "a policy has 262144 at most"),
        ("[".repeat(100_000), "nested more than 255 levels deep"),
        ("{a: ".repeat(100_000), "a policy has 262144 at most"),
        ("{a: ".repeat(60_000), "nested more than 255 levels deep"),
        ("- ".repeat(100_000), "nested more than 255 levels deep"),
        (laughs, "has no aliases"),
        (quadratic, "has no aliases"),
        (format!("{{{}}}", keys.replace(": 1\n", ", ")), "unknown key"),
        (format!("rules: {{{}}}", keys.replace('\n', ", ")), "unknown rule"),
        (format!("[{}]", "!t x, ".repeat(40_000)), "has no tags"),
        (keys, "unknown key"),
        (format!("vary: [{}]", "+umask, ".repeat(20_000)), "more than 1000"),
        (
            format!("build: {{artifacts: [\"{}a*{}\"]}}", "{".repeat(400), "}".repeat(400)),
            "bad glob",
        ),
    ] {
        let (done, waiting) = mpsc::channel();
        thread::spawn(move || done.send(problems(&text)));
        // Each takes well under a second; a quadratic reader would need minutes.
        let problems = waiting.recv_timeout(Duration::from_secs(30)).expect(problem);
        assert!(problems.contains(problem), "{problems:.300}");
        assert!(problems.lines().count() <= 101);
    }
}

proptest! {
    /// What the walk over the tree finds free of problems, serde can read.
    #[test]
    fn the_walk_refuses_whatever_serde_would(text in policy_like()) {
        if let Err(problems) = parse(&text, &KNOWN) {
            for problem in problems {
                prop_assert!(problem.at.is_some(), "{problem} in {text}");
            }
        }
    }

    #[test]
    fn any_text_is_a_policy_or_has_problems(text in any::<String>()) {
        let _ = parse(&text, &KNOWN).map_err(|problems| assert!(!problems.is_empty()));
    }
}

/// Texts that are policies, or nearly.
fn policy_like() -> impl Strategy<Value = String> {
    let value = "(error|warn|off|~|null|NULL|Null|1|1.5|true|''|\"x\"|\\[\\]|\\{\\}|\\[a, 1\\]|\\[~\\]|\\[\\[\\]\\]|\\{level: warn\\}|\\{level: 1, allow: \\[1, net\\]\\}|\\{level: , allow: \\}|\\[\\+umask\\]|default|2027-06-30|0x1F|\\|-\n    x|)";
    let keys =
        ["extends", "vary", "build", "rules", "ignore"].map(|key| format!("{key}: {value}\n"));
    let inner = [
        "build:\n  command: ",
        "build:\n  artifacts: ",
        "rules:\n  stray-a: ",
        "rules:\n  'stray-a': ",
    ]
    .map(|key| format!("{key}{value}\n"));
    let ignore = format!(
        "ignore:\n  - rule: (stray-a|1)\n    where: {value}\n    reason: {value}\n    until: (2027-06-30|'2027-06-30'|~)\n"
    );
    let parts: Vec<String> = keys.into_iter().chain(inner).chain([ignore]).collect();
    // One at a time: of several, one is nearly always wrong.
    let one = parts.into_iter().map(|part| proptest::string::string_regex(&part).unwrap());
    proptest::strategy::Union::new(one)
}
