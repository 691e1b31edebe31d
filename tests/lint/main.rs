//! `goaudit lint` as a user runs it: what it reads, how it ends, and every form of its report.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit in folders")]

#[path = "../cases/mod.rs"]
mod cases;
mod comments;
mod fix;
#[path = "../folder/mod.rs"]
mod folder;
mod formats;
mod not_resolved;
mod paths;
mod refusals;

pub(crate) const WORKFLOW: &str = ".github/workflows/ci.yml";

/// A cache that no run restores (an error) in line 9, and one without restore keys (a warning) in
/// line 13.
pub(crate) const TWO: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@v4
        with:
          path: ~/go/pkg/mod
          key: mod-${{ github.run_id }}
      - uses: actions/cache@v4
        with:
          path: ~/go/pkg/mod
          key: go-${{ hashFiles('go.sum') }}
";
