//! Data moves one way. A stage may use the stages before it and no others.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read sources")]

use std::fs;
use std::path::{Path, PathBuf};

/// The stages in the order data moves through them.
const STAGES: &[&str] = &[
    "units",
    "detect",
    "golang",
    "binary",
    "binary_diff",
    "packing",
    "leaks",
    "finding",
    "config",
    "variation",
    "recording",
    "ledger",
    "timing",
    "evidence",
    "diff",
    "cache",
    "rules",
    "mend",
    "policy",
    "report",
];
/// What touches the world; `cli` may use `capture`.
const EDGES: &[&str] = &["capture", "cli"];

#[test]
fn no_stage_uses_a_later_one() {
    for (position, stage) in STAGES.iter().enumerate() {
        let later = STAGES[position + 1..].iter().chain(EDGES);
        for (file, text) in sources(stage) {
            for later in later.clone() {
                let name = format!("crate::{later}");
                // `rules::Check::Engine` rules are stated by the policy, which names them.
                assert!(!text.contains(&name), "{file} uses {name}, which comes after {stage}");
            }
        }
    }
}

#[test]
fn capture_does_not_know_the_command_line() {
    for (file, text) in sources("capture") {
        for later in ["crate::cli", "crate::diff", "crate::rules", "crate::policy", "crate::report"]
        {
            assert!(!text.contains(later), "{file} uses {later}");
        }
    }
}

#[test]
fn every_module_of_the_crate_is_a_stage_or_an_edge() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut known: Vec<&str> = STAGES.iter().chain(EDGES).copied().collect();
    known.sort_unstable();
    assert_eq!(declared, known);
}

/// Only the edges may opt out of the wall that clippy.toml builds around I/O.
#[test]
fn only_edges_open_the_wall() {
    for stage in STAGES {
        for (file, text) in sources(stage) {
            let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
            assert!(
                !text[..tests].contains("clippy::disallowed"),
                "{file} opens the wall around I/O"
            );
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(stage: &str) -> Vec<(String, String)> {
    let mut paths = vec![src().join(format!("{stage}.rs"))];
    collect(&src().join(stage), &mut paths);
    let sources: Vec<_> = paths
        .iter()
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(!sources.is_empty(), "there is no stage {stage}");
    sources
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
