#![expect(clippy::arithmetic_side_effects, reason = "tests count by hand")]

mod files;
mod judging;
mod layers;
mod schema;

use super::*;

const RULES: &[&str] = &[
    "action-id-differs",
    "artifact-not-parsed",
    "cache-clean",
    "cache-dependency-path-incomplete",
    "cache-dependency-path-missing",
    "cache-disabled",
    "cache-key-constant",
    "cache-key-hash-empty",
    "cache-key-invalid",
    "cache-key-no-deps",
    "cache-key-no-platform",
    "cache-key-no-toolchain",
    "cache-key-shared",
    "cache-key-volatile",
    "cache-missing",
    "cache-never-refreshed",
    "cache-never-trimmed",
    "cache-no-restore-keys",
    "cache-output-dir",
    "cache-path-mismatch",
    "cache-path-outside-project",
    "cache-path-too-broad",
    "cache-pr-scope-only",
    "cache-restore-without-save",
    "cache-too-large",
    "cache-version-mismatch",
    "cached-executables",
    "cgo-enabled",
    "cgo-enabled-unpinned",
    "docker-cache-mount-ephemeral",
    "docker-cache-mount-mismatch",
    "docker-copy-before-download",
    "docker-no-cache-mount",
    "double-cache",
    "double-setup-go",
    "expired-ignore",
    "file-not-read",
    "go-env-changed-after-setup-go",
    "go-get-in-ci",
    "go-run-helper",
    "go-tool-unpinned",
    "go-version-float",
    "gocache-without-gomodcache",
    "gomodcache-without-gocache",
    "goreleaser-no-mod-timestamp",
    "hash-log-incomplete",
    "installsuffix-obsolete",
    "leaked-environment",
    "leaked-goroot",
    "leaked-host",
    "leaked-path",
    "leaked-user",
    "missing-trimpath",
    "mod-mod",
    "modcache-in-workspace-hash",
    "modcache-vendored",
    "no-buildvcs-control",
    "nondeterministic-output",
    "not-reproducible",
    "nothing-compared",
    "poisoned-entry",
    "restore-key-dead",
    "setup-go-before-checkout",
    "setup-go-outdated",
    "stray-a",
    "test-cache-defeated",
    "two-artifact-sets",
    "unpinned-toolchain",
    "unused-ignore",
    "volatile-gcflags",
    "volatile-ldflags",
    "warm-flags-mismatch",
    "wasted-recompiles",
];
const KNOWN: Known<'static> =
    Known { rules: RULES, variations: &["shallow", "toolchain", "umask", "workdir"] };

/// A policy of one file.
fn policy(text: &str) -> Policy {
    let layer = parse(text, &KNOWN).unwrap();
    Chain::of_file("goaudit.yaml", layer).resolve(&KNOWN).unwrap()
}
