#![doc = include_str!("unpinned_toolchain.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "unpinned-toolchain",
    summary: "nothing pins the Go version of the build",
    explanation: include_str!("unpinned_toolchain.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let manifest = &builds.first.manifest;
    let Some(version) = builds.first.go_version() else { return Vec::new() };
    let setting = builds
        .first
        .invocations
        .iter()
        .map(|i| i.info.setting("GOTOOLCHAIN"))
        .find(|s| !s.is_empty());
    let is_exact = |name: &str| name.starts_with("go1.") && name.matches('.').count() >= 2;
    // `go1.25.5+auto` still takes a newer one that go.mod asks for, which go.mod then pins.
    let by_environment =
        setting.is_some_and(|name| is_exact(name.split('+').next().unwrap_or(name)));
    let by_toolchain_line = manifest.go_mod.toolchain.as_deref() == Some(version);
    let by_go_line = manifest.go_mod.go.as_deref().is_some_and(|go| format!("go{go}") == version);
    if by_environment || by_toolchain_line || by_go_line {
        return Vec::new();
    }
    let asks = match (&manifest.go_mod.toolchain, &manifest.go_mod.go) {
        (Some(toolchain), _) => format!("go.mod asks for {toolchain} or newer"),
        (None, Some(go)) => format!("go.mod asks for go {go} or newer"),
        (None, None) => "no go.mod asks for a version".to_owned(),
    };
    let message = format!(
        "built with {version}, the go that was on PATH; {asks}, so another machine may take another"
    );
    let fix = format!(
        "go mod edit -toolchain={version}, and let CI install the version that go.mod names; or set GOTOOLCHAIN={version}"
    );
    vec![RULE.finding("go", message).with_fix(fix)]
}
