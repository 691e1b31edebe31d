//! Builds a tree twice: as its owner does, and again from scratch under variations.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::CaptureError;
use crate::capture::artifacts::{self, Wanted};
use crate::capture::canary;
use crate::capture::go::Go;
use crate::capture::interrupt::Interrupt;
use crate::capture::job;
use crate::capture::ledger::Book;
use crate::capture::pack;
use crate::capture::scratch::Scratch;
use crate::capture::side::{Side, text};
use crate::capture::tree::Source;
use crate::capture::trees::Trees;
use crate::capture::vary::{self, Effect};
use crate::golang::go_mod;
use crate::ledger::LedgerUse;
use crate::recording::{Depth, FORMAT, Manifest, Varied, redact};
use crate::variation::Selection;

/// Two builds to run: everything that decides their outcome, as data.
#[derive(Debug)]
pub struct CheckPlan {
    pub go: Go,
    pub source: Source,
    pub depth: Depth,
    /// `None` is the default build: every main package of the module.
    pub command: Option<Vec<String>>,
    pub artifacts: Wanted,
    pub selection: Selection,
    /// Where the copies are made.
    pub work_dir: PathBuf,
    /// Whether the first build, too, must do without network.
    pub offline: bool,
    /// Folder of what earlier checks confirmed; what is in it is not built again.
    pub ledger: Option<PathBuf>,
}

/// Hears of the progress of two builds.
pub trait Watch {
    /// A new phase begins: `copy the tree`, `first build`, `second build`.
    fn phase(&mut self, what: &str);
    /// Actions done so far in this phase, of how many where that is known.
    fn actions(&mut self, done: u64, total: Option<u64>);
}

/// The recordings of two finished builds. They go away with it.
#[derive(Debug)]
pub struct Pair {
    pub first: PathBuf,
    pub second: PathBuf,
    /// What the stand-ins of each build left.
    pub records: [PathBuf; 2],
    /// The artifacts of each build, by the path that they are recorded under.
    pub artifacts: [BTreeMap<String, PathBuf>; 2],
    /// What each variation that was applied did.
    pub effects: Vec<Effect>,
    /// Whether both read the owner's tree, which nobody may write to.
    pub in_place: bool,
    /// What was taken from the ledger and done to it.
    pub ledger: Option<LedgerUse>,
    /// Holds all until it is dropped.
    _scratch: Scratch,
}

/// Runs both builds and records them.
///
/// # Errors
///
/// Fails when the tree cannot be copied, when a build fails, when a record is
/// not whole, and when interrupted. Nothing is left behind in any case.
pub fn run(
    plan: &CheckPlan,
    interrupt: &Interrupt,
    watch: &mut dyn Watch,
) -> Result<Pair, CaptureError> {
    let scratch = Scratch::new(&plan.work_dir)?;
    let book = plan.ledger.as_deref().map(|dir| Book::open(dir, &plan.source.root)).transpose()?;
    watch.phase("copy the tree");
    let trees = Trees::new(plan, &scratch, interrupt)?;
    let (first_root, staged) = (trees.first.clone(), trees.second.clone());
    let varies_workdir = plan.selection.has("workdir");
    let second_root = if varies_workdir { staged.clone() } else { first_root.clone() };
    let mut first = Side::new("first", first_root.clone(), &plan.source.below, &plan.go, &scratch)?;
    if plan.offline {
        first.without_network();
    }
    first.reads_in_place(trees.linked);
    if let Some(book) = &book {
        // Whatever once was confirmed is as good as this build's own.
        book.lend(&mut first, &BTreeSet::new())?;
    }
    first.stand_in(&scratch.path().join("first/bin"))?;
    watch.phase("first build");
    let recorded = scratch.path().join("first.goaudit");
    let made = build(plan, &first, &[], trees.notes, interrupt, watch, &recorded)?;

    if !varies_workdir && !trees.linked {
        let aside = scratch.path().join("1-built");
        let swap = fs::rename(&first_root, &aside).and_then(|()| fs::rename(&staged, &first_root));
        swap.map_err(|source| CaptureError::Copy { path: first_root.clone(), source })?;
    }
    let mut second = Side::new("second", second_root, &plan.source.below, &plan.go, &scratch)?;
    // The first build has seen to it that every module is there.
    second.without_network();
    second.reads_in_place(trees.linked);
    let applied = vary::apply(&plan.selection, &plan.go, &scratch, &mut second)?;
    let (varied, mut effects): (Vec<Varied>, Vec<Effect>) = applied.into_iter().unzip();
    let applied = varied.iter().filter(|varied| varied.how.is_ok());
    second.varied = applied.map(|varied| varied.name.clone()).collect();
    effects.retain(|effect| second.varied.contains(&effect.name));
    let names: BTreeSet<String> = second.varied.iter().cloned().collect();
    if let Some(book) = &book {
        book.lend(&mut second, &names)?;
    }
    second.stand_in(&scratch.path().join("second/bin"))?;
    watch.phase("second build");
    let recorded_again = scratch.path().join("second.goaudit");
    let made_again = build(plan, &second, &varied, Vec::new(), interrupt, watch, &recorded_again)?;
    let ledger = book.map(|book| book.close([&first, &second], &names));
    Ok(Pair {
        ledger,
        first: recorded,
        second: recorded_again,
        records: [first.records, second.records],
        artifacts: [made, made_again],
        effects,
        in_place: trees.linked,
        _scratch: scratch,
    })
}

