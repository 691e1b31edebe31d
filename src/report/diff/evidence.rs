//! Why two files differ by what is kept of them, for a person; and all that the report says.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use super::text::grouped;
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::evidence::{causes, not_told, phrase, roots};
use crate::diff::executable::Cause;
use crate::evidence::{
    Artifact, ArtifactDiff, BuildDiff, CompiledChange, Diverged, Evidence, EvidenceDiff, Order,
    Outcome, PackageChange, PackageDiff, SectionDiff,
};
use crate::report::text::{Paint, Style};

/// Packages, and sections, that fit on a screen with all else.
const ROWS: usize = 12;

/// Everything that a report of `goaudit diff` says where a side is evidence.
#[derive(Debug)]
pub struct EvidenceReport {
    pub first: EvidenceSide,
    pub second: EvidenceSide,
    pub diff: EvidenceDiff,
}

/// A side as the caller named it.
#[derive(Debug)]
pub struct EvidenceSide {
    pub name: String,
    /// Whether it is an evidence file, and no executable.
    pub is_kept: bool,
    pub evidence: Evidence,
}

impl EvidenceReport {
    /// Whether all files are the same; where there are none, all that was compiled.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let diff = &self.diff;
        let is_one_sided = |build: &BuildDiff| {
            !build.packages.is_empty()
                || !build.only_first.is_empty()
                || !build.only_second.is_empty()
        };
        if !diff.only_first.is_empty() || !diff.only_second.is_empty() {
            return false;
        }
        match diff.artifacts.as_slice() {
            [] => !diff.build.as_ref().is_some_and(is_one_sided),
            artifacts => artifacts.iter().all(|one| one.outcome == Outcome::Identical),
        }
    }

    /// Whether all that is compared is one file with another.
    pub(super) fn is_of_one_file(&self) -> bool {
        let diff = &self.diff;
        diff.artifacts.len() == 1 && diff.only_first.is_empty() && diff.only_second.is_empty()
    }

    /// The two files that a comparison is of.
    pub(super) fn sides(&self, diff: &ArtifactDiff) -> Option<(&Artifact, &Artifact)> {
        let of = |side: &'_ Evidence, path: &str| {
            side.artifacts.iter().position(|artifact| artifact.path == path)
        };
        let first = of(&self.first.evidence, &diff.first)?;
        let second = of(&self.second.evidence, &diff.second)?;
        self.first.evidence.artifacts.get(first).zip(self.second.evidence.artifacts.get(second))
    }
}

/// Renders a report.
#[must_use]
pub fn render(report: &EvidenceReport, style: Style) -> String {
    let paint = Paint(style.colored);
    let diff = &report.diff;
    let mut text = headline(report, paint);
    let is_alone = report.is_of_one_file();
    if let Some(diverged) = &diff.first_diverged
        && !report.is_same()
    {
        text.push_str(&first_diverged(diverged, diff, paint));
    }
    for artifact in diff.artifacts.iter().filter(|one| one.outcome != Outcome::Identical) {
        if !is_alone {
            let _ = writeln!(text, "\n{}", paint.bold(&artifact.second));
        }
        text.push_str(&of_artifact(report, artifact, style, paint));
    }
    if !diff.only_first.is_empty() || !diff.only_second.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("files of one side"));
    }
    for (paths, side) in [(&diff.only_first, "FIRST"), (&diff.only_second, "SECOND")] {
        for path in paths {
            let _ = writeln!(text, "  {path}  in {side} only");
        }
    }
    if let Some(build) = &diff.build {
        text.push_str(&archives(build, style, paint));
    }
    if !report.is_same() {
        text.push_str(&next(report, paint));
    }
    text
}

