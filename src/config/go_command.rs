//! Commands of build files: what they call, with which flags, in which environment, and who calls them.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{PieceKind, Spot, Text};
use crate::finding::Place;
use crate::golang::flags::{self, Origin};

/// A call of the go command in a file of the repository.
#[derive(Debug, Clone)]
pub struct GoCommand {
    /// What is called, with its arguments.
    pub words: Vec<Text>,
    /// The words behind `go`, as the go command reads them. What is not known in them is as it is written.
    pub command: flags::GoCommand,
    /// Flags of GOFLAGS first, then those of the command line: the last one wins.
    pub flags: Vec<GoFlag>,
    /// Whether a word or GOFLAGS may hold more flags than are known.
    pub is_open: bool,
    pub at: CommandAt,
}

/// A flag of a go command where it is written.
#[derive(Debug, Clone)]
pub struct GoFlag {
    /// Without dashes: `trimpath`.
    pub name: String,
    pub value: Option<Text>,
    pub origin: Origin,
    /// `None` where the value of GOFLAGS has no place.
    pub place: Option<Place>,
}

/// Where a command stands, and what it is run with.
#[derive(Debug, Clone)]
pub struct CommandAt {
    /// The command word.
    pub place: Place,
    /// Variables for Go and the C compiler that are set for it, by name.
    pub env: BTreeMap<String, Text>,
    /// Relative to the root, empty for the root itself; `None` where it cannot be told.
    pub dir: Option<String>,
    pub context: Context,
    /// What a finding about the command is about: `job build, step "Test"`, `Makefile, target build`.
    pub subject: String,
    /// From the outermost caller to the one that starts the command: steps, targets, scripts.
    pub callers: Vec<Caller>,
    /// The step of a pipeline that all of it starts from, if any does.
    pub step: Option<StepAt>,
    /// Whether it stands in a branch that may not run.
    pub is_maybe: bool,
    /// Whether what it prints is used and nothing else: it stands in `$(…)`.
    pub is_substitution: bool,
}

/// The kind of file that a command stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    CiStep,
    MakeTarget,
    Dockerfile,
    Script,
    Task,
    JustRecipe,
    GoReleaser,
}

/// One link of the chain that ends in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub subject: String,
    pub place: Place,
}

/// A call that could not be followed to the commands that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFollowed {
    /// What is called, and why that is not known.
    pub what: String,
    pub place: Place,
    /// The steps of pipelines from which it is reached.
    pub steps: BTreeSet<StepAt>,
}

/// A step by its indices in [`super::Repository::pipelines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepAt {
    pub pipeline: usize,
    pub job: usize,
    pub step: usize,
}

/// Another command that says something about builds: `gh release`, `rm`, `docker`, `goreleaser`.
#[derive(Debug, Clone)]
pub struct OtherCommand {
    pub words: Vec<Text>,
    pub at: CommandAt,
}

/// A variable of the environment as far as the files tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting<'a> {
    /// No file sets it.
    Unset,
    Known(&'a str),
    /// Set, to what cannot be told.
    Unknown,
}

impl CommandAt {
    /// What a variable is set to.
    #[must_use]
    pub fn setting(&self, name: &str) -> Setting<'_> {
        let Some(text) = self.env.get(name) else { return Setting::Unset };
        match text.pieces.as_slice() {
            [] => Setting::Known(""),
            [piece] if piece.kind == PieceKind::Literal => Setting::Known(&piece.text),
            _ => Setting::Unknown,
        }
    }

    /// The chain of callers in one line: `job test, step "Unit" → Makefile:12`.
    #[must_use]
    pub fn chain(&self) -> Option<String> {
        let (first, rest) = self.callers.split_first()?;
        let line = |place: &Place| match place.at {
            Some((line, _)) => format!("{}:{line}", place.path),
            None => place.path.clone(),
        };
        let mut chain = format!("{} ({})", first.subject, line(&first.place));
        for caller in rest {
            chain.push_str(&format!(" → {} ({})", caller.subject, line(&caller.place)));
        }
        Some(chain)
    }
}

