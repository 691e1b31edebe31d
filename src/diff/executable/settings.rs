//! Causes that the build info names: another toolchain, other settings, other modules, another commit.

use super::{Cause, Findings, Level, Pair};
use crate::diff::attribute;
use crate::diff::category::Category;
use crate::golang::mod_info::{SettingChange, SettingKey};

/// Causes that may change any code, in the order in which one takes what several could have done.
pub(in crate::diff) const ABSORBING: [Category; 7] = [
    Category::Toolchain,
    Category::Target,
    Category::Instrumentation,
    Category::CompileFlags,
    Category::Cgo,
    Category::Pgo,
    Category::GoDirective,
];

/// The flag that also decides which other settings are recorded, and all paths.
pub(in crate::diff) const TRIMPATH: &str = "build -trimpath";

/// Adds a cause for each kind of setting that differs. The flags of the linker are left to those that
/// find what became of them.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) {
    format(pair, findings);
    if let Some(version) = &pair.go_version {
        let values = [Some(version.first.clone()), Some(version.second.clone())];
        findings.differ(Level::BuildInfo, "go", values.clone(), Some(Category::Toolchain));
        let title = format!("Go version: {} → {}", version.first, version.second);
        let cause = Cause::new(Category::Toolchain, title);
        let [first, second] = values;
        findings.add(Cause { first, second, ..cause });
    }
    let is_other_platform = pair.images[0].format != pair.images[1].format;
    let trimpath = pair.settings.iter().any(|change| change.key.to_string() == TRIMPATH);
    let mut groups: Vec<(Category, Vec<&SettingChange>)> = Vec::new();
    for change in &pair.settings {
        let category = category(change, trimpath);
        findings.differ(
            Level::BuildInfo,
            change.key.to_string(),
            [change.first.clone(), change.second.clone()],
            Some(category),
        );
        if category == Category::LinkFlags {
            continue;
        }
        // Each flag of these is a thing of its own.
        let is_own = matches!(category, Category::CompileFlags | Category::BuildSettings);
        match groups.iter_mut().find(|(of, _)| *of == category && !is_own) {
            Some((_, changes)) => changes.push(change),
            None => groups.push((category, vec![change])),
        }
    }
    groups.sort_by_key(|(category, _)| rank(*category));
    for (category, changes) in groups {
        let found = cause(category, &changes);
        match findings.causes.iter_mut().find(|by| brings(by.category, category, is_other_platform))
        {
            Some(by) if found.details.is_empty() => by.details.push(found.title),
            Some(by) => by.details.extend(found.details),
            None => {
                findings.add(found);
            }
        }
    }
    findings.absorber =
        findings.causes.iter().position(|cause| ABSORBING.contains(&cause.category));
}

/// Whether a setting of one kind may follow from that of another: defaults of a Go version, of a platform.
fn brings(by: Category, what: Category, is_other_platform: bool) -> bool {
    match by {
        Category::Toolchain => what == Category::GoDirective,
        Category::Target if is_other_platform => matches!(
            what,
            Category::Target
                | Category::Cgo
                | Category::DependencyVersion
                | Category::Instrumentation
        ),
        _ => false,
    }
}

fn rank(category: Category) -> usize {
    let at = ABSORBING.iter().position(|absorbing| *absorbing == category);
    at.unwrap_or(ABSORBING.len())
}

fn format(pair: &Pair<'_>, findings: &mut Findings) {
    let [first, second] = pair.images.map(|image| &image.format);
    if first == second {
        return;
    }
    let values = [Some(first.to_string()), Some(second.to_string())];
    let title = format!("other platforms: {first} → {second}");
    findings.differ(Level::Container, "format", values.clone(), Some(Category::Target));
    let [first, second] = values;
    findings.add(Cause { first, second, ..Cause::new(Category::Target, title) });
}

