#![expect(clippy::arithmetic_side_effects, reason = "tests count by hand")]

mod files;
mod judging;
mod layers;

use super::*;

const RULES: &[&str] = &[
    "action-id-differs",
    "artifact-not-parsed",
    "cache-key-no-toolchain",
    "cache-key-volatile",
    "cache-never-trimmed",
    "cache-no-restore-keys",
    "cache-too-large",
    "cached-executables",
    "cgo-enabled",
    "expired-ignore",
    "file-not-read",
    "hash-log-incomplete",
    "leaked-environment",
    "leaked-goroot",
    "leaked-host",
    "leaked-path",
    "leaked-user",
    "missing-trimpath",
    "nondeterministic-output",
    "not-reproducible",
    "nothing-compared",
    "poisoned-entry",
    "stray-a",
    "two-artifact-sets",
    "unpinned-toolchain",
    "unused-ignore",
    "volatile-gcflags",
    "volatile-ldflags",
    "wasted-recompiles",
];
const KNOWN: Known<'static> =
    Known { rules: RULES, variations: &["shallow", "toolchain", "umask", "workdir"] };

/// A policy of one file.
fn policy(text: &str) -> Policy {
    let layer = parse(text, &KNOWN).unwrap();
    Chain::of_file("goaudit.yaml", layer).resolve(&KNOWN).unwrap()
}
