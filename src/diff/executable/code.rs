//! Functions that changed, by package: what of the code differs, and what follows from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Cause, Findings, Level, Pair};
use crate::binary::pclntab::{GoFunction, Pclntab};
use crate::binary_diff::{FunctionChange, Owner};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;
use crate::golang::package_name::{is_standard, package_of};

/// What became of the functions of two executables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Functions {
    /// Of equal bytes.
    pub identical: usize,
    /// Equal but for addresses that follow from the layout.
    pub moved: usize,
    pub changed: usize,
    pub only_first: usize,
    pub only_second: usize,
    /// Of equal length and other bytes, where it is not known whether they changed: on a machine whose
    /// instructions are not read, or with addresses of data that a stripped file has no names for.
    pub not_compared: usize,
    /// The first few of these.
    pub unclear: Vec<String>,
    /// Those that changed, by package, most functions first.
    pub packages: Vec<PackageChange>,
}

impl Functions {
    fn unclear(&mut self, name: &str) {
        self.not_compared = self.not_compared.saturating_add(1);
        if self.unclear.len() < PACKAGES {
            self.unclear.push(name.to_owned());
        }
    }
}

/// Functions of one package that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageChange {
    /// Import path; empty for what C or the linker named.
    pub package: String,
    /// Names without the package, with what became of each.
    pub functions: Vec<(String, FunctionChange)>,
}

/// Functions that are counted and not named.
const MANY: usize = 20;
/// Packages that a cause names.
const PACKAGES: usize = 6;
/// Functions of a package that a line names.
const NAMES: usize = 4;

/// Adds the causes of changed code and changed lines, and counts the functions.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) -> Functions {
    let functions = counted(pair);
    for package in &functions.packages {
        for (name, change) in &package.functions {
            let size = |bytes: usize| Some(format!("{bytes} bytes"));
            let values = match change {
                FunctionChange::Changed { first_bytes, second_bytes } => {
                    [size(*first_bytes), size(*second_bytes)]
                }
                FunctionChange::OnlyFirst => [Some("there".to_owned()), None],
                _ => [None, Some("there".to_owned())],
            };
            let full = format!("{}.{name}", package.package);
            let full = if package.package.is_empty() { name.clone() } else { full };
            findings.differ(Level::Symbol, full, values, None);
        }
    }
    let bytes = pair.diff.bytes.get(&Owner::Code).copied().unwrap_or_default();
    // The source of one Go version is one: with other paths other defaults are compiled into it.
    let is_standard = functions.packages.iter().all(|package| is_standard(&package.package));
    let trimpath = findings.causes.iter().position(|cause| cause.category == Category::Trimpath);
    let taker = findings.absorber.or(trimpath.filter(|_| is_standard));
    if let Some(cause) = taker.and_then(|at| findings.causes.get_mut(at)) {
        if !functions.packages.is_empty() {
            cause.details.push(counts(&functions.packages));
            cause.bytes = cause.bytes.saturating_add(bytes);
        }
        return functions;
    }
    let (of_dependencies, own): (Vec<_>, Vec<_>) = functions
        .packages
        .iter()
        .cloned()
        .partition(|package| is_of_changed_module(pair, &package.package));
    let dependency =
        findings.causes.iter_mut().find(|cause| cause.category == Category::DependencyVersion);
    if let Some(cause) = dependency
        && !functions.packages.is_empty()
    {
        let all = if of_dependencies.is_empty() { &own } else { &of_dependencies };
        cause.details.push(counts(all));
        cause.bytes = cause.bytes.saturating_add(bytes);
        if !own.is_empty() && !of_dependencies.is_empty() {
            let text =
                "too: their source may be the same, as code of a module is inlined into others";
            cause.details.push(format!("{} {text}", counts(&own)));
        }
    } else if !own.is_empty() && own.iter().all(is_of_c) {
        findings.add(c_code(&own, bytes));
    } else if !own.is_empty() {
        findings.add(source(pair, &own, bytes));
    }
    lines(pair, findings);
    functions
}

