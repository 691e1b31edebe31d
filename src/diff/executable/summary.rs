//! Draws the sum: which bytes are explained, which are left, and what is said where nothing is known.

use std::collections::BTreeMap;
use std::ops::Range;

use super::leftover::{self, Leftover};
use super::{Bytes, Cause, ExecutableDiff, Findings, Functions, Level, Options, Pair};
use crate::binary_diff::{Hunk, Owner, differing_bytes};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;

/// In the order of a report: what may explain the others comes first.
const ORDER: [Category; 17] = [
    Category::Nondeterminism,
    Category::Toolchain,
    Category::Target,
    Category::Instrumentation,
    Category::CompileFlags,
    Category::Cgo,
    Category::Pgo,
    Category::GoDirective,
    Category::Trimpath,
    Category::DependencyVersion,
    Category::Source,
    Category::LinkFlags,
    Category::Workdir,
    Category::ModuleLocation,
    Category::Goroot,
    Category::VcsStamp,
    Category::BuildSettings,
];

pub(super) fn conclude(
    pair: &Pair<'_>,
    mut findings: Findings,
    functions: Functions,
    options: Options,
) -> ExecutableDiff {
    let hunks = owned(pair, &findings.owners);
    let mut owners = pair.diff.bytes.clone();
    for (hunk, was) in hunks.iter().zip(&pair.diff.hunks) {
        if hunk.owner != was.owner {
            let [first, second] = pair.images.map(|image| image.file);
            let bytes = differing_bytes(
                first.get(hunk.first.clone()).unwrap_or_default(),
                second.get(hunk.second.clone()).unwrap_or_default(),
            );
            let from = owners.entry(was.owner).or_default();
            *from = from.saturating_sub(bytes);
            let to = owners.entry(hunk.owner).or_default();
            *to = to.saturating_add(bytes);
        }
    }
    if options.ignore_signature {
        owners.remove(&Owner::Signature);
        findings.causes.retain(|cause| cause.category != Category::Signature);
    }
    owners.retain(|_, bytes| *bytes > 0);
    build_info(pair, &mut findings, owners.get(&Owner::BuildInfo).copied().unwrap_or_default());
    changed_after(pair, &mut findings);
    if findings.causes.is_empty() {
        findings.causes.extend(unknown(pair, &owners, &functions));
    }
    let is_explained = |owner: Owner| explained(pair, &findings, owner);
    let explained =
        owners.iter().filter(|(owner, _)| is_explained(**owner)).map(|(_, bytes)| *bytes).sum();
    let unexplained: Vec<Leftover> = hunks
        .iter()
        .filter(|hunk| owners.contains_key(&hunk.owner) && !is_explained(hunk.owner))
        .take(leftover::ROWS)
        .map(|hunk| leftover::describe(pair, hunk))
        .collect();
    for left in &unexplained {
        let name = format!("{} at {:#x}", left.section, left.offset);
        let values = [Some(left.first.clone()), Some(left.second.clone())];
        findings.differ(Level::Bytes, name, values, Some(Category::Unknown));
    }
    categorize(&mut findings);
    let rank =
        |cause: &Cause| ORDER.iter().position(|it| *it == cause.category).unwrap_or(ORDER.len());
    findings.causes.sort_by_key(|cause| (rank(cause), std::cmp::Reverse(cause.bytes)));
    findings.differences.sort_by_key(|difference| difference.level);
    let is_compared = pair.images[0].format == pair.images[1].format;
    ExecutableDiff {
        build_id: pair.build_id,
        causes: findings.causes,
        bytes: Bytes {
            differing: owners.values().sum(),
            explained,
            owners,
            unpacked: pair.diff.unpacked.values().flat_map(|of| of.values()).sum(),
            is_proven: is_compared.then_some(pair.diff.is_whole),
        },
        functions,
        differences: findings.differences,
        unexplained,
        notes: notes(pair),
    }
}

/// The stretches with the owners that are known by now. What only the first file has of a signature is a
/// part of it too.
fn owned(pair: &Pair<'_>, told: &BTreeMap<usize, Owner>) -> Vec<Hunk> {
    let signatures = &pair.images[0].signatures;
    let is_signature = |hunk: &Hunk| {
        let holds =
            |range: &Range<usize>| range.start <= hunk.first.start && hunk.first.end <= range.end;
        hunk.second.is_empty() && signatures.iter().any(holds)
    };
    let hunks = pair.diff.hunks.iter().cloned().enumerate();
    hunks
        .map(|(number, hunk)| match told.get(&number) {
            Some(owner) => Hunk { owner: *owner, ..hunk },
            None if is_signature(&hunk) => Hunk { owner: Owner::Signature, ..hunk },
            None => hunk,
        })
        .collect()
}

/// Of two files of one build one was changed since, whatever it looks like.
fn changed_after(pair: &Pair<'_>, findings: &mut Findings) {
    if pair.build_id != BuildIdMeaning::Same {
        return;
    }
    for cause in findings.causes.iter_mut().filter(|cause| cause.category == Category::Source) {
        cause.category = Category::Unknown;
        cause.title = format!("changed after its build (the build IDs are equal): {}", cause.title);
        cause.fix = Some("compare both files as their builds left them".to_owned());
    }
}