pub(in crate::diff) fn category(change: &SettingChange, trimpath: bool) -> Category {
    let key = change.key.to_string();
    let one_sided = change.first.is_none() || change.second.is_none();
    // With -trimpath go does not record what may hold paths.
    if trimpath && one_sided && (key == "build -ldflags" || key.starts_with("build CGO_")) {
        return Category::Trimpath;
    }
    attribute::category_of_setting(&key)
}

pub(in crate::diff) fn cause(category: Category, changes: &[&SettingChange]) -> Cause {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    let line = |change: &&SettingChange| {
        let key = change.key.to_string();
        let key = key.strip_prefix("build ").unwrap_or(&key);
        format!("{key}: {} → {}", shown(&change.first), shown(&change.second))
    };
    let lead = changes.iter().min_by_key(|change| weight(&change.key)).copied();
    let title = match (category, changes.len(), lead) {
        (Category::DependencyVersion, count, _) if count > 1 => {
            format!("{count} modules are of other versions")
        }
        (_, _, Some(lead)) => line(&lead),
        (_, _, None) => String::new(),
    };
    let (first, second) = match lead {
        Some(lead) if changes.len() == 1 => (lead.first.clone(), lead.second.clone()),
        _ => (None, None),
    };
    let details = if changes.len() > 1 { changes.iter().map(line).collect() } else { Vec::new() };
    let mut cause = Cause { first, second, details, ..Cause::new(category, title) };
    if let Some(fix) = changes.iter().find_map(|change| fix(change)) {
        cause.fix = Some(fix.to_owned());
    }
    cause
}

/// What says most of the reason comes first.
fn weight(key: &SettingKey) -> u8 {
    match key.to_string().as_str() {
        "build vcs.modified" | TRIMPATH => 0,
        "build vcs.revision" | "build GOOS" | "build GOARCH" | "build CGO_ENABLED" => 1,
        "build vcs" => 2,
        "mod" => 3,
        _ => 4,
    }
}

/// What is better said than the fix of the category.
fn fix(change: &SettingChange) -> Option<&'static str> {
    let both = change.first.is_some() && change.second.is_some();
    match change.key.to_string().as_str() {
        "build vcs.modified" if both => Some(
            "build of a clean checkout: `git status --porcelain` lists what is changed or not in .gitignore",
        ),
        "build vcs" | "build vcs.revision" if !both => Some(
            "one build saw no repository (no .git, no git, or a directory of another owner: git config safe.directory): build both of a full clone, or both with -buildvcs=false",
        ),
        "build CGO_ENABLED" => {
            Some("set CGO_ENABLED on both sides: its default is 1 only where a C compiler is found")
        }
        "path" => Some("name the package on both command lines, not its files"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, first: Option<&str>, second: Option<&str>) -> SettingChange {
        SettingChange {
            key: match key.split_once(' ') {
                Some(("build", name)) => SettingKey::Build(name.to_owned()),
                Some((_, path)) => SettingKey::Dep(path.to_owned()),
                None => SettingKey::Mod,
            },
            first: first.map(str::to_owned),
            second: second.map(str::to_owned),
        }
    }

    #[test]
    fn a_stamp_of_several_keys_is_one_cause() {
        let changes = [
            change("mod", Some("m v1.0.0"), Some("m v1.0.1-0.2026+dirty")),
            change("build vcs.revision", Some("aa"), Some("bb")),
            change("build vcs.modified", Some("false"), Some("true")),
        ];
        let found = cause(Category::VcsStamp, &changes.iter().collect::<Vec<_>>());
        assert_eq!(found.title, "vcs.modified: false → true");
        assert_eq!(found.details.len(), 3);
        assert!(found.fix.unwrap().contains("git status"));
    }

    #[test]
    fn what_trimpath_does_not_record_belongs_to_it() {
        let ldflags = change("build -ldflags", Some("-s"), None);
        assert_eq!(category(&ldflags, true), Category::Trimpath);
        assert_eq!(category(&ldflags, false), Category::LinkFlags);
        let both = change("build -ldflags", Some("-s"), Some("-w"));
        assert_eq!(category(&both, true), Category::LinkFlags);
    }
}