fn counted(pair: &Pair<'_>) -> Functions {
    let mut functions = Functions {
        identical: pair.diff.identical,
        moved: pair.diff.moved,
        ..Functions::default()
    };
    let mut packages: BTreeMap<String, Vec<(String, FunctionChange)>> = BTreeMap::new();
    // What C compiled is in no table of Go.
    let tables = pair.lines.iter().flatten();
    let go_functions: BTreeSet<&[u8]> = match pair.diff.changed.is_empty() {
        true => BTreeSet::new(),
        false => tables.flat_map(|table| &table.functions).map(|function| function.name).collect(),
    };
    for (name, change) in &pair.diff.changed {
        if name == "runtime.text" || name == "runtime.etext" {
            continue;
        }
        let count = match change {
            FunctionChange::Changed { first_bytes, second_bytes }
                if !pair.diff.is_decoded && first_bytes == second_bytes =>
            {
                functions.unclear(name);
                continue;
            }
            FunctionChange::Unknown => {
                functions.unclear(name);
                continue;
            }
            FunctionChange::OnlyFirst => &mut functions.only_first,
            FunctionChange::OnlySecond => &mut functions.only_second,
            _ => &mut functions.changed,
        };
        *count = count.saturating_add(1);
        let is_go = go_functions.contains(name.as_bytes());
        let package = package_of(name).filter(|_| is_go).unwrap_or_default();
        let short = if is_go { short_name(name) } else { name }.to_owned();
        packages.entry(package).or_default().push((short, *change));
    }
    functions.packages = packages
        .into_iter()
        .map(|(package, functions)| PackageChange { package, functions })
        .collect();
    functions.packages.sort_by_key(|package| std::cmp::Reverse(package.functions.len()));
    functions
}

/// The name without the path of its package.
fn short_name(name: &str) -> &str {
    if package_of(name).is_none() {
        return name;
    }
    let before_types = name.find('[').unwrap_or(name.len());
    let last = name
        .get(..before_types)
        .and_then(|path| path.rfind('/'))
        .map_or(0, |slash| slash.saturating_add(1));
    let rest = name.get(last..).unwrap_or(name);
    rest.split_once('.').map_or(rest, |(_, short)| short)
}

