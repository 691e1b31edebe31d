use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Args;

use crate::cache::Inventory;
use crate::capture::CaptureError;
use crate::capture::artifacts::{Wanted, matcher};
use crate::capture::check::{self, CheckPlan};
use crate::capture::go::Go;
use crate::capture::gocache::scan;
use crate::capture::interrupt::Interrupt;
use crate::capture::plan::Planner;
use crate::capture::tree::Source;
use crate::cli::audit::{self, AuditFormat};
use crate::cli::output::OutputArgs;
use crate::cli::policy::{self, Loaded};
use crate::cli::progress::Progress;
use crate::cli::prove::Prover;
use crate::cli::{Error, Exit, archives, artifacts, emit, files, repository};
use crate::config::Repository;
use crate::diff::{self, Comparison};
use crate::golang::inputs::Inputs;
use crate::ledger::Summary;
use crate::policy::{Command, Policy};
use crate::recording::{Depth, Recording};
use crate::report::{self, Report};
use crate::rules::{self, Builds, Cache};
use crate::variation::{Selection, VARIATIONS};

/// Build a module twice, explain what differs, and judge it by a policy
///
/// The first build is yours: your command, your environment, in a copy of your
/// tree. The second is a rebuild from scratch in another directory, with other
/// paths, time zone, locale, umask and more (--list-variations). Your tree and
/// your GOCACHE are never written to.
///
/// COMMAND is any build: `go build …`, `make`, a script. Without one it is
/// `build.command` of the policy, or `go build` of every main package of the
/// module.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Directory of the module
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Judge by this policy: a file, or one that comes with goaudit (default, release, ci,
    /// pedantic) [default: goaudit.yaml or .github/goaudit.yaml of DIR, else `default`]
    #[arg(short, long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// How far to go
    #[arg(long, value_enum, default_value_t = DepthArg::Build)]
    depth: DepthArg,
    /// Add to or take from what the rebuild makes different: +shallow,-umask
    #[arg(long, value_name = "WORDS", value_delimiter = ',', allow_hyphen_values = true)]
    vary: Vec<String>,
    /// List the variations and exit
    #[arg(long)]
    list_variations: bool,
    /// A file that the build is for, by pattern relative to DIR; may be repeated [default: what the
    /// build's go commands install]
    #[arg(long = "artifact", value_name = "GLOB")]
    artifacts: Vec<String>,
    /// Do without network in the first build, too; the second never has it
    #[arg(long)]
    offline: bool,
    /// Make the copies here [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Keep both recordings, as first.goaudit and second.goaudit, in this directory
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Keep both archives of each package that equal inputs gave another output for, with what they
    /// differ by and how they were compiled, in this directory: for a bug report
    #[arg(long, value_name = "DIR")]
    keep_archives: Option<PathBuf>,
    /// Undo each cause, plan both builds again, and say which keys became equal; then plan the
    /// first under one variation at a time, and say which shows the cause alone
    #[arg(long)]
    prove: bool,
    /// Judge what fills this GOCACHE, too; every output in it is hashed, and nothing is changed
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// How large that cache may be, such as 500MB or 2GB
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = super::cache::bytes, requires = "cache")]
    cache_budget: u64,
    /// Keep in this folder what both builds agree on to the last byte, and build only the rest next
    /// time: a check then costs about an incremental build. A proof stands for 30 days, for rebuilds
    /// under the same variations. Whoever can write to the folder can lie to the check (Go 1.24)
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<AuditFormat>,
    /// The build to audit, after `--`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How far an audit goes, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DepthArg {
    /// Read CI files only: milliseconds, no Go needed
    Text,
    /// Compare the hash inputs of two `go build -n`: seconds, nothing is compiled
    Plan,
    /// Build twice and compare the artifacts too
    Build,
}

