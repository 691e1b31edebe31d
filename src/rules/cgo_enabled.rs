#![doc = include_str!("cgo_enabled.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};
use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::KeyKind;
use crate::golang::quote;

pub(crate) const RULE: Rule = Rule {
    id: "cgo-enabled",
    summary: "a package is compiled with cgo",
    explanation: include_str!("cgo_enabled.md"),
    level: Level::Note,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let keys = builds.first.builds().flat_map(|invocation| &invocation.log.keys);
    keys.filter(|key| key.kind == KeyKind::Build)
        .filter_map(|key| {
            let quoted = || key.inputs.iter().map(|&id| builds.inputs.quoted(id));
            let line = quoted().find(|line| line.starts_with("\"CC=["))?;
            let compiler = quoted()
                .filter(|line| line.starts_with("\"CC ID="))
                .flat_map(|line| hash_input::atoms(key.kind, line))
                .find(|atom| atom.slot == Slot::CCompilerId);
            let message = match compiler {
                Some(id) => format!("compiled with cgo: its bytes depend on {}", id.value.trim_matches('"').trim()),
                None => "compiled with cgo: its bytes depend on the C compiler of the machine".to_owned(),
            };
            let fix = "build with CGO_ENABLED=0 where no C code is needed; else pin the image with the C compiler";
            Some(RULE.finding(&key.package, message).with_evidence(plain(line)).with_fix(fix))
        })
        .collect()
}

/// A line of the hash log without its quoting.
fn plain(quoted: &str) -> String {
    let bytes = quote::unquote(quoted.as_bytes()).unwrap_or_default();
    quote::to_text(&bytes).trim().to_owned()
}