fn is_of_changed_module(pair: &Pair<'_>, package: &str) -> bool {
    pair.settings.iter().any(|change| {
        let key = change.key.to_string();
        key.strip_prefix("dep ")
            .and_then(|module| package.strip_prefix(module))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// `3 functions of 2 packages changed: main (run), example.com/a (F, G)`.
fn counts(packages: &[PackageChange]) -> String {
    let total: usize = packages.iter().map(|package| package.functions.len()).sum();
    let of = match packages.len() {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    let noun = if total == 1 { "function" } else { "functions" };
    let number = |package: &PackageChange| {
        format!("{} ({})", package_or_none(package), package.functions.len())
    };
    let one = if total > MANY { number } else { named };
    let shown: Vec<String> = packages.iter().take(NAMES).map(one).collect();
    let more = if packages.len() > NAMES { ", …" } else { "" };
    format!("{total} {noun} of {of} differ: {}{more}", shown.join(", "))
}

fn named(package: &PackageChange) -> String {
    let names: Vec<&str> =
        package.functions.iter().take(NAMES).map(|(name, _)| name.as_str()).collect();
    let more = if package.functions.len() > NAMES {
        format!(", {} more", package.functions.len().saturating_sub(NAMES))
    } else {
        String::new()
    };
    format!("{} ({}{more})", package_or_none(package), names.join(", "))
}

fn package_or_none(package: &PackageChange) -> &str {
    if package.package.is_empty() { "C" } else { &package.package }
}

/// C code, or code that cgo wrote around it.
fn is_of_c(package: &PackageChange) -> bool {
    package.package.is_empty() || package.package == "runtime/cgo"
}

/// No build info says what C was compiled from, nor how.
fn c_code(packages: &[PackageChange], bytes: u64) -> Cause {
    let title = format!(
        "C code differs, {}: another C compiler, other CGO_*FLAGS or other C source",
        counts(packages)
    );
    let fix = "build with the same C compiler and CGO_*FLAGS, which Go does not record with -trimpath; CGO_ENABLED=0 does without";
    let cause = Cause::new(Category::Cgo, title);
    Cause { bytes, fix: Some(fix.to_owned()), ..cause }
}

/// Code differs, and nothing that the files say of themselves is a reason.
fn source(pair: &Pair<'_>, packages: &[PackageChange], bytes: u64) -> Cause {
    let changed = packages.iter().flat_map(|package| &package.functions);
    let total = changed.count();
    let title = match (total, packages) {
        (1, [package]) => {
            let name = package.functions.first().map_or("", |(name, _)| name.as_str());
            format!("the code of 1 function differs: {}.{name}", package.package)
        }
        (_, [package]) => {
            format!("the code of {total} functions of {} differs", package_or_none(package))
        }
        _ => format!("the code of {total} functions of {} packages differs", packages.len()),
    };
    let mut details: Vec<String> = packages.iter().take(PACKAGES).map(named).collect();
    if packages.len() > PACKAGES {
        details.push(format!("and {} more packages", packages.len().saturating_sub(PACKAGES)));
    }
    if total == 1 {
        details.clear();
    }
    let mut cause = Cause { bytes, details, ..Cause::new(Category::Source, title) };
    cause.fix = Some(
        match pair.build_id {
            BuildIdMeaning::Same => {
                "the build IDs are equal: one file was changed after its build; compare both as their builds left them"
            }
            _ => {
                "compare the source of these packages in the two checkouts (git diff), generated files first"
            }
        }
        .to_owned(),
    );
    cause
}

/// Functions of equal code whose lines differ: a comment or another blank line above.
fn lines(pair: &Pair<'_>, findings: &mut Findings) {
    let [Some(first), Some(second)] = &pair.lines else { return };
    let bytes = pair.diff.bytes.get(&Owner::Lines).copied().unwrap_or_default();
    if bytes == 0 && !pair.diff.bytes.contains_key(&Owner::Table) {
        return;
    }
    let packages = moved_lines(first, second);
    let total: usize = packages.values().sum();
    if total == 0 {
        return;
    }
    let count = if total == 1 { "1 function".to_owned() } else { format!("{total} functions") };
    let shown: Vec<String> = packages
        .iter()
        .take(PACKAGES)
        .map(|(package, count)| format!("{package} ({count})"))
        .collect();
    let of = shown.join(", ");
    let there = findings
        .causes
        .iter_mut()
        .find(|cause| matches!(cause.category, Category::Source | Category::DependencyVersion));
    let line = format!("line numbers of {count} differ: {of}");
    if let Some(cause) = there {
        cause.details.push(line);
        cause.bytes = cause.bytes.saturating_add(bytes);
        return;
    }
    let title = format!("{line}; code is the same: a comment, blank lines, imports");
    let fix = "none if the source was edited; with -ldflags='-s -w' it still differs, as tracebacks need lines";
    let cause = Cause::new(Category::Source, title);
    findings.add(Cause { bytes, fix: Some(fix.to_owned()), ..cause });
}

/// The functions that both tables have, the n-th of a name with the n-th: a wrapper has the name of what it wraps.
pub(super) fn by_name<'t, 'a>(
    first: &'t Pclntab<'a>,
    second: &'t Pclntab<'a>,
) -> Vec<(&'t GoFunction<'a>, &'t GoFunction<'a>)> {
    let mut of_name: BTreeMap<&[u8], VecDeque<&GoFunction<'a>>> = BTreeMap::new();
    for function in &first.functions {
        of_name.entry(function.name).or_default().push_back(function);
    }
    second
        .functions
        .iter()
        .filter_map(|function| Some((of_name.get_mut(function.name)?.pop_front()?, function)))
        .collect()
}

/// Functions by package whose own lines differ. Lines that were inlined into others do not count.
fn moved_lines(first: &Pclntab<'_>, second: &Pclntab<'_>) -> BTreeMap<String, usize> {
    let mut packages: BTreeMap<String, usize> = BTreeMap::new();
    for (other, function) in by_name(first, second) {
        let inlines = |function: &GoFunction<'_>| function.pcfile.len() > 4;
        let start = other.start_line != function.start_line;
        // Before Go 1.20 there is no start: the first value of the table is the line.
        let own = other.start_line == 0
            && function.start_line == 0
            && other.pcln != function.pcln
            && other.pcln.len() == function.pcln.len()
            && !inlines(function);
        if (start || own)
            && let Some(package) = package_of(&String::from_utf8_lossy(function.name))
        {
            let count = packages.entry(package).or_default();
            *count = count.saturating_add(1);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_package() {
        assert_eq!(short_name("main.main"), "main");
        assert_eq!(short_name("gopkg.in/yaml%2ev3.(*Node).Decode"), "(*Node).Decode");
        assert_eq!(short_name("a.com/b.F[go.shape.[]c.com/d.T]"), "F[go.shape.[]c.com/d.T]");
        assert_eq!(short_name("_cgo_init"), "_cgo_init");
    }
}
