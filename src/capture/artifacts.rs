//! Finds and reads the files that a build is for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use globset::{GlobBuilder, GlobMatcher};
use sha2::{Digest as _, Sha256};

use crate::binary::{self, ObjectSummary};
use crate::capture::CaptureError;
use crate::golang::action_graph::{self, GraphAction};
use crate::leaks::{self, Leaks, Needles};
use crate::packing::Budget;
use crate::recording::{Artifact, redact, tar_entries};

/// Which files are artifacts.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// Everything in the output folder of the default build.
    All,
    /// What matches one of these, relative to the audited directory.
    Patterns(Vec<String>),
    /// The executables that the recorded go commands installed.
    Installed,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) artifacts: Vec<Artifact>,
    /// Patterns that matched no file.
    pub(super) unmatched: Vec<String>,
    /// Where they hold values of the build.
    pub(super) leaks: Leaks,
    /// Where each is, by the path that it is recorded under.
    pub(super) files: BTreeMap<String, PathBuf>,
}

/// Reads the artifacts of a finished build. `dir` is the output folder or the audited directory.
pub(super) fn collect(
    wanted: &Wanted,
    dir: &Path,
    records: &Path,
    needles: &Needles,
) -> Result<Found, CaptureError> {
    let mut unmatched = Vec::new();
    let files: BTreeMap<String, PathBuf> = match wanted {
        Wanted::All => by_relative_path(dir, files_below(dir)?),
        Wanted::Patterns(patterns) => {
            let mut all = by_relative_path(dir, files_below(dir)?);
            let empty = take_empty(&mut all);
            let matchers: Vec<GlobMatcher> =
                patterns.iter().filter_map(|pattern| matcher(pattern)).collect();
            unmatched = patterns
                .iter()
                .zip(&matchers)
                .filter(|(_, matcher)| !all.keys().any(|path| matcher.is_match(path)))
                .map(|(pattern, matcher)| match empty.iter().any(|path| matcher.is_match(path)) {
                    true => format!("{pattern} (only empty files)"),
                    false => pattern.clone(),
                })
                .collect();
            all.into_iter()
                .filter(|(path, _)| matchers.iter().any(|matcher| matcher.is_match(path)))
                .collect()
        }
        Wanted::Installed => by_relative_path(dir, installed(records)?),
    };
    let mut leaks = Leaks {
        searched: needles.searched(),
        not_searched: needles.not_searched().to_vec(),
        ..Leaks::default()
    };
    let mut budget = Budget::default();
    let artifacts = files
        .iter()
        .map(|(path, file)| read(path.clone(), file, needles, &mut budget, &mut leaks))
        .collect::<Result<_, CaptureError>>()?;
    for leak in &mut leaks.found {
        leak.example = redact::credentials(&leak.example).into_owned();
    }
    Ok(Found { artifacts, unmatched, leaks, files })
}

/// Returns a matcher in which `*` stays within a folder and `**` does not.
#[must_use]
pub fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .ok()
        .map(|glob| glob.compile_matcher())
}

/// Two empty files are equal and prove nothing: a step that failed unnoticed leaves one.
fn take_empty(files: &mut BTreeMap<String, PathBuf>) -> Vec<String> {
    let is_empty = |file: &Path| fs::metadata(file).is_ok_and(|data| data.len() == 0);
    let empty: Vec<String> =
        files.iter().filter(|(_, file)| is_empty(file)).map(|(path, _)| path.clone()).collect();
    for path in &empty {
        files.remove(path);
    }
    empty
}

fn by_relative_path(dir: &Path, files: Vec<PathBuf>) -> BTreeMap<String, PathBuf> {
    files
        .into_iter()
        .map(|file| {
            // What lies elsewhere, such as in GOBIN, lies elsewhere on both sides: its name identifies it.
            let path = file.strip_prefix(dir).ok().or_else(|| file.file_name().map(Path::new));
            (path.unwrap_or(&file).to_string_lossy().into_owned(), file.clone())
        })
        .collect()
}

fn files_below(dir: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let read = |source| CaptureError::Read { path: dir.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(read)? {
        let entry = entry.map_err(read)?;
        let kind = entry.file_type().map_err(read)?;
        if kind.is_dir() && entry.file_name() != ".git" {
            files.extend(files_below(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn installed(records: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let mut files: Vec<PathBuf> = link_targets(records)?
        .into_iter()
        .filter_map(|action| action.target.map(PathBuf::from))
        .filter(|target| target.is_file())
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Returns the link actions of a build that install their executable.
pub(super) fn link_targets(records: &Path) -> Result<Vec<GraphAction>, CaptureError> {
    let actions = graphs(records)?.into_iter().flatten();
    Ok(actions.filter(|action| action.mode == "link-install").collect())
}

/// Returns the action graph of each go command that left one.
pub(super) fn graphs(records: &Path) -> Result<Vec<Vec<GraphAction>>, CaptureError> {
    let mut graphs = Vec::new();
    for number in 1.. {
        let folder = records.join(tar_entries::folder(number));
        if !folder.is_dir() {
            break;
        }
        let path = folder.join(tar_entries::GRAPH);
        let json = match fs::read(&path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
            json => json.map_err(|source| CaptureError::Read { path: path.clone(), source })?,
        };
        let graph = action_graph::parse(&json)
            .map_err(|err| CaptureError::Read { path, source: err.into() })?;
        graphs.push(graph);
    }
    Ok(graphs)
}

fn read(
    path: String,
    file: &Path,
    needles: &Needles,
    budget: &mut Budget,
    leaks: &mut Leaks,
) -> Result<Artifact, CaptureError> {
    let data =
        fs::read(file).map_err(|source| CaptureError::Read { path: file.to_owned(), source })?;
    leaks::scan(&path, &data, needles, budget, leaks);
    let sha256 = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
    let object = binary::summarize(&data).map(without_credentials).map_err(|err| err.to_string());
    Ok(Artifact { path, sha256, bytes: data.len() as u64, object })
}

/// A URL in `-ldflags` is in the build info of what was linked.
fn without_credentials(mut object: ObjectSummary) -> ObjectSummary {
    if let Some(info) = &mut object.build_info {
        let settings = info.mod_info.settings.iter_mut().map(|(_, value)| value);
        for value in settings.chain(&mut info.mod_info.unknown) {
            *value = redact::credentials(value).into_owned();
        }
    }
    object
}