/// Returns where the artifacts are.
fn build(
    plan: &CheckPlan,
    side: &Side,
    varied: &[Varied],
    notes: Vec<String>,
    interrupt: &Interrupt,
    watch: &mut dyn Watch,
    to: &Path,
) -> Result<BTreeMap<String, PathBuf>, CaptureError> {
    let command = command(plan, side);
    job::run(plan, side, command.clone(), interrupt, watch)?;
    let mut manifest = manifest(plan, side, &command);
    manifest.variations = varied.to_vec();
    manifest.notes = notes;
    let mut files = BTreeMap::new();
    if plan.depth == Depth::Build {
        if matches!(plan.artifacts, Wanted::All) {
            separate_namesakes(plan, side, interrupt, watch)?;
        }
        let dir = if matches!(plan.artifacts, Wanted::All) {
            side.output.clone()
        } else {
            side.workdir()
        };
        let needles = canary::needles(&side.env, &manifest.places, Some(&side.mark));
        let found = artifacts::collect(&plan.artifacts, &dir, &side.records, &needles)?;
        manifest.artifacts = found.artifacts;
        manifest.leaks = Some(found.leaks);
        manifest.unmatched_artifacts = found.unmatched;
        files = found.files;
    }
    pack::pack(&manifest, &side.records, to)?;
    Ok(files)
}

fn command(plan: &CheckPlan, side: &Side) -> Vec<OsString> {
    let mut output = side.output.clone().into_os_string();
    output.push("/");
    match (&plan.command, plan.depth) {
        (Some(command), Depth::Build) => command.iter().map(OsString::from).collect(),
        // The caller has seen to it that a planned command is a go command.
        (Some(command), Depth::Plan) => {
            let mut words: Vec<OsString> = command.iter().map(OsString::from).collect();
            let args: Vec<String> = command.iter().skip(1).cloned().collect();
            words.insert(1 + crate::golang::flags::insertion_point(&args), "-n".into());
            words
        }
        (None, Depth::Build) => ["go", "build", "-o"]
            .iter()
            .map(OsString::from)
            .chain([output, "./...".into()])
            .collect(),
        (None, Depth::Plan) => ["go", "build", "-n", "./..."].iter().map(OsString::from).collect(),
    }
}

/// Main packages of one name write one file, and the last one wins. Gives each a folder of its own.
fn separate_namesakes(
    plan: &CheckPlan,
    side: &Side,
    interrupt: &Interrupt,
    watch: &mut dyn Watch,
) -> Result<(), CaptureError> {
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in artifacts::link_targets(&side.records)? {
        packages.entry(action.target.unwrap_or_default()).or_default().push(action.package);
    }
    for (target, packages) in packages.iter().filter(|(_, packages)| packages.len() > 1) {
        let write = |source| CaptureError::Scratch { path: target.into(), source };
        match fs::remove_file(target) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(write(err)),
            _ => {}
        }
        let name = Path::new(target).file_name().unwrap_or_default();
        for package in packages {
            let folder = side.output.join(package);
            fs::create_dir_all(&folder).map_err(write)?;
            let words = ["go", "build", "-o"].iter().map(OsString::from);
            let words = words.chain([folder.join(name).into(), package.into()]).collect();
            job::run(plan, side, words, interrupt, watch)?;
        }
    }
    Ok(())
}

fn manifest(plan: &CheckPlan, side: &Side, command: &[OsString]) -> Manifest {
    let workdir = side.workdir();
    let mut environment: Vec<String> = side.env.keys().map(text).collect();
    environment.retain(|name| !name.starts_with("GOAUDIT_"));
    Manifest {
        format: FORMAT,
        goaudit: env!("CARGO_PKG_VERSION").to_owned(),
        depth: plan.depth,
        cold: true,
        command: command.iter().map(|word| redact::command_word(&text(word))).collect(),
        places: side.places(&plan.go),
        environment,
        go_mod: read_go_mod(&workdir),
        variations: Vec::new(),
        artifacts: Vec::new(),
        unmatched_artifacts: Vec::new(),
        notes: Vec::new(),
        leaks: None,
    }
}

/// Reads the go.mod of a directory or of the nearest one above it.
pub(super) fn read_go_mod(dir: &Path) -> go_mod::GoMod {
    let text = dir.ancestors().find_map(|dir| fs::read_to_string(dir.join("go.mod")).ok());
    text.map(|text| go_mod::parse(&text)).unwrap_or_default()
}
