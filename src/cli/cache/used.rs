use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::directory;
use crate::cache::{Asked, Needed, Scan, needed};
use crate::capture::gocache::{prune, scan};
use crate::capture::interrupt::Interrupt;
use crate::cli::{Error, Exit, emit, files};
use crate::golang::inputs::Inputs;
use crate::report::cache::needed as report;

/// Say which files of a GOCACHE recorded commands need, for a CI cache step
///
/// From Go 1.24 on a recording holds each lookup: what was found or stored is needed, and all test
/// results. Of an earlier go, or of `go run`, it holds the keys of compiles, links and vet: archives
/// and executables with these are needed, and all that is small: indexes of modules, test results,
/// facts of vet.
#[derive(Debug, Args)]
pub(super) struct UsedArgs {
    /// The cache [default: what `go env GOCACHE` says here]
    dir: Option<PathBuf>,
    /// A recording of a build that used the cache, as `goaudit record` writes it; may be repeated
    #[arg(long = "recording", value_name = "FILE", required = true)]
    recordings: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    format: UsedFormat,
    /// Write it to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum UsedFormat {
    #[default]
    Text,
    /// goaudit.cache-used.v1
    Json,
    /// The paths, relative to the cache, a line each
    List,
    /// The files with their times; unpack it in an empty GOCACHE
    Tar,
}

/// Delete from a GOCACHE what recorded commands do not need; shows what without --yes
///
/// What was used within the last two hours stays, so that a go that runs finds what it looked up.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// The cache [default: what `go env GOCACHE` says here]
    dir: Option<PathBuf>,
    /// A recording of a build whose files stay; may be repeated
    #[arg(long = "keep", value_name = "FILE", required = true)]
    keep: Vec<PathBuf>,
    /// Delete
    #[arg(long)]
    yes: bool,
}

/// A cache, and what of it is needed.
struct Divided {
    dir: PathBuf,
    scan: Scan,
    needed: Needed,
    interrupt: Interrupt,
}

fn divide(dir: Option<&Path>, recordings: &[PathBuf]) -> Result<Divided, Error> {
    let interrupt =
        Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
    let dir = directory(dir)?;
    let mut inputs = Inputs::default();
    let read = |path: &PathBuf| files::read_recording(path, &mut inputs);
    let recordings = recordings.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let keys = Asked::by(&recordings);
    let scan = scan::scan(&dir, false, &interrupt)?;
    let needed = needed(&scan, &keys);
    if needed.found == 0 {
        return Err(Error::OtherCache { dir, recorded: needed.recorded });
    }
    Ok(Divided { dir, scan, needed, interrupt })
}

impl UsedArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let is_tar = self.format == UsedFormat::Tar;
        if is_tar && self.output.is_none() && io::stdout().is_terminal() {
            return Err(Error::TarToTerminal);
        }
        let Divided { dir, scan, needed, interrupt } =
            divide(self.dir.as_deref(), &self.recordings)?;
        let text = match self.format {
            UsedFormat::Tar => return self.tar(out, &dir, &needed, &interrupt),
            UsedFormat::Text => report::text(&dir.display().to_string(), &needed),
            UsedFormat::Json => report::json(&dir.display().to_string(), &needed),
            UsedFormat::List => {
                let paths = prune::paths(&dir, &needed);
                paths.iter().flat_map(|path| [path, "\n"]).collect()
            }
        };
        match &self.output {
            None => emit(out, &text)?,
            Some(path) => files::write(path, &text)
                .map_err(|source| Error::WriteFile { path: path.clone(), source })?,
        }
        Ok(if scan.unread_total == 0 { Exit::Kept } else { Exit::NoVerdict })
    }

    fn tar(
        &self,
        out: &mut dyn Write,
        dir: &Path,
        needed: &Needed,
        interrupt: &Interrupt,
    ) -> Result<Exit, Error> {
        let paths = prune::paths(dir, needed);
        let Some(path) = &self.output else {
            return match prune::tar(dir, &paths, out, interrupt) {
                // Whoever reads it has seen enough.
                Err(err) if err.kind() != io::ErrorKind::BrokenPipe => Err(Error::Write(err)),
                _ => Ok(Exit::Kept),
            };
        };
        let write = |source| Error::WriteFile { path: path.clone(), source };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // A tar that breaks off leaves no half of itself under its name.
        let part = tempfile::Builder::new()
            .prefix(".goaudit-")
            // As any file of its owner, less what the umask takes.
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(parent.unwrap_or(Path::new(".")))
            .map_err(write)?;
        prune::tar(dir, &paths, io::BufWriter::new(part.as_file()), interrupt).map_err(write)?;
        part.persist(path).map_err(|err| write(err.error))?;
        Ok(Exit::Kept)
    }
}

impl PruneArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let Divided { dir, needed, interrupt, .. } = divide(self.dir.as_deref(), &self.keep)?;
        let mut text = report::text(&dir.display().to_string(), &needed);
        if !self.yes {
            text.push_str(&report::offer(&needed));
            emit(out, &text)?;
            return Ok(Exit::Kept);
        }
        // The folder is a cache: it was read as one.
        let dir = fs::canonicalize(&dir).map_err(|source| Error::Read { path: dir, source })?;
        let pruned = prune::remove(&dir, &needed, &interrupt);
        text.push_str(&report::removed(pruned.removed, pruned.in_use));
        emit(out, &text)?;
        if let Some((path, source)) = pruned.failed {
            return Err(Error::Remove { path, source });
        }
        interrupt.check()?;
        Ok(Exit::Kept)
    }
}
