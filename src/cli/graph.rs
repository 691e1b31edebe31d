use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::output::OutputArgs;
use crate::cli::{Error, Exit, sources};
use crate::golang::action_graph::{self, GraphAction};
use crate::golang::inputs::Inputs;
use crate::recording::{Invocation, JSON_LIMIT, ReadError, Recording, Unpacked};
use crate::report::graph::{CommandGraph, GraphReport, json, markdown, text, trace};
use crate::timing;

/// Say where the time of a build went: CPU first, elapsed beside it
///
/// Takes a recording, as `goaudit record` writes it, or an action graph, as
/// `go build -debug-actiongraph=FILE` does, compressed with zstd or gzip or not.
/// With a recording, variants of one package are told apart: PGO copies, tests, coverage.
///
/// Ends with 0 when it could answer, 2 when the file is neither, 3 when it is damaged or could not
/// be read.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// The recording or action graph; - is stdin
    file: PathBuf,
    /// Show this go command of a recording, by number [default: the one with the most CPU time]
    #[arg(long, value_name = "N")]
    command: Option<usize>,
    #[command(flatten)]
    output: OutputArgs<GraphFormat>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    #[default]
    Text,
    Json,
    /// For the summary of a CI job
    Markdown,
    /// For ui.perfetto.dev and chrome://tracing: each worker a row; all go commands of a recording, unless --command names one
    ChromeTrace,
}

/// Why a file does not say where time went.
#[derive(Debug, thiserror::Error)]
pub(super) enum GraphError {
    #[error(
        "`{path}` is neither a recording of goaudit nor an action graph of go build \
         -debug-actiongraph=FILE"
    )]
    Neither { path: PathBuf, source: Option<serde_json::Error> },
    #[error("failed to read the action graph `{path}`: it is cut or damaged")]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("the action graph `{path}` has more than {JSON_LIMIT} bytes")]
    TooLarge { path: PathBuf },
    #[error("the recording `{path}` holds no action graph: none of its go commands builds")]
    NoGraph { path: PathBuf },
    #[error("`{path}` has no go command {number} with an action graph; it has {known}")]
    NoCommand { path: PathBuf, number: usize, known: String },
    #[error("`{path}` holds no times to draw: it is a plan, or its go command was stopped")]
    NoTimes { path: PathBuf },
}

impl GraphError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Neither { .. }
            | Self::NoGraph { .. }
            | Self::NoCommand { .. }
            | Self::NoTimes { .. } => Exit::Usage,
            Self::Json { .. } | Self::TooLarge { .. } => Exit::NoVerdict,
        }
    }
}

impl GraphArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        self.output.probe()?;
        let mut inputs = Inputs::default();
        let source = read(&self.file, &mut inputs)?;
        let report = self.report(&source, &inputs)?;
        let text = match self.output.format {
            GraphFormat::Text => text::render(&report, self.output.style()),
            GraphFormat::Json => json::render(&report),
            GraphFormat::Markdown => markdown::render(&report),
            GraphFormat::ChromeTrace => {
                let chosen = self.command.map(|_| report.selected);
                trace::render(&report, chosen)
                    .ok_or_else(|| GraphError::NoTimes { path: self.file.clone() })?
            }
        };
        self.output.write(out, &text)?;
        Ok(Exit::Kept)
    }

    fn report<'a>(
        &self,
        source: &'a Source,
        inputs: &Inputs,
    ) -> Result<GraphReport<'a>, GraphError> {
        let commands: Vec<CommandGraph<'a>> = match source {
            Source::Graph(graph) => vec![CommandGraph {
                number: 1,
                line: None,
                go_version: None,
                exit_code: None,
                incomplete: None,
                graph,
                timing: timing::measure(graph, None),
            }],
            Source::Recording(recording) => (1..)
                .zip(&recording.invocations)
                .filter(|(_, invocation)| !invocation.graph.is_empty())
                .map(|(number, invocation)| command(number, invocation, recording, inputs))
                .collect(),
        };
        if commands.is_empty() {
            return Err(GraphError::NoGraph { path: self.file.clone() });
        }
        let selected = match self.command {
            None => heaviest(&commands),
            Some(number) => {
                commands.iter().position(|command| command.number == number).ok_or_else(|| {
                    let known: Vec<String> =
                        commands.iter().map(|command| command.number.to_string()).collect();
                    let known = known.join(", ");
                    GraphError::NoCommand { path: self.file.clone(), number, known }
                })?
            }
        };
        Ok(GraphReport { commands, selected })
    }
}

fn command<'a>(
    number: usize,
    invocation: &'a Invocation,
    recording: &Recording,
    inputs: &Inputs,
) -> CommandGraph<'a> {
    let info = &invocation.info;
    CommandGraph {
        number,
        line: Some(recording.manifest.shown(&info.line())),
        go_version: Some(info.setting("GOVERSION")).filter(|version| !version.is_empty()),
        exit_code: info.exit_code,
        incomplete: info.incomplete.as_deref(),
        graph: &invocation.graph,
        timing: timing::measure(&invocation.graph, Some((&invocation.log, inputs))),
    }
}

/// The first of those with the most CPU time.
fn heaviest(commands: &[CommandGraph<'_>]) -> usize {
    let cpu = |at: usize| commands[at].timing.totals.cpu_ns;
    (0..commands.len())
        .reduce(|best, next| if cpu(next) > cpu(best) { next } else { best })
        .unwrap_or(0)
}

/// What a file turned out to be.
enum Source {
    Recording(Box<Recording>),
    Graph(Vec<GraphAction>),
}

/// Reads a file and tells by its content what it is.
fn read(path: &Path, inputs: &mut Inputs) -> Result<Source, Error> {
    let failed = |source| match source {
        ReadError::NoManifest => GraphError::Neither { path: path.to_owned(), source: None }.into(),
        source => Error::Recording { path: path.to_owned(), source },
    };
    let unpacked = Unpacked::of(sources::open_input(path)?).map_err(failed)?;
    if unpacked.is_tar() {
        let recording = unpacked.recording(inputs).map_err(failed)?;
        return Ok(Source::Recording(Box::new(recording)));
    }
    match unpacked.start.first() {
        Some(b'[') => Ok(Source::Graph(read_graph(path, unpacked.content)?)),
        _ => Err(GraphError::Neither { path: path.to_owned(), source: None }.into()),
    }
}

fn read_graph(path: &Path, content: impl Read) -> Result<Vec<GraphAction>, Error> {
    let path = || path.to_owned();
    let mut json = Vec::new();
    content
        .take(JSON_LIMIT + 1)
        .read_to_end(&mut json)
        .map_err(|source| Error::Read { path: path(), source })?;
    if json.len() as u64 > JSON_LIMIT {
        return Err(GraphError::TooLarge { path: path() }.into());
    }
    // Whole JSON of another kind is another file; all else is damage.
    Ok(action_graph::parse(&json).map_err(|source| match source.classify() {
        serde_json::error::Category::Data => {
            GraphError::Neither { path: path(), source: Some(source) }
        }
        _ => GraphError::Json { path: path(), source },
    })?)
}