impl CheckArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        if self.list_variations {
            emit(out, &list_variations())?;
            return Ok(Exit::Kept);
        }
        if self.ledger.is_some() && self.depth != DepthArg::Build {
            return Err(Error::Sides(
                "--ledger is of builds: --depth text and plan compile nothing",
            ));
        }
        // Read: everything that can be wrong before a build costs minutes.
        let dir = fs::canonicalize(&self.dir)
            .ok()
            .filter(|dir| dir.is_dir())
            .ok_or_else(|| Error::NoDirectory { path: self.dir.clone() })?;
        // Without a command of one's own it is the module that is audited, from wherever in it.
        let dir = if self.command.is_empty() { module_root(dir) } else { dir };
        let Loaded { policy, name } = policy::load(self.policy.as_deref(), &dir)?;
        let selection = self.selection(&policy)?;
        let plan = match self.depth {
            DepthArg::Text => None,
            DepthArg::Plan | DepthArg::Build => Some(self.plan(&dir, &policy, selection)?),
        };
        let source = match &plan {
            Some(plan) => plan.source.clone(),
            None => Source::around(&dir, &dir)?,
        };
        let audited = repository::find(&source);
        let files = repository::read(&audited);
        self.probe()?;
        let cache = self.cache.as_deref().map(|dir| self.read_cache(dir, &files)).transpose()?;

        // Work.
        let mut inputs = Inputs::default();
        let recorded = plan.map(|plan| self.record(&plan, &mut inputs)).transpose()?;
        let ledger = recorded.as_ref().and_then(|it| it.ledger.clone());
        let (pair, comparison) = recorded.map(|it| ((it.first, it.second), it.comparison)).unzip();
        let builds = pair.as_ref().zip(comparison);
        let mut report =
            judge(&policy, (&files, cache.as_ref()), builds, &inputs, self.depth_name());
        report.policy = name;
        report.below = audited.below;
        report.ledger = ledger;

        // Write.
        let text = audit::render(&report, self.output.format, self.output.style());
        self.output.write(out, &text)?;
        Ok(audit::exit(report.verdict.outcome))
    }

    fn selection(&self, policy: &Policy) -> Result<Selection, Error> {
        let of_policy = policy.vary().iter().map(ToString::to_string);
        let words: Vec<String> = of_policy.chain(self.vary.iter().cloned()).collect();
        Ok(Selection::parse(words.iter().map(String::as_str))?)
    }

    fn plan(&self, dir: &Path, policy: &Policy, selection: Selection) -> Result<CheckPlan, Error> {
        let go = Go::find(dir)?;
        let depth = if self.depth == DepthArg::Plan { Depth::Plan } else { Depth::Build };
        let command = match (self.command.as_slice(), policy.command()) {
            ([], Some(Command::Args(args))) => Some(args.clone()),
            ([], Some(Command::Shell(line))) => {
                Some(vec!["sh".to_owned(), "-c".to_owned(), line.clone()])
            }
            ([], None) => None,
            (words, _) => Some(words.to_vec()),
        };
        let command = match (depth, command) {
            (Depth::Plan, Some(command)) if !has_plan(&command) => {
                return Err(Error::NoPlan { command: command.join(" ") });
            }
            (_, command) => command,
        };
        let patterns = match self.artifacts.as_slice() {
            [] => policy.artifacts().iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            patterns => checked_patterns(patterns)?,
        };
        let artifacts = match (patterns.is_empty(), &command) {
            (false, _) => Wanted::Patterns(patterns),
            (true, Some(_)) => Wanted::Installed,
            (true, None) => Wanted::All,
        };
        let source = Source::around(dir, &module_dir(&go, dir)?)?;
        let work_dir = self.work_dir.clone().unwrap_or_else(env::temp_dir);
        Ok(CheckPlan {
            go,
            source,
            depth,
            command,
            artifacts,
            selection,
            work_dir,
            offline: self.offline,
            ledger: self.ledger.clone(),
        })
    }

    fn record(&self, plan: &CheckPlan, inputs: &mut Inputs) -> Result<Recorded, Error> {
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let mut progress = Progress::new(self.output.quiet);
        let pair = check::run(plan, &interrupt, &mut progress);
        progress.finish();
        let pair = pair?;
        if let Some(dir) = &self.save {
            files::keep(&pair.first, dir, "first.goaudit")?;
            files::keep(&pair.second, dir, "second.goaudit")?;
        }
        let first = files::read_recording(&pair.first, inputs)?;
        interrupt.check()?;
        let second = files::read_recording(&pair.second, inputs)?;
        interrupt.check()?;
        let mut comparison = diff::compare(&first, &second, inputs);
        if plan.depth == Depth::Build {
            let keep = self.keep_archives.as_deref();
            archives::examine(&pair, [&first, &second], &mut comparison, keep, &interrupt)?;
            artifacts::examine(&pair, &mut comparison, &interrupt)?;
        }
        if self.prove {
            let planner = Planner::new(&plan.work_dir, &interrupt)?;
            let (spares, effects) = (pair.in_place, pair.effects.as_slice());
            let mut prover = Prover { planner, progress: &mut progress, spares, effects };
            let proven = prover.prove(&mut comparison, &first, &second);
            progress.finish();
            proven?;
        }
        let ledger = pair.ledger.map(|used| Summary::of(&first, &second, used));
        Ok(Recorded { first, second, comparison, ledger })
    }

    /// A part that cannot be read is no part that is well.
    fn read_cache(&self, dir: &Path, files: &Repository) -> Result<Cache, Error> {
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let inventory = Inventory::of(&scan::scan(dir, true, &interrupt)?);
        if let Some((path, why)) = inventory.unread.first() {
            let source = std::io::Error::other(why.clone());
            return Err(Error::Read { path: dir.join(path), source });
        }
        let advice = crate::cache::advise(&inventory, files.files());
        Ok(Cache { inventory, advice, budget: self.cache_budget })
    }

    /// Fails before the builds rather than after them.
    fn probe(&self) -> Result<(), Error> {
        for dir in self.save.iter().chain(&self.keep_archives) {
            files::probe_folder(dir)?;
        }
        self.output.probe()
    }

    fn depth_name(&self) -> report::Depth {
        match self.depth {
            DepthArg::Text => report::Depth::Text,
            DepthArg::Plan => report::Depth::Plan,
            DepthArg::Build => report::Depth::Build,
        }
    }
}

