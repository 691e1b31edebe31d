//! What `goaudit diff` does with evidence: files that are evidence, and the evidence that it writes.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::binary::ObjectError;
use crate::binary::image::Image;
use crate::cli::{Error, files};
use crate::diff::files::describe;
use crate::evidence::{Artifact, Evidence, EvidenceError, LIMIT, compare, is_evidence};
use crate::report::diff::{EvidenceReport, EvidenceSide};

/// Bytes at either end of a file that tell what it is.
const END: u64 = 64 << 10;

/// Fails on evidence that is too large to be any, before it is read.
pub(super) fn limit(path: &Path) -> Result<(), Error> {
    let error = |source| Error::Read { path: path.to_owned(), source };
    let data = fs::metadata(path).map_err(error)?;
    let bytes = data.len();
    if !data.is_file() || bytes <= LIMIT {
        return Ok(());
    }
    if is_evidence(&ends(path, bytes).map_err(error)?) {
        let source = EvidenceError::TooLarge { bytes };
        return Err(Error::Evidence { path: path.to_owned(), source });
    }
    Ok(())
}

fn ends(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut ends = Vec::new();
    file.by_ref().take(END).read_to_end(&mut ends)?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(END)))?;
    file.take(END).read_to_end(&mut ends)?;
    Ok(ends)
}

/// Two files that were read, and the files that are to be written.
pub(super) struct Files<'a> {
    pub(super) paths: [&'a Path; 2],
    /// `None` for a folder.
    pub(super) contents: [Option<&'a [u8]>; 2],
    /// Where the evidence of the second goes.
    pub(super) kept: Option<&'a Path>,
    /// Where the report goes.
    pub(super) output: Option<&'a Path>,
}

impl Files<'_> {
    /// Makes the evidence of the second, where it is asked for.
    pub(super) fn evidence_of_second(&self) -> Result<Option<String>, Error> {
        const OPTION: &str = "--evidence";
        let Some(kept) = self.kept else { return Ok(None) };
        if self.paths.iter().any(|path| files::is_same_file(kept, path)) {
            return Err(Error::OutputIsInput { path: kept.to_owned() });
        }
        if self.output.is_some_and(|output| files::is_same_file(kept, output)) {
            return Err(Error::TwiceWritten { other: "report", path: kept.to_owned() });
        }
        let [_, second] = self.contents;
        if second.is_some_and(is_evidence) {
            let why = "writes that of SECOND, which is evidence: copy the file";
            return Err(Error::NotOfEvidence { option: OPTION, why });
        }
        let no_executable = Error::NotOfEvidence {
            option: OPTION,
            why: "writes that of SECOND, which is no executable",
        };
        if second.is_none() {
            return Err(no_executable);
        }
        files::probe(kept).map_err(|source| Error::WriteFile { path: kept.to_owned(), source })?;
        let made = self.made(1)?;
        if made.artifacts.iter().all(|artifact| artifact.executable.is_none()) {
            return Err(no_executable);
        }
        Ok(Some(made.to_json()))
    }

    /// Compares the two where one of them is evidence.
    pub(super) fn report(&self) -> Result<Option<EvidenceReport>, Error> {
        if !self.contents.iter().flatten().any(|content| is_evidence(content)) {
            return Ok(None);
        }
        let (mut first, mut second) = (self.side(0)?, self.side(1)?);
        narrow(&mut first, &second)?;
        narrow(&mut second, &first)?;
        let is_nothing = |side: &EvidenceSide| {
            side.evidence.artifacts.is_empty() && side.evidence.build.is_none()
        };
        let sides = [&first, &second];
        if let Some((empty, path)) =
            sides.into_iter().zip(self.paths).find(|(side, _)| is_nothing(side))
        {
            debug_assert!(empty.is_kept, "an executable is evidence of itself");
            return Err(Error::NoArtifact { path: path.to_owned() });
        }
        let diff = compare(&first.evidence, &second.evidence);
        Ok(Some(EvidenceReport { first, second, diff }))
    }

    fn content(&self, at: usize) -> Result<&[u8], Error> {
        let why = "is compared with an executable or other evidence: name the file in the folder";
        self.contents[at].ok_or(Error::NotOfEvidence { option: "evidence", why })
    }

    fn side(&self, at: usize) -> Result<EvidenceSide, Error> {
        let (path, content) = (self.paths[at], self.content(at)?);
        let is_kept = is_evidence(content);
        if !is_kept && let Err(ObjectError::NotAnObject { .. }) = Image::parse(content) {
            let why = "is compared with an executable or other evidence, and the other file is neither: unpack an archive first";
            return Err(Error::NotOfEvidence { option: "evidence", why });
        }
        let evidence = match is_kept {
            true => Evidence::parse(content)
                .map_err(|source| Error::Evidence { path: path.to_owned(), source })?,
            false => self.made(at)?,
        };
        Ok(EvidenceSide { name: path.display().to_string(), is_kept, evidence })
    }

    fn made(&self, at: usize) -> Result<Evidence, Error> {
        let (path, content) = (self.paths[at], self.content(at)?);
        let (name, sha256) = (path.display().to_string(), describe(content).sha256);
        match Image::parse(content) {
            Ok(image) => Ok(Evidence::of_binary(&image, &name, &sha256)),
            Err(source @ ObjectError::Malformed { .. }) => {
                Err(Error::Object { path: path.to_owned(), source })
            }
            Err(err) => {
                let notes = vec![err.to_string()];
                let artifact = Artifact::of_file(content.len(), &name, &sha256);
                Ok(Evidence::new(vec![Artifact { notes, ..artifact }], None))
            }
        }
    }
}

/// Leaves of the evidence of several files the one that an executable is compared with: its like, or its
/// namesake.
fn narrow(kept: &mut EvidenceSide, other: &EvidenceSide) -> Result<(), Error> {
    let [one] = other.evidence.artifacts.as_slice() else { return Ok(()) };
    let all = &mut kept.evidence.artifacts;
    if other.is_kept || all.len() < 2 {
        return Ok(());
    }
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let is_like = |artifact: &&Artifact| artifact.sha256 == one.sha256;
    let is_namesake = |artifact: &&Artifact| name(&artifact.path) == name(&one.path);
    match all.iter().find(is_like).or_else(|| all.iter().find(is_namesake)).cloned() {
        Some(artifact) => *all = vec![artifact],
        None => {
            let names: Vec<_> = all.iter().map(|artifact| name(&artifact.path)).collect();
            return Err(Error::OtherArtifacts {
                path: kept.name.clone().into(),
                name: name(&one.path),
                artifacts: names.join(", "),
            });
        }
    }
    Ok(())
}

/// Writes the evidence to its file.
pub(super) fn keep(to: Option<&Path>, evidence: Option<&str>) -> Result<(), Error> {
    let Some((path, evidence)) = to.zip(evidence) else { return Ok(()) };
    files::write(path, evidence)
        .map_err(|source| Error::WriteFile { path: path.to_owned(), source })
}
