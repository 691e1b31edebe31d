//! `goaudit init`: the first policy of a project.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fs, str};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::capture::tree::Source;
use crate::cli::check::module_root;
use crate::cli::policy::{self, OWN};
use crate::cli::{Error, Exit, emit, repository};
use crate::finding::Level;
use crate::policy::{Project, SHIPPED, starter};
use crate::rules;

/// Write a goaudit.yaml that fits the project, with comments
///
/// It judges as the policy that it extends does, until you change it. What is in
/// it follows from the files of the project: the command that builds it, and what
/// `goaudit lint` finds today. A policy that is there stays as it is.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Directory of the module
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The policy to build on
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = shipped())]
    extends: String,
}

fn shipped() -> PossibleValuesParser {
    PossibleValuesParser::new(SHIPPED.iter().map(|(name, _)| *name))
}

impl InitArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        let dir = fs::canonicalize(&self.dir)
            .ok()
            .filter(|dir| dir.is_dir())
            .ok_or_else(|| Error::NoDirectory { path: self.dir.clone() })?;
        let dir = module_root(dir);
        let here = |file: &&&str| dir.join(file).symlink_metadata().is_ok();
        if let Some(file) = OWN.iter().find(here) {
            return Err(Error::PolicyExists { path: dir.join(file) });
        }
        let repository = repository::read(&repository::find(&Source::around(&dir, &dir)?));
        let is_there = |name: &str| dir.join(name).is_file();

        // Work.
        let default = policy::load(Some(&self.extends), &dir)?.policy;
        let mut findings = rules::check_files(&repository);
        findings.retain(|finding| default.level(finding.rule) > Level::Off);
        let text = starter(&Project {
            extends: self.extends.clone(),
            command: build_command(&dir),
            has_goreleaser: [".goreleaser.yml", ".goreleaser.yaml"].into_iter().any(is_there),
            findings,
        });

        // Write.
        let path = dir.join("goaudit.yaml");
        create(&path, &text).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::PolicyExists { path: path.clone() },
            _ => Error::WriteFile { path: path.clone(), source },
        })?;
        emit(out, &format!("wrote {}\n", path.display()))?;
        Ok(Exit::Kept)
    }
}

/// Writes a file that is not there yet; one that another program makes meanwhile stays.
fn create(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// The target of a Makefile that is named after what it does.
fn build_command(dir: &Path) -> Option<(Vec<String>, String)> {
    const LARGEST: u64 = 1 << 20;
    let file = ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|name| {
        fs::metadata(dir.join(name)).is_ok_and(|data| data.is_file() && data.len() <= LARGEST)
    })?;
    let bytes = fs::read(dir.join(file)).ok()?;
    let text = str::from_utf8(&bytes).ok()?;
    let is_target = |line: &str| {
        let rest =
            line.strip_prefix("build").map(str::trim_start).and_then(|it| it.strip_prefix(':'));
        rest.is_some_and(|rest| !rest.starts_with('='))
    };
    let command = vec!["make".to_owned(), "build".to_owned()];
    text.lines().any(is_target).then(|| (command, format!("{file} has a target `build`")))
}