/// Both builds, and what they differ by.
struct Recorded {
    first: Recording,
    second: Recording,
    comparison: Comparison,
    ledger: Option<Summary>,
}

/// Runs the rules on what was read and judges their findings.
fn judge<'a>(
    policy: &Policy,
    (files, cache): (&'a Repository, Option<&Cache>),
    builds: Option<(&'a (Recording, Recording), Comparison)>,
    inputs: &Inputs,
    depth: report::Depth,
) -> Report<'a> {
    let mut findings = rules::check_files(files);
    findings.extend(cache.into_iter().flat_map(rules::check_cache));
    let (recordings, comparison) = builds.unzip();
    let comparison = recordings.zip(comparison).map(|((first, second), comparison)| {
        findings.extend(rules::check_builds(&Builds {
            first,
            second,
            comparison: &comparison,
            inputs,
        }));
        comparison
    });
    let ran = |id: &str| {
        rules::by_id(id).is_some_and(|rule| rule.is_run_with(recordings.is_some(), cache.is_some()))
    };
    let verdict = policy.judge(findings, &files.ignore_comments(), audit::today(), ran);
    Report {
        policy: String::new(),
        sources: files.files(),
        below: String::new(),
        left_out: Vec::new(),
        ledger: None,
        not_resolved: rules::not_resolved(files),
        depth,
        verdict,
        comparison,
        recordings: recordings.map(|(first, second)| (first, second)),
    }
}

fn has_plan(command: &[String]) -> bool {
    matches!(command, [go, verb, ..] if go == "go" && ["build", "install", "test"].contains(&verb.as_str()))
}

/// Returns the nearest directory with a go.mod or go.work, or `dir` where there is none.
pub(super) fn module_root(dir: PathBuf) -> PathBuf {
    let has = |dir: &&Path| ["go.mod", "go.work"].iter().any(|file| dir.join(file).is_file());
    dir.ancestors().find(has).map(Path::to_owned).unwrap_or(dir)
}

/// Returns the directory of the go.work or go.mod that governs `dir`.
fn module_dir(go: &Go, dir: &Path) -> Result<PathBuf, Error> {
    let file = ["GOWORK", "GOMOD"]
        .into_iter()
        .map(|name| go.setting(name))
        .find(|file| file.starts_with('/') && *file != "/dev/null");
    let parent = file.and_then(|file| Path::new(file).parent());
    parent.map(Path::to_owned).ok_or_else(|| CaptureError::NoModule { dir: dir.to_owned() }.into())
}

/// Refuses patterns that are none.
pub(super) fn checked_patterns(patterns: &[String]) -> Result<Vec<String>, Error> {
    match patterns.iter().find(|pattern| matcher(pattern).is_none()) {
        Some(pattern) => Err(Error::Pattern { pattern: pattern.clone() }),
        None => Ok(patterns.to_vec()),
    }
}

fn list_variations() -> String {
    let width = VARIATIONS.iter().map(|variation| variation.name.len()).max().unwrap_or_default();
    let line = |expected: bool| {
        let some = VARIATIONS.iter().filter(move |variation| variation.expected_equal == expected);
        some.map(|v| format!("  {:width$}  {}\n", v.name, v.summary)).collect::<String>()
    };
    format!(
        "On, because a well-made build gives the same bytes under them; --vary -NAME takes one away:\n{}\
         \nOff, because they change the bytes by design; --vary +NAME asks for one:\n{}",
        line(true),
        line(false)
    )
}
