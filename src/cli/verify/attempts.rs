//! Builds the binary again, once for each guess of the linker's flags.

use std::fs;
use std::path::{Path, PathBuf};

use super::{VerifyArgs, file, read};
use crate::binary::Container;
use crate::capture::check::Watch as _;
use crate::capture::rebuild::{Rebuilder, Rebuilt};
use crate::cli::Error;
use crate::cli::progress::Progress;
use crate::diff;
use crate::diff::executable::Options;
use crate::diff::files::FilePair;
use crate::diff::rebuilt::{self, Executable, Known, Mismatch};
use crate::golang::rebuild::{Ldflags, Origin, Rebuild};
use crate::report::verify::File;

/// What one build gave.
pub(super) struct Attempt {
    pub ldflags: String,
    pub file: File,
    pub command: String,
    pub path: PathBuf,
    /// `None` where the bytes are the same.
    pub mismatch: Option<Mismatch>,
}

impl VerifyArgs {
    /// Builds with each guess of the linker's flags until the bytes, or at least the inputs, are the same.
    pub(super) fn attempt(
        &self,
        binary: &Executable,
        plan: &Rebuild,
        rebuilder: &mut Rebuilder<'_>,
        progress: &mut Progress,
    ) -> Result<Attempt, Error> {
        let (first, others) = self.guesses(binary, plan);
        progress.phase(&format!("build {} with {}", plan.package, plan.toolchain));
        let mut best = self.one(binary, plan, rebuilder, first)?;
        for ldflags in others {
            if best.mismatch.as_ref().is_none_or(|it| rebuilt::distance(it) == 0) {
                break;
            }
            progress.phase(&format!("link again with -ldflags='{ldflags}'"));
            let next = self.one(binary, plan, rebuilder, (*ldflags).to_owned())?;
            let distance = |it: &Attempt| it.mismatch.as_ref().map(rebuilt::distance);
            if distance(&next) < distance(&best) {
                best = next;
            }
        }
        Ok(best)
    }

    fn one(
        &self,
        binary: &Executable,
        plan: &Rebuild,
        rebuilder: &mut Rebuilder<'_>,
        ldflags: String,
    ) -> Result<Attempt, Error> {
        let Rebuilt { path, command } = rebuilder.build(plan, &ldflags)?;
        let rebuilt = read(&path)?;
        let known = Known {
            ldflags: self.ldflags.is_some() || plan.ldflags != Ldflags::NotRecorded,
            directory: plan.trimpath || matches!(plan.origin, Origin::Module { .. }),
        };
        let mismatch = rebuilt::compare(binary, &rebuilt, known);
        Ok(Attempt { ldflags, file: file(&rebuilt), command, path, mismatch })
    }

    /// Says where the bytes of the rebuilt binary differ.
    pub(super) fn inside(&self, rebuilt: &Path) -> Result<FilePair, Error> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
        };
        let name = self.binary.display().to_string();
        Ok(diff::files::compare(&name, &read(&self.binary)?, &read(rebuilt)?, Options::default()))
    }

    /// The flags of the linker to try: those that are known, or what a missing symbol table lets guess.
    fn guesses(&self, binary: &Executable, plan: &Rebuild) -> (String, &'static [&'static str]) {
        let is_mach_o = binary.object.format.container == Container::MachO;
        match (&self.ldflags, &plan.ldflags) {
            (Some(given), _) => (given.clone(), &[]),
            (None, Ldflags::Recorded(recorded)) => (recorded.clone(), &[]),
            (None, Ldflags::NotRecorded) => match (binary.traces.symbols, binary.traces.debug) {
                (_, true) => (String::new(), &[]),
                // There the dynamic linker keeps some symbols.
                (true, false) if is_mach_o => ("-s -w".to_owned(), &["-w", "-w -s", "-s", ""]),
                (true, false) => ("-w".to_owned(), &[""]),
                (false, false) => ("-s -w".to_owned(), &["-w -s", "-s", ""]),
            },
        }
    }
}
