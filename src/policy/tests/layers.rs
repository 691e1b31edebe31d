//! A policy over the one it extends, and so on.

use super::*;

fn layer(text: &str) -> Layer {
    parse(text, &KNOWN).unwrap()
}

#[test]
fn own_settings_come_first() {
    let base = layer(
        "extends: ci\nbuild: {command: make, artifacts: [a, b]}\nvary: [+umask]\n\
         rules: {cgo-enabled: {level: error, allow: [net]}, stray-a: {level: note, allow: [x]}}\n\
         ignore: [{rule: stray-a, where: base, reason: r}]\n",
    );
    let own = layer(
        "extends: base.yaml\nbuild: {artifacts: [c]}\nvary: [-umask, +shallow]\n\
         rules: {cgo-enabled: note, stray-a: {allow: []}}\n\
         ignore: [{rule: stray-a, where: own, reason: r}]\n",
    );
    let mut chain = Chain::of_file("policies/goaudit.yaml", own);
    assert_eq!(chain.wanted().as_deref(), Some("policies/base.yaml"));
    chain.add(base).unwrap();
    assert_eq!(chain.wanted(), None);
    let policy = chain.resolve(&KNOWN).unwrap();

    assert_eq!(policy.command(), Some(&Command::Shell("make".to_owned())));
    assert_eq!(policy.artifacts().iter().map(Pattern::as_str).collect::<Vec<_>>(), ["c"]);
    let vary: Vec<_> = policy.vary().iter().map(|c| (c.is_made, c.name.as_str())).collect();
    assert_eq!(vary, [(true, "umask"), (false, "umask"), (true, "shallow")]);
    assert_eq!(policy.level("cgo-enabled"), Level::Note);
    assert_eq!(policy.rules["cgo-enabled"].allow.as_ref().unwrap()[0].as_str(), "net");
    assert_eq!(policy.level("stray-a"), Level::Note);
    assert!(policy.rules["stray-a"].allow.as_ref().unwrap().is_empty());
    assert_eq!(policy.level("volatile-ldflags"), Level::Warning, "as ci has it");
    let ignored: Vec<_> = policy
        .ignore
        .iter()
        .map(|one| (one.place.as_ref().unwrap().path.as_str(), one.location.as_str()))
        .collect();
    assert_eq!(ignored, [("policies/base.yaml", "base"), ("policies/goaudit.yaml", "own")]);
}

#[test]
fn a_file_that_does_not_say_extends_default() {
    let layer = layer("rules: {stray-a: note}");
    assert_eq!(layer.extends(), Some(&Extends::Shipped("default".to_owned())));
    let policy = Chain::of_file("goaudit.yaml", layer).resolve(&KNOWN).unwrap();
    assert_eq!(policy.level("stray-a"), Level::Note);
    assert_eq!(policy.level("cache-key-volatile"), Level::Error);
}

#[test]
fn files_are_found_from_the_file_that_names_them() {
    let wanted =
        |path, file: &str| Chain::of_file(path, layer(&format!("extends: {file}"))).wanted();
    assert_eq!(wanted("goaudit.yaml", "base.yml").as_deref(), Some("base.yml"));
    assert_eq!(
        wanted(".github/goaudit.yaml", "../ci/./base.yaml").as_deref(),
        Some("ci/base.yaml")
    );
    assert_eq!(wanted("goaudit.yaml", "../../x/base").as_deref(), Some("../../x/base"));
    assert_eq!(wanted("/etc/goaudit.yaml", "base.yaml").as_deref(), Some("/etc/base.yaml"));
    assert_eq!(wanted("goaudit.yaml", "default"), None);
}

#[test]
fn a_circle_of_files_is_an_error() {
    let mut chain = Chain::of_file("a.yaml", layer("extends: b/b.yaml"));
    chain.add(layer("extends: ../a.yaml")).unwrap();
    let problem = chain.add(layer("")).unwrap_err();
    insta::assert_snapshot!(problem, @"a policy extends itself: a.yaml → b/b.yaml → a.yaml");

    let mut long = Chain::of_file("0.yaml", layer("extends: 1.yaml"));
    let problem = (2..).find_map(|n| long.add(layer(&format!("extends: {n}.yaml"))).err());
    insta::assert_snapshot!(problem.unwrap(), @"a policy stands on more than 16 files");
}

#[test]
fn a_chain_that_is_not_whole_gives_no_policy() {
    let chain = Chain::of_file("goaudit.yaml", layer("extends: base.yaml"));
    insta::assert_snapshot!(chain.resolve(&KNOWN).unwrap_err()[0], @"the policy extends `base.yaml`, which was not read");
    insta::assert_snapshot!(Chain::of_shipped("lax").unwrap_err(), @"no policy `lax` comes with goaudit; there are `ci`, `default`, `pedantic`, `release`");
    let none = Known { rules: &[], variations: &[] };
    let problems = Chain::of_shipped("ci").unwrap().resolve(&none).unwrap_err();
    assert_eq!(problems.len(), RULES.len());
    insta::assert_snapshot!(problems[0], @"policy `ci`, which comes with goaudit: 8:3: unknown rule `stray-a`");
}

