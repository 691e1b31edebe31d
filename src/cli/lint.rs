//! `goaudit lint`: an audit of the files alone.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::{Args, ValueEnum};

use crate::capture::tree::Source;
use crate::cli::audit::{self, AuditFormat};
use crate::cli::output::OutputArgs;
use crate::cli::policy::{self, Loaded};
use crate::cli::repository::{self, Audited};
use crate::cli::{Error, Exit, files};
use crate::config::Repository;
use crate::finding::{Finding, Place, Safety};
use crate::report::text::number;
use crate::report::{Depth, Report};
use crate::{mend, rules};

/// Judge what CI files say a build will do; nothing is built, and no Go is needed
///
/// Without a PATH it is the repository around the current directory, as git sees
/// it. With some, the whole repository is read all the same, because a finding
/// may follow from another file, and what is found in these files and folders is
/// told. A folder with a `.github` of its own is a repository by itself.
///
/// `# goaudit: ignore[RULE] REASON` on a line, or above it, lets a finding pass.
#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// Files and folders to judge [default: the repository around the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Judge by this policy: a file, or one that comes with goaudit (default, release, ci,
    /// pedantic) [default: the nearest goaudit.yaml or .github/goaudit.yaml, else `default`]
    #[arg(short, long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Mend what can be mended: what is safe, or with `all` what may not be what you meant, too
    #[arg(long, value_name = "WHAT", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    fix: Option<FixArg>,
    /// Show what --fix would change as a patch, in place of the report, and change nothing
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    output: OutputArgs<AuditFormat>,
}

/// What is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FixArg {
    Safe,
    All,
}

impl LintArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        let Asked { audited, only, left_out, from } = self.asked()?;
        let Loaded { policy, name } =
            policy::load_around(self.policy.as_deref(), &audited.root, &from)?;
        self.output.probe()?;
        let mut repository = repository::read(&audited);

        // Work.
        let judge = |repository: &Repository| {
            let ran =
                |id: &str| rules::by_id(id).is_some_and(|rule| rule.is_run_with(false, false));
            let comments = repository.ignore_comments();
            let findings = rules::check_files(repository);
            let verdict = policy.judge(findings, &comments, audit::today(), ran);
            let verdict = match only.as_slice() {
                [] => verdict,
                only => verdict.only(|finding| is_asked(finding, only)),
            };
            match is_judged(repository, &audited.root, &only) {
                true => verdict,
                false => verdict.without_verdict("there is no file in it that goaudit reads"),
            }
        };
        let mut verdict = judge(&repository);
        if self.fix.is_some() || self.diff {
            let up_to = if self.fix == Some(FixArg::All) { Safety::Unsafe } else { Safety::Safe };
            let findings = |repository: &Repository| {
                judge(repository).judged.into_iter().map(|judged| judged.finding).collect()
            };
            let mended = mend::mend_all(&repository, findings, up_to);
            if self.diff {
                self.output.write_patch(out, &mend::patch(&mended))?;
                return Ok(audit::exit(verdict.outcome));
            }
            for file in &mended {
                files::replace(&audited.root.join(&file.path), &file.before, &file.after)?;
            }
            repository = mend::with(&repository, &mended);
            let before = verdict.judged.len();
            verdict = judge(&repository);
            self.tell(mended.len(), before.saturating_sub(verdict.judged.len()));
        }
        let mut not_resolved = rules::not_resolved(&repository);
        not_resolved.retain(|open| only.is_empty() || is_below(&open.place, &only));
        let report = Report {
            policy: name,
            sources: repository.files(),
            below: audited.below,
            left_out,
            not_resolved,
            depth: Depth::Text,
            verdict,
            comparison: None,
            recordings: None,
            ledger: None,
        };

        // Write.
        let silent = self.output.quiet
            && self.output.format == AuditFormat::Text
            && report.verdict.judged.is_empty();
        if !silent {
            let text = audit::render(&report, self.output.format, self.output.style());
            self.output.write(out, &text)?;
        }
        Ok(audit::exit(report.verdict.outcome))
    }

    /// Says on stderr what was mended.
    fn tell(&self, files: usize, findings: usize) {
        if !self.output.quiet {
            // There is nobody left to tell when stderr is closed.
            let _ = writeln!(
                io::stderr(),
                "goaudit: mended {} in {}",
                number(findings, "finding"),
                number(files, "file")
            );
        }
    }

    fn asked(&self) -> Result<Asked, Error> {
        let here = env::current_dir()
            .and_then(fs::canonicalize)
            .map_err(|source| Error::Read { path: ".".into(), source })?;
        if self.paths.is_empty() {
            let audited = repository::find(&Source::around(&here, &here)?);
            return Ok(Asked { audited, only: Vec::new(), left_out: Vec::new(), from: here });
        }
        let mut root: Option<(PathBuf, &Path)> = None;
        let mut paths = Vec::new();
        for path in &self.paths {
            let absolute = absolute(path)?;
            let around = match &root {
                // Most often they are all of one repository, and git need not be asked again.
                Some((root, _)) if own_root(&absolute).is_none() && absolute.starts_with(root) => {
                    root.clone()
                }
                _ => root_of(&absolute, &here)?,
            };
            match &root {
                Some((known, first)) if *known != around => {
                    return Err(Error::TwoRoots {
                        first: first.to_path_buf(),
                        second: path.clone(),
                    });
                }
                _ => root = Some((around, path)),
            }
            paths.push(absolute);
        }
        let Some((root, _)) = root else { return Err(Error::NoPath { path: ".".into() }) };
        let source = Source::around(&root, &root)?;
        let mut audited = repository::find(&source);
        if audited.root != root {
            // Of a folder that git ignores nothing is listed.
            let below = source.below.to_string_lossy().into_owned();
            audited = Audited { root: root.clone(), below, paths: Vec::new() };
        }
        let (mut only, mut left_out) = (Vec::new(), Vec::new());
        for path in &paths {
            let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
            if !path.is_dir() {
                if !repository::looks_into(&name) {
                    left_out.push(format!("`{name}`: goaudit reads nothing in such a file"));
                }
                // It is judged even where git ignores it.
                if !audited.paths.contains(&name) {
                    audited.paths.push(name.clone());
                }
            }
            only.push(name);
        }
        let from = if here.starts_with(&root) { here } else { root };
        Ok(Asked { audited, only, left_out, from })
    }
}

