//! What the rules about values of the build in artifacts have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builds, Rule, missing_trimpath};
use crate::finding::Finding;
use crate::leaks::{Kind, Leak, Leaks, Origin};
use crate::recording::Recording;

/// Lines of evidence of one finding.
const LINES: usize = 12;

/// What makes a find of the first build and one of the second the same.
type Key<'b> = (&'b str, Origin, &'b str, Kind, &'b str, Option<&'b str>);

/// How often each build has it, and one of them.
#[derive(Clone, Copy)]
struct Found<'b> {
    leak: &'b Leak,
    counts: [u64; 2],
}

/// Gives a finding for each artifact and each way in which the values get into it.
///
/// What `-trimpath` would have kept out is left to the rule that asks for it.
pub(super) fn findings(rule: &Rule, builds: &Builds<'_>, kinds: &[Kind]) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Origin), Vec<Found<'_>>> = BTreeMap::new();
    for ((artifact, origin, ..), found) in both(builds, kinds) {
        if !is_told_by_missing_trimpath(builds, found.leak) {
            groups.entry((artifact, origin)).or_default().push(found);
        }
    }
    let finding = |((artifact, origin), found): ((&str, Origin), Vec<Found<'_>>)| {
        let values: BTreeSet<Kind> = found.iter().map(|found| found.leak.kind).collect();
        let values: Vec<&str> = values.into_iter().map(Kind::placeholder).collect();
        let message = format!("{} of its build is in {}", values.join(" and "), place(origin));
        let lines = found.iter().map(line).take(LINES);
        let rest = found.len().saturating_sub(LINES);
        let rest = (rest > 0).then(|| format!("and {rest} more places"));
        let finding = rule.finding(artifact, message);
        let finding = lines.chain(rest).fold(finding, Finding::with_evidence);
        let trimmed = is_trimmed(builds, artifact);
        finding.with_fix(fix(origin, trimmed, found.iter().any(|it| it.leak.kind.is_directory())))
    };
    groups.into_iter().map(finding).collect()
}

/// Returns what an executable that was built without `-trimpath` holds for that reason, one line for
/// each section.
pub(super) fn for_want_of_trimpath(builds: &Builds<'_>) -> Vec<String> {
    let all = both(builds, Kind::DIRECTORIES);
    let echoes = all.values().filter(|found| is_told_by_missing_trimpath(builds, found.leak));
    echoes.take(LINES).map(|found| format!("{}: {}", found.leak.artifact, line(found))).collect()
}

fn is_told_by_missing_trimpath(builds: &Builds<'_>, leak: &Leak) -> bool {
    // A program that calls runtime.GOROOT holds it in its data, without -trimpath only.
    let is_of_go = matches!(leak.origin, Origin::Paths | Origin::BuildInfo);
    leak.kind.is_directory()
        && (is_of_go || leak.kind == Kind::Goroot)
        && !is_trimmed(builds, &leak.artifact)
        && missing_trimpath::fires(builds)
}

/// Says whether the build info of an artifact has `-trimpath`.
fn is_trimmed(builds: &Builds<'_>, path: &str) -> bool {
    let artifacts = builds.first.manifest.artifacts.iter();
    let mut objects =
        artifacts.filter(|it| it.path == path).filter_map(|it| it.object.as_ref().ok());
    objects.any(|object| {
        let settings = object.build_info.iter().flat_map(|info| &info.mod_info.settings);
        settings.into_iter().any(|(key, value)| key == "-trimpath" && value == "true")
    })
}

/// Returns the finds of both builds. Text that only happens to be equal to a value is told by the other
/// build, where that value was one that nothing else is equal to.
fn both<'b>(builds: &Builds<'b>, kinds: &[Kind]) -> BTreeMap<Key<'b>, Found<'b>> {
    let sides = [leaks(builds.first), leaks(builds.second)];
    let mut all: BTreeMap<Key<'b>, (Found<'b>, bool)> = BTreeMap::new();
    for (side, leaks) in sides.into_iter().enumerate() {
        let found = leaks.into_iter().flat_map(|leaks| &leaks.found);
        for leak in found.filter(|leak| kinds.contains(&leak.kind)) {
            let Leak { artifact, origin, member, kind, section, symbol, .. } = leak;
            let key: Key<'b> = (
                artifact.as_str(),
                *origin,
                member.as_str(),
                *kind,
                section.as_str(),
                symbol.as_deref(),
            );
            let entry = all.entry(key).or_insert((Found { leak, counts: [0; 2] }, false));
            if let Some(count) = entry.0.counts.get_mut(side) {
                *count = count.saturating_add(leak.count);
            }
            entry.1 |= leak.is_certain;
        }
    }
    let can_be_certain =
        |kind: Kind| sides.into_iter().flatten().any(|leaks| leaks.is_certain_of(kind));
    let told = all
        .into_iter()
        .filter(|(_, (found, is_certain))| *is_certain || !can_be_certain(found.leak.kind));
    told.map(|(key, (found, _))| (key, found)).collect()
}

fn leaks(recording: &Recording) -> Option<&Leaks> {
    recording.manifest.leaks.as_ref()
}

/// `.rodata main.dir: $WORKDIR/x (twice, in both builds)`.
fn line(found: &Found<'_>) -> String {
    let Leak { member, section, symbol, example, .. } = found.leak;
    let place = [member.as_str(), section, symbol.as_deref().unwrap_or_default()];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let count = match found.counts {
        [first, second] if first == second => format!("{first} in each build"),
        [0, second] => format!("{second} in the second build only"),
        [first, 0] => format!("{first} in the first build only"),
        [first, second] => format!("{first} in the first build, {second} in the second"),
    };
    match place.is_empty() {
        true => format!("{example} ({count})"),
        false => format!("{}: {example} ({count})", place.join(" ")),
    }
}

const fn place(origin: Origin) -> &'static str {
    match origin {
        Origin::Paths => "its line tables or debug information",
        Origin::BuildInfo => "its build info",
        Origin::Metadata => "the names or owners of its members",
        Origin::Content => "its data",
    }
}

const fn fix(origin: Origin, is_trimmed: bool, is_directory: bool) -> &'static str {
    match origin {
        Origin::Paths if !is_trimmed => "build with -trimpath",
        Origin::Paths => {
            "-trimpath is set: look for `//line` comments with absolute paths and for C flags of cgo; CGO_CFLAGS=-ffile-prefix-map=DIR=. hides a directory from C, CGO_ENABLED=0 does without C"
        }
        Origin::BuildInfo => {
            "take it out of the flag or `replace` line that the build info names; -trimpath keeps -ldflags and the CGO flags out of it, but not these"
        }
        Origin::Metadata => {
            "pack from inside of the folder, and with one owner: tar --owner=0 --group=0 --numeric-owner"
        }
        Origin::Content if is_directory => {
            "drop what stamps or embeds it: -ldflags=-X, a generated file, -D of a C flag; a __FILE__ of C goes away with -trimpath"
        }
        Origin::Content => "drop what stamps or embeds it: -ldflags=-X or a generated file",
    }
}