/// A shipped policy that forgot a rule would leave it at a level nobody chose.
#[test]
fn shipped_policies_speak_of_every_rule() {
    for (name, text) in SHIPPED {
        let layer = check::shipped(name, &KNOWN).unwrap();
        assert_eq!(layer.extends(), None, "{name}");
        let named: Vec<_> = layer.raw.rules.unwrap().into_keys().collect();
        assert_eq!(named, RULES, "{name}");
        // The line above a setting is its comment, or a setting that shares it.
        for (above, line) in text.lines().zip(text.lines().skip(1)) {
            let is_setting = line.starts_with("  ") && !line.trim().starts_with('#');
            assert!(!is_setting || above.starts_with("  "), "{name}: {line}");
        }
    }
}

fn level(name: &str, rule: &str) -> Level {
    Chain::of_shipped(name).unwrap().resolve(&KNOWN).unwrap().level(rule)
}

#[test]
fn levels_of_the_shipped_policies() {
    let table = RULES.iter().map(|rule| {
        let levels = ["default", "release", "ci", "pedantic"]
            .map(|name| format!("{:?}", level(name, rule)).to_lowercase());
        format!("{rule:32}{:9}{:9}{:9}{}\n", levels[0], levels[1], levels[2], levels[3])
    });
    insta::assert_snapshot!(table.collect::<String>(), @r#"
    action-id-differs               warning  warning  error    error
    artifact-not-parsed             error    error    warning  error
    cache-clean                     warning  note     error    error
    cache-dependency-path-incompleteoff      off      note     warning
    cache-dependency-path-missing   error    note     error    error
    cache-disabled                  off      off      note     warning
    cache-key-constant              error    note     error    error
    cache-key-hash-empty            error    note     error    error
    cache-key-invalid               error    note     error    error
    cache-key-no-deps               warning  note     error    error
    cache-key-no-platform           warning  note     error    error
    cache-key-no-toolchain          warning  note     error    error
    cache-key-shared                warning  note     error    error
    cache-key-volatile              error    note     error    error
    cache-missing                   off      off      note     warning
    cache-never-refreshed           off      off      off      warning
    cache-never-trimmed             warning  note     error    error
    cache-no-restore-keys           warning  note     error    error
    cache-output-dir                warning  note     error    error
    cache-path-mismatch             error    note     error    error
    cache-path-outside-project      error    note     error    error
    cache-path-too-broad            warning  note     warning  error
    cache-pr-scope-only             warning  note     error    error
    cache-restore-without-save      warning  note     error    error
    cache-too-large                 warning  note     error    error
    cache-version-mismatch          warning  note     error    error
    cached-executables              warning  note     warning  error
    cgo-enabled                     note     error    warning  warning
    cgo-enabled-unpinned            warning  error    off      error
    docker-cache-mount-ephemeral    off      off      note     warning
    docker-cache-mount-mismatch     warning  note     error    error
    docker-copy-before-download     warning  note     error    error
    docker-no-cache-mount           off      off      note     warning
    double-cache                    warning  note     error    error
    double-setup-go                 warning  note     error    error
    expired-ignore                  warning  error    warning  error
    file-not-read                   warning  warning  error    error
    go-env-changed-after-setup-go   warning  note     error    error
    go-get-in-ci                    off      note     note     warning
    go-run-helper                   off      off      note     warning
    go-tool-unpinned                off      note     note     warning
    go-version-float                error    error    error    error
    gocache-without-gomodcache      warning  note     error    error
    gomodcache-without-gocache      off      off      note     warning
    goreleaser-no-mod-timestamp     off      warning  off      warning
    hash-log-incomplete             warning  warning  error    error
    installsuffix-obsolete          off      off      off      warning
    leaked-environment              warning  error    warning  error
    leaked-goroot                   note     note     off      warning
    leaked-host                     warning  error    off      error
    leaked-path                     warning  error    off      error
    leaked-user                     warning  error    off      error
    missing-trimpath                error    error    error    error
    mod-mod                         warning  error    warning  error
    modcache-in-workspace-hash      warning  note     error    error
    modcache-vendored               off      off      note     warning
    no-buildvcs-control             off      note     off      warning
    nondeterministic-output         error    error    warning  error
    not-reproducible                error    error    warning  error
    nothing-compared                error    error    error    error
    poisoned-entry                  error    error    error    error
    restore-key-dead                error    note     error    error
    setup-go-before-checkout        error    note     error    error
    setup-go-outdated               off      off      note     warning
    stray-a                         error    note     error    error
    test-cache-defeated             off      off      note     warning
    two-artifact-sets               note     note     warning  warning
    unpinned-toolchain              warning  error    error    error
    unused-ignore                   note     warning  note     warning
    volatile-gcflags                error    error    error    error
    volatile-ldflags                warning  error    warning  error
    warm-flags-mismatch             warning  note     error    error
    wasted-recompiles               note     note     warning  warning
    "#);
}

#[test]
fn shipped_policies_keep_their_promises() {
    for rule in RULES {
        assert!(level("pedantic", rule) >= Level::Warning, "{rule}");
        assert!(level("pedantic", rule) >= level("default", rule), "{rule}");
    }
    for name in ["default", "release", "ci", "pedantic"] {
        assert_eq!(level(name, "nothing-compared"), Level::Error, "{name}");
    }
}