fn headline(report: &EvidenceReport, paint: Paint) -> String {
    let (word, color) = match report.is_same() {
        true => ("IDENTICAL", AnsiColor::Green),
        false => ("DIFFERS", AnsiColor::Red),
    };
    let mut text = paint.with(Ansi::new().fg_color(Some(color.into())).bold(), word);
    let kinds = [kind(&report.first.evidence), kind(&report.second.evidence)];
    let [first, second] = &kinds;
    let is_common = first == second;
    if is_common {
        text.push_str(first);
    }
    text.push('\n');
    let sides = [("FIRST", &report.first), ("SECOND", &report.second)];
    for ((name, side), kind) in sides.into_iter().zip(&kinds) {
        let _ = write!(text, "  {name:6}  {}", side.name);
        match side.evidence.artifacts.as_slice() {
            [one] => {
                if side.is_kept {
                    let _ = write!(text, "  evidence of {}", one.path);
                }
                let sum = one.sha256.get(..16).unwrap_or(&one.sha256);
                let _ = write!(text, "  {} bytes  sha256:{sum}…", grouped(one.bytes));
            }
            [] => text.push_str("  evidence of no file"),
            all => {
                let _ = write!(text, "  evidence of {} files", all.len());
            }
        }
        if !is_common {
            text.push_str(kind);
        }
        text.push('\n');
    }
    text
}

/// The Go version and the format of the one executable, each after two spaces.
fn kind(evidence: &Evidence) -> String {
    let [one] = evidence.artifacts.as_slice() else { return String::new() };
    let Some(executable) = &one.executable else { return String::new() };
    let version = executable.build_info.as_ref().map(|info| info.go_version.as_str());
    let version = version.filter(|version| !version.is_empty());
    let version = version.map(|version| format!("  {version}")).unwrap_or_default();
    format!("{version}  {}", executable.format)
}

fn first_diverged(diverged: &Diverged, diff: &EvidenceDiff, paint: Paint) -> String {
    let heading = match diverged.order {
        Order::Dependencies => "the first package that diverged, in the order of dependencies",
        Order::Names => {
            "the first package that diverged, in the order of names (standard library, modules, main module)"
        }
    };
    let mut text = format!("\n{}\n  {}", paint.bold(heading), paint.bold(&diverged.package));
    let mut packages = diff.artifacts.iter().flat_map(|artifact| &artifact.packages);
    let package = packages.find(|package| package.path == diverged.package);
    if let Some(module) = package.and_then(|package| package.module.as_deref()) {
        let _ = write!(text, " of module {module}");
    }
    let mut what = Vec::new();
    if let Some(change) = &diverged.linked {
        what.push(phrase(change));
    }
    match diverged.compiled {
        Some(CompiledChange::NotDeterministic) => {
            what.push("compiled from equal inputs to another archive".to_owned());
        }
        Some(CompiledChange::Inputs) => what.push("compiled from other inputs".to_owned()),
        None => {}
    }
    let _ = writeln!(text, ": {}", what.join("; "));
    text
}

fn of_artifact(report: &EvidenceReport, diff: &ArtifactDiff, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let found = causes(diff, report.diff.build.as_ref());
    let count = match found.len() {
        1 => "1 cause why they differ".to_owned(),
        count => format!("{count} causes why they differ"),
    };
    let _ = writeln!(text, "\n{}", paint.bold(&count));
    found.iter().for_each(|one| text.push_str(&cause(one, style, paint)));
    let meaning = BuildIdMeaning::of(diff.build_ids.0.as_ref(), diff.build_ids.1.as_ref());
    let _ = writeln!(text, "{}\n  {}", paint.bold("build IDs"), meaning.sentence());
    text.push_str(&packages(diff, report.diff.first_diverged.as_ref(), style, paint));
    if !diff.sections.is_empty() {
        let _ = writeln!(text, "{}\n  {}", paint.bold("sections"), sections(diff, style));
    }
    if let Some((first, second)) = report.sides(diff) {
        let not_told = not_told(diff, first, second);
        if !not_told.is_empty() {
            let heading = paint.bold("what evidence does not tell");
            let _ = writeln!(text, "{heading}\n  {}", not_told.join("; "));
        }
    }
    text
}

fn cause(cause: &Cause, style: Style, paint: Paint) -> String {
    let category = paint.with(AnsiColor::Yellow.on_default(), cause.category.name());
    let mut text = format!("  {category}  {}\n", cause.title);
    let shown = if style.verbose { usize::MAX } else { ROWS };
    for detail in cause.details.iter().take(shown) {
        let _ = writeln!(text, "    {detail}");
    }
    if cause.details.len() > shown {
        let _ = writeln!(text, "    … and {} more (-v shows them)", cause.details.len() - shown);
    }
    if let Some(fix) = &cause.fix {
        let _ = writeln!(text, "    fix: {fix}");
    }
    text
}

