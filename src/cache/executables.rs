//! Cached executables, by the tool that they are.

use std::collections::BTreeMap;

use super::{Linked, Scan, Tally, Told};

/// Executables of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Name of its file.
    pub name: String,
    /// Import path; empty where it is not told.
    pub package: String,
    pub go_versions: Vec<String>,
    /// How many copies.
    pub copies: Tally,
    /// When the oldest and the newest were last used, in seconds since 1970.
    pub used: (i64, i64),
}

/// Returns the tools, the largest first.
pub(super) fn find(scan: &Scan) -> Vec<Tool> {
    let mut tools: BTreeMap<(&str, &str), Tool> = BTreeMap::new();
    for file in &scan.outputs {
        let Told::Executable(linked) = &file.told else { continue };
        let Linked { name, package, go_version, .. } = linked.as_ref();
        // The file of one package may have several names: main.exe, main.
        let key = if package.is_empty() || package == "command-line-arguments" { name } else { "" };
        let tool = tools.entry((package, key)).or_insert_with(|| Tool {
            name: name.clone(),
            package: package.clone(),
            go_versions: Vec::new(),
            copies: Tally::default(),
            used: (file.stat.used, file.stat.used),
        });
        tool.copies.add(file.stat);
        tool.used = (tool.used.0.min(file.stat.used), tool.used.1.max(file.stat.used));
        if !tool.go_versions.contains(go_version) {
            tool.go_versions.push(go_version.clone());
            tool.go_versions.sort();
        }
    }
    let mut tools: Vec<Tool> = tools.into_values().collect();
    tools.sort_by(|one, other| {
        other
            .copies
            .bytes
            .cmp(&one.copies.bytes)
            .then_with(|| (&one.package, &one.name).cmp(&(&other.package, &other.name)))
    });
    tools
}
