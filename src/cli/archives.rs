//! Looks at the archives of the packages that two builds made differently, while their caches are there.

use std::path::Path;

use crate::binary::goobj;
use crate::capture::check::Pair;
use crate::capture::gocache;
use crate::capture::interrupt::Interrupt;
use crate::cli::{Error, files};
use crate::diff::Comparison;
use crate::diff::archives::{self, ArchiveDiff};
use crate::diff::divergence::Divergence;
use crate::diff::rows::ActionSide;
use crate::golang::build_id::ShortId;
use crate::recording::{Invocation, Recording};

/// Packages that are looked at. A build that differs in more has one reason for all of them.
const EXAMINED: usize = 16;

/// One compile of one of the builds.
#[derive(Clone, Copy)]
struct Compile<'a> {
    side: ActionSide,
    recording: &'a Recording,
    records: &'a Path,
}

/// Compares the archives of the packages that differ first, and keeps those of equal keys in `keep`.
///
/// # Errors
///
/// Fails when interrupted, and when an archive cannot be kept. One that is not
/// in its cache is said in the comparison.
pub(super) fn examine(
    pair: &Pair,
    recordings: [&Recording; 2],
    comparison: &mut Comparison,
    keep: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let (roots, rows) = (&mut comparison.divergences.roots, &comparison.actions);
    for (number, root) in roots.iter_mut().enumerate().take(EXAMINED) {
        interrupt.check()?;
        let Some(row) = rows.get(root.row) else { continue };
        let Some((first, second)) = row.first.zip(row.second) else { continue };
        let [one, other] = &pair.records;
        let compiles = [
            Compile { side: first, recording: recordings[0], records: one },
            Compile { side: second, recording: recordings[1], records: other },
        ];
        let archives = match compiles.map(Compile::archive) {
            [Ok(first), Ok(second)] => [first, second],
            [Err(why), _] => {
                root.archives = Some(Err(format!("first build: {why}")));
                continue;
            }
            [_, Err(why)] => {
                root.archives = Some(Err(format!("second build: {why}")));
                continue;
            }
        };
        root.archives = Some(compare(&archives, compiles));
        if let Some(dir) = keep.filter(|_| root.is_nondeterministic) {
            let folder = dir.join(folder_name(number + 1, &root.package));
            write(&folder, root, &archives, compiles)?;
            root.kept = Some(folder.display().to_string());
        }
    }
    Ok(())
}

impl Compile<'_> {
    fn invocation(&self) -> Option<&Invocation> {
        self.recording.invocations.get(self.side.key.0)
    }

    fn archive(self) -> Result<Vec<u8>, String> {
        let invocation = self.invocation().ok_or("its go command is not recorded")?;
        let key = invocation.log.keys.get(self.side.key.1).ok_or("its key is not recorded")?;
        let cache = match invocation.info.setting("GOCACHE") {
            "" => &self.recording.manifest.places.gocache,
            cache => cache,
        };
        gocache::output(Path::new(cache), &key.sum).map_err(|err| err.to_string())
    }

    /// Returns how it was compiled, a command to the line.
    fn commands(&self) -> String {
        let lines = gocache::commands(self.records, self.side.key.0 + 1, self.side.id);
        let mut text = lines.join("\n");
        if text.is_empty() {
            text.push_str("# the action graph of the build names no command for it");
        }
        text.push('\n');
        text
    }
}

fn compare(archives: &[Vec<u8>; 2], compiles: [Compile<'_>; 2]) -> Result<ArchiveDiff, String> {
    let [first, second] = archives.each_ref().map(|bytes| goobj::parse(bytes));
    let first = first.map_err(|why| format!("the archive of the first build: {why}"))?;
    let second = second.map_err(|why| format!("the archive of the second build: {why}"))?;
    for (archive, compile) in [&first, &second].into_iter().zip(compiles) {
        let found: Option<ShortId> = archive.build_id.map(|id| id.content_id());
        // Builds that share a cache leave one output for both.
        if found != compile.side.content {
            return Err("its cache holds the output of another build by now".to_owned());
        }
    }
    Ok(archives::compare(&first, &second))
}

/// An import path may be anything; a folder must stay below its parent.
fn folder_name(number: usize, package: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let safe: String =
        package.chars().map(|char| if plain(char) { char } else { '_' }).take(100).collect();
    format!("{number:02}-{safe}")
}

fn write(
    folder: &Path,
    root: &Divergence,
    archives: &[Vec<u8>; 2],
    compiles: [Compile<'_>; 2],
) -> Result<(), Error> {
    files::probe_folder(folder)?;
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        files::write_bytes(&path, content)
            .map_err(|source| Error::WriteFile { path: path.clone(), source })
    };
    let said = match &root.archives {
        Some(Ok(difference)) => difference.summary(),
        Some(Err(why)) => why.clone(),
        None => String::new(),
    };
    let go = compiles[0].recording.go_version().unwrap_or("an unknown Go version");
    let text = format!(
        "{} gave two outputs for equal inputs, with {go}.\n{said}\n\nfirst.a, second.a: the archives; `go tool nm -size` and `go tool objdump` read them.\nfirst.sh, second.sh: how they were compiled.\n",
        root.action
    );
    file("README.txt", text.as_bytes())?;
    for ((name, archive), compile) in ["first", "second"].into_iter().zip(archives).zip(compiles) {
        file(&format!("{name}.a"), archive)?;
        file(&format!("{name}.sh"), compile.commands().as_bytes())?;
    }
    Ok(())
}