fn packages(
    diff: &ArtifactDiff,
    diverged: Option<&Diverged>,
    style: Style,
    paint: Paint,
) -> String {
    if !matches!(diff.outcome, Outcome::Differs) {
        return String::new();
    }
    let linked = |package: &&_| is_linked_only(package);
    let others = diff.packages.iter().filter(linked).count();
    let differing = diff.packages.len() - others;
    let mut text = format!("{}\n  ", paint.bold("packages"));
    let _ = write!(text, "{} the same, {differing} differ", grouped(diff.same_packages as u64));
    if others > 0 {
        let _ = write!(text, ", {others} linked in other parts");
    }
    text.push('\n');
    let rest: Vec<_> = diff
        .packages
        .iter()
        .filter(|package| style.verbose || !is_linked_only(package))
        .filter(|package| diverged.is_none_or(|diverged| diverged.package != package.path))
        .collect();
    let shown = if style.verbose { usize::MAX } else { ROWS };
    for package in rest.iter().take(shown) {
        let _ = writeln!(text, "  {}  {}", package.path, phrase(&package.change));
    }
    if rest.len() > shown {
        let _ = writeln!(text, "  … and {} more (-v shows them)", rest.len() - shown);
    }
    text
}

fn is_linked_only(package: &PackageDiff) -> bool {
    package.change == PackageChange::Linked
}

fn sections(diff: &ArtifactDiff, style: Style) -> String {
    let one = |section: &SectionDiff| {
        let name = if section.name.is_empty() { "between sections" } else { section.name.as_str() };
        match (section.first, section.second) {
            (Some(first), Some(second)) if first != second => {
                format!("{name} ({} → {})", grouped(first), grouped(second))
            }
            (Some(_), None) => format!("{name} (FIRST only)"),
            (None, Some(_)) => format!("{name} (SECOND only)"),
            _ => name.to_owned(),
        }
    };
    let shown = if style.verbose { usize::MAX } else { ROWS };
    // Padding follows from what is around it.
    let named: Vec<_> = diff
        .sections
        .iter()
        .filter(|section| style.verbose || diff.sections.len() == 1 || !section.name.is_empty())
        .collect();
    let mut text =
        named.iter().take(shown).map(|section| one(section)).collect::<Vec<_>>().join(", ");
    if named.len() > shown {
        let _ = write!(text, " and {} more (-v shows them)", named.len() - shown);
    }
    text
}

/// What was compiled, where both builds were watched.
fn archives(build: &BuildDiff, style: Style, paint: Paint) -> String {
    if build.packages.is_empty() && build.only_first.is_empty() && build.only_second.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", paint.bold("what was compiled"));
    let _ = write!(text, "  {} packages the same, {} differ", build.same, build.packages.len());
    let odd =
        build.packages.iter().filter(|one| one.change == CompiledChange::NotDeterministic).count();
    if odd > 0 {
        let _ = write!(text, " ({odd} from equal inputs)");
    }
    for (paths, side) in [(&build.only_first, "FIRST"), (&build.only_second, "SECOND")] {
        if !paths.is_empty() {
            let _ = write!(text, ", {} in {side} only", paths.len());
        }
    }
    text.push('\n');
    let shown = if style.verbose { usize::MAX } else { ROWS };
    for package in build.packages.iter().take(shown) {
        let what = match package.change {
            CompiledChange::NotDeterministic => "equal inputs, another archive",
            CompiledChange::Inputs => "other inputs",
        };
        let _ = writeln!(text, "  {}  {what}", package.path);
    }
    if build.packages.len() > shown {
        let _ = writeln!(text, "  … and {} more (-v shows them)", build.packages.len() - shown);
    }
    text
}

fn next(report: &EvidenceReport, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold("next"));
    if report.diff.artifacts.iter().any(|one| roots(one).next().is_some()) {
        text.push_str(
            "  goaudit diff of the two files themselves names each function, value and line\n",
        );
    } else {
        text.push_str("  goaudit diff of the two files themselves accounts for each byte\n");
    }
    if report.diff.build.is_none() {
        text.push_str(
            "  goaudit record --evidence FILE -- COMMAND on both machines tells which package was first compiled to something else\n",
        );
    }
    text
}
