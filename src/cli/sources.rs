//! The two builds that a command compares: recordings, or raw logs with their action graphs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Error;
use crate::golang::action_graph::GraphAction;
use crate::golang::build_id::ShortId;
use crate::golang::inputs::Inputs;
use crate::recording::{self, Recording};

/// Two builds, from files.
#[derive(Debug, Args)]
pub(super) struct PairArgs {
    /// The build that is the measure, such as that of the default branch: a recording, or a raw
    /// GODEBUG=gocachehash=1 log (plain, gzip or zstd; - is stdin)
    first: PathBuf,
    /// The build to explain, in the same forms
    second: PathBuf,
    /// The -debug-actiongraph file of a raw log, which knows what ran and what it cost; given once
    /// or for both. Its action IDs say which log it belongs to
    #[arg(long = "graph", value_name = "FILE")]
    graphs: Vec<PathBuf>,
}

/// Two builds that were read with one set of inputs.
pub(super) struct Pair {
    pub(super) first: Recording,
    pub(super) second: Recording,
    pub(super) inputs: Inputs,
}

impl PairArgs {
    pub(super) fn read(&self) -> Result<Pair, Error> {
        Pair::read(&self.first, &self.second, &self.graphs)
    }
}

impl Pair {
    /// Reads two builds, and gives them their action graphs.
    pub(super) fn read(first: &Path, second: &Path, graphs: &[PathBuf]) -> Result<Self, Error> {
        let is_stdin = |path: &Path| path == Path::new("-");
        if is_stdin(first) && is_stdin(second) {
            return Err(Error::TwiceStdin);
        }
        let paths = (first, second);
        let mut inputs = Inputs::default();
        let mut first = open(first, &mut inputs)?;
        let mut second = open(second, &mut inputs)?;
        // What the second build cost is what is explained.
        let mut sides = [&mut first, &mut second];
        if graphs.len() == 1 {
            sides.reverse();
        }
        for path in graphs {
            attach(path, &mut sides)?;
        }
        for (side, path) in [(&first, paths.0), (&second, paths.1)] {
            if side.invocations.iter().all(|build| build.log.keys.is_empty()) {
                return Err(Error::NoBuild { path: path.to_owned() });
            }
        }
        Ok(Self { first, second, inputs })
    }
}

/// Reads a recording or a raw log, from a file or from stdin.
fn open(path: &Path, inputs: &mut Inputs) -> Result<Recording, Error> {
    let name = if path == Path::new("-") { "stdin".into() } else { path.to_string_lossy() };
    recording::open(open_input(path)?, &name, inputs)
        .map_err(|source| Error::Recording { path: path.to_owned(), source })
}

/// Opens a file, or stdin by the name of `-`. Opening a directory works, and reading it is what
/// fails, with less to say.
pub(super) fn open_input(path: &Path) -> Result<Box<dyn Read>, Error> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let open = || -> io::Result<File> {
        let file = File::open(path)?;
        match file.metadata()?.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(file),
        }
    };
    match open() {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// Gives a graph to the side whose keys it names.
///
/// Of two equal builds the first side takes it that has none.
fn attach(path: &Path, sides: &mut [&mut Recording; 2]) -> Result<(), Error> {
    let graph = recording::open_graph(open_input(path)?, &path.to_string_lossy())
        .map_err(|source| Error::Recording { path: path.to_owned(), source })?;
    let is_key =
        |action: &&GraphAction| action.mode.starts_with("build") || action.mode.starts_with("link");
    let ids: BTreeSet<ShortId> =
        graph.iter().filter(is_key).filter_map(|action| action.action_id).collect();
    // The log of a build has the key of every action in its graph. One that lacks some is of
    // another build, even where the two share the standard library, or it is cut.
    let fits = sides.each_ref().map(|side| matches(side, &ids));
    let best = fits.iter().max().copied().unwrap_or_default();
    if best == 0 || best < ids.len() {
        return Err(Error::OtherGraph { path: path.to_owned(), actions: ids.len(), known: best });
    }
    let mut fitting = sides.iter_mut().zip(fits).filter(|(_, fit)| *fit == best);
    let free = fitting.find_map(|(side, _)| {
        side.invocations.first_mut().filter(|invocation| invocation.graph.is_empty())
    });
    match free {
        Some(invocation) => {
            invocation.graph = graph;
            Ok(())
        }
        None => Err(Error::SpareGraph { path: path.to_owned() }),
    }
}

/// Returns how many of the action IDs are of keys of a build.
fn matches(side: &Recording, ids: &BTreeSet<ShortId>) -> usize {
    let keys = side.invocations.iter().flat_map(|invocation| &invocation.log.keys);
    let known: BTreeSet<ShortId> = keys.map(|key| ShortId::of(&key.sum)).collect();
    ids.intersection(&known).count()
}