/// What is to be judged.
struct Asked {
    audited: Audited,
    /// Files and folders that findings are told of; empty for all of them.
    only: Vec<String>,
    left_out: Vec<String>,
    /// Where the search for a policy starts.
    from: PathBuf,
}

/// Tells whether there is anything to judge in a repository, or in the folders that were asked for.
/// A file that is not read is named in the report: a hook is handed many.
fn is_judged(repository: &Repository, root: &Path, only: &[String]) -> bool {
    let read = repository.files().iter().map(|file| file.path.as_str());
    let mut paths = read.chain(repository.unread().map(|unread| unread.place.path.as_str()));
    only.iter().any(|path| root.join(path).is_file())
        || paths.any(|path| only.is_empty() || is_path_below(path, only))
}

/// Tells whether a finding is in one of these files or folders.
fn is_asked(finding: &Finding, only: &[String]) -> bool {
    finding.place.as_ref().is_some_and(|place| is_below(place, only))
}

fn is_below(place: &Place, only: &[String]) -> bool {
    is_path_below(&place.path, only)
}

fn is_path_below(path: &str, only: &[String]) -> bool {
    only.iter().any(|asked| match path.strip_prefix(asked.as_str()) {
        Some(rest) => asked.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    })
}

/// The path without links in its folders; a link at its end stays one.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let missing = || Error::NoPath { path: path.to_owned() };
    fs::symlink_metadata(path).map_err(|_| missing())?;
    if path.is_dir() {
        return fs::canonicalize(path).map_err(|_| missing());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = fs::canonicalize(parent.unwrap_or(Path::new("."))).map_err(|_| missing())?;
    Ok(parent.join(path.file_name().ok_or_else(missing)?))
}

/// The folder whose `.github` a path is in, or that has one.
fn own_root(path: &Path) -> Option<PathBuf> {
    let is_github = |dir: &&Path| dir.file_name().is_some_and(|name| name == ".github");
    let inside = path.ancestors().find(is_github).and_then(Path::parent).map(Path::to_owned);
    inside.or_else(|| path.join(".github").is_dir().then(|| path.to_owned()))
}

fn root_of(path: &Path, here: &Path) -> Result<PathBuf, Error> {
    if let Some(root) = own_root(path) {
        return Ok(root);
    }
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let source = Source::around(folder, folder)?;
    Ok(match source.in_git {
        true => source.root,
        false if folder.starts_with(here) && !path.is_dir() => here.to_owned(),
        false => folder.to_owned(),
    })
}
