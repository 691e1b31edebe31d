#![expect(clippy::arithmetic_side_effects, reason = "tests count by hand")]

mod files;
mod judging;
mod layers;

use super::*;

const RULES: &[&str] = &[
    "action-id-differs",
    "artifact-not-parsed",
    "cache-dependency-path-missing",
    "cache-key-constant",
    "cache-key-hash-empty",
    "cache-key-invalid",
    "cache-key-no-deps",
    "cache-key-no-platform",
    "cache-key-no-toolchain",
    "cache-key-volatile",
    "cache-no-restore-keys",
    "cache-path-mismatch",
    "cache-path-outside-project",
    "cache-path-too-broad",
    "cache-pr-scope-only",
    "cache-restore-without-save",
    "cache-version-mismatch",
    "cgo-enabled",
    "double-cache",
    "double-setup-go",
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
    "restore-key-dead",
    "setup-go-before-checkout",
    "stray-a",
    "unpinned-toolchain",
    "unused-ignore",
    "volatile-gcflags",
    "volatile-ldflags",
];
const KNOWN: Known<'static> =
    Known { rules: RULES, variations: &["shallow", "toolchain", "umask", "workdir"] };

/// A policy of one file.
fn policy(text: &str) -> Policy {
    let layer = parse(text, &KNOWN).unwrap();
    Chain::of_file("goaudit.yaml", layer).resolve(&KNOWN).unwrap()
}