impl GoCommand {
    /// Reads the words behind `go`.
    pub(super) fn new(words: Vec<Text>, skip: usize, at: CommandAt) -> Self {
        let args: Vec<&Text> = words.iter().skip(skip).collect();
        let shown: Vec<String> = args.iter().map(|word| word.shown()).collect();
        let goflags = at.env.get("GOFLAGS");
        let known = goflags.map(|text| text.shown()).unwrap_or_default();
        let (command, places) = flags::GoCommand::parse_at(&shown, &known);
        let mut is_open = goflags.is_some_and(|text| may_hold_flags(text, true));
        let from_environment = command.flags.len().saturating_sub(places.len());
        let mut all = Vec::new();
        for (index, flag) in command.flags.iter().enumerate() {
            let at = index.checked_sub(from_environment).and_then(|index| places.get(index));
            let place = match at {
                Some((word, _)) => args.get(*word).and_then(|word| word.spot()),
                None => goflags.and_then(|text| spot_of(text, &flag.name)),
            };
            let value = flag.value.as_ref().and_then(|value| match at {
                Some((_, Some(next))) => args.get(*next).map(|word| (*word).clone()),
                Some((word, None)) => args.get(*word).map(|word| after_equals(word)),
                None => place.map(|spot| Text::made(value, spot)),
            });
            all.push(GoFlag {
                name: flag.name.clone(),
                value,
                origin: flag.origin,
                place: place.map(Spot::place),
            });
        }
        let values: Vec<usize> = places.iter().filter_map(|(_, value)| *value).collect();
        for (index, word) in args.iter().enumerate() {
            is_open |= !values.contains(&index) && may_hold_flags(word, false);
        }
        Self { words, command, flags: all, is_open, at }
    }

    /// The verb: `build`, `test`, `run`.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.command.verb
    }

    /// The flag of that name that counts: the last one.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&GoFlag> {
        self.flags.iter().rfind(|flag| flag.name == name)
    }

    /// Whether a boolean flag is on.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.command.is_set(name)
    }

    /// Whether the command compiles packages.
    #[must_use]
    pub fn is_build(&self) -> bool {
        self.command.is_build()
    }

    /// The command as it is written, on one line.
    #[must_use]
    pub fn line(&self) -> String {
        line(&self.words)
    }
}

impl OtherCommand {
    /// The name of the program, without its directory.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.words.first().and_then(Text::known).unwrap_or_default();
        name.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The arguments, as they are written.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        self.words.iter().skip(1).map(Text::shown).collect()
    }

    /// The command as it is written, on one line.
    #[must_use]
    pub fn line(&self) -> String {
        line(&self.words)
    }
}

fn line(words: &[Text]) -> String {
    let quoted = |word: &Text| {
        // A flag of several lines is one line here.
        let shown = word.shown().split_whitespace().collect::<Vec<_>>().join(" ");
        let needs_quotes =
            shown.is_empty() || (shown.contains([' ', '\t', '\n']) && !shown.starts_with("$("));
        match needs_quotes {
            true if shown.contains('\'') => format!("\"{shown}\""),
            true => format!("'{shown}'"),
            false => shown,
        }
    };
    let words: Vec<String> = words.iter().map(quoted).filter(|word| word != "''").collect();
    words.join(" ")
}

/// Whether a word may be or hold flags that cannot be seen.
fn may_hold_flags(word: &Text, anywhere: bool) -> bool {
    let is_open = |kind: PieceKind| kind != PieceKind::Literal;
    match word.pieces.iter().find(|piece| !piece.text.is_empty() || is_open(piece.kind)) {
        Some(first) if !anywhere => is_open(first.kind),
        _ => word.pieces.iter().any(|piece| is_open(piece.kind)),
    }
}

/// The word of GOFLAGS that a flag is.
fn spot_of<'t>(goflags: &'t Text, _name: &str) -> Option<&'t Spot> {
    goflags.spot()
}

/// What follows the first `=` of a word.
fn after_equals(word: &Text) -> Text {
    let mut value = Text::default();
    let mut found = false;
    for piece in &word.pieces {
        if found {
            value.pieces.push(piece.clone());
        } else if let Some(at) = piece.text.find('=').filter(|_| piece.kind == PieceKind::Literal) {
            found = true;
            let start = at.saturating_add(1);
            let text = piece.text.get(start..).unwrap_or_default().to_owned();
            if !text.is_empty() {
                let spot = piece.spot_at(start);
                value.pieces.push(super::text::Piece { text, spot, ..piece.clone() });
            }
        }
    }
    value
}