/// The bytes of the build info go to the first setting that differs.
fn build_info(pair: &Pair<'_>, findings: &mut Findings, bytes: u64) {
    let differs = pair.go_version.is_some() || !pair.settings.is_empty();
    if !differs || bytes == 0 {
        return;
    }
    if let Some(cause) = findings.causes.first_mut() {
        cause.bytes = cause.bytes.saturating_add(bytes);
    }
}

/// Whether bytes of an owner belong to a cause that is known, or follow from one.
fn explained(pair: &Pair<'_>, findings: &Findings, owner: Owner) -> bool {
    use Category::{
        Cgo, DependencyVersion, GoDirective, Goroot, LinkFlags, ModuleLocation, Source, Toolchain,
        Trimpath, Workdir,
    };
    let is_known = findings.causes.iter().any(|cause| cause.category != Category::Unknown);
    // What may change any code brings whatever comes with it.
    let has = |of: &[Category]| {
        findings.absorber.is_some() || of.iter().any(|category| findings.has(*category))
    };
    match owner {
        Owner::Address => true,
        // What follows from all other bytes.
        Owner::GoBuildId | Owner::GnuBuildId | Owner::Uuid | Owner::Signature => {
            is_known || !matches!(pair.build_id, BuildIdMeaning::Unknown { .. })
        }
        Owner::BuildInfo => pair.go_version.is_some() || !pair.settings.is_empty(),
        Owner::Value => has(&[LinkFlags, Toolchain, GoDirective, Goroot, Trimpath, Source]),
        Owner::Path => {
            has(&[Workdir, ModuleLocation, Goroot, Trimpath, Toolchain, DependencyVersion, Source])
        }
        Owner::Code | Owner::Lines => has(&[Source, DependencyVersion, Cgo, Trimpath]),
        // Stamps and build IDs lie among constants where symbols have no sizes.
        Owner::Constant => has(&[Source, DependencyVersion, Cgo, Trimpath, LinkFlags]),
        // Of a variable that was stamped the length and the address differ too.
        Owner::Data => is_known,
        Owner::Table | Owner::Packed | Owner::Container => is_known,
    }
}

/// What is said where no cause was found.
fn unknown(pair: &Pair<'_>, owners: &BTreeMap<Owner, u64>, functions: &Functions) -> Option<Cause> {
    if owners.is_empty() {
        return None;
    }
    let only_ids = owners.keys().all(|owner| {
        matches!(owner, Owner::GoBuildId | Owner::GnuBuildId | Owner::Uuid | Owner::Signature)
    });
    let (title, fix) = match pair.build_id {
        _ if !pair.are_go() => {
            ("not two Go programs: of other files goaudit does not know why they differ", "")
        }
        BuildIdMeaning::Same => (
            "the file was changed after its build: the build IDs are equal, other bytes are not",
            "compare both files as their builds left them",
        ),
        BuildIdMeaning::Unknown { .. } => ("nothing in the files says why they differ", ""),
        _ if only_ids => (
            "only the build IDs differ: an input was another one and left no trace, such as a comment of a stripped program or a flag without effect",
            "record both builds (`goaudit record`) and hold them against each other with `goaudit explain`: the inputs name it",
        ),
        meaning => (
            meaning.sentence(),
            "record both builds (`goaudit record`): their inputs say more than their outputs",
        ),
    };
    let mut cause = Cause::new(Category::Unknown, title.trim_end_matches('.'));
    cause.fix = (!fix.is_empty()).then(|| fix.to_owned());
    cause.bytes = owners.values().sum();
    if !functions.unclear.is_empty() {
        cause
            .details
            .push(format!("functions that may have changed: {}", functions.unclear.join(", ")));
    }
    Some(cause)
}

/// Functions belong to the cause that took the code.
fn categorize(findings: &mut Findings) {
    let taker = findings
        .absorber
        .and_then(|at| findings.causes.get(at))
        .or_else(|| {
            let of = |category| findings.causes.iter().find(|cause| cause.category == category);
            of(Category::DependencyVersion).or_else(|| of(Category::Source))
        })
        .map(|cause| cause.category);
    for difference in &mut findings.differences {
        if difference.level == Level::Symbol && difference.category.is_none() {
            difference.category = taker;
        }
    }
}

fn notes(pair: &Pair<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for (side, image) in ["FIRST", "SECOND"].iter().zip(pair.images) {
        if image.build_info.is_none() {
            notes
                .push(format!("{side} has no Go build info: no Go program, or one before Go 1.18"));
        }
    }
    if pair.images[0].format != pair.images[1].format {
        notes.push("files for other platforms share no bytes: only what they say of themselves was compared".to_owned());
    } else if !pair.diff.is_decoded {
        let arch = pair.images[0].format.arch.as_deref().unwrap_or("this machine");
        notes.push(format!(
            "instructions of {arch} are not read: code is compared by symbols and their sizes"
        ));
    }
    let has_functions = |side: usize| {
        pair.lines
            .get(side)
            .is_some_and(|lines| lines.as_ref().is_some_and(|lines| !lines.functions.is_empty()))
    };
    for (number, side) in ["FIRST", "SECOND"].iter().enumerate() {
        if pair.images.get(number).is_some_and(|image| image.build_info.is_some())
            && !has_functions(number)
        {
            notes.push(format!(
                "{side} has no table of functions that this goaudit reads (Go 1.18 to 1.27)"
            ));
        }
    }
    notes
}
