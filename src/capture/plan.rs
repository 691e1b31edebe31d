//! Plans go commands: runs each with `-n`, which compiles nothing, and records what it hashes.
//!
//! All plans of one [`Planner`] share a GOCACHE of their own. `-n` leaves no archive there, so
//! none finds the output of another: a plan knows no outputs, and the action ID stands in for
//! each. What it does leave, indexes of packages, makes the next plan three times as fast.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::capture::CaptureError;
use crate::capture::check::read_go_mod;
use crate::capture::go::on_path;
use crate::capture::interrupt::Interrupt;
use crate::capture::invocation::verb_first;
use crate::capture::job::last_lines;
use crate::capture::process::{self, Job, Output};
use crate::capture::scratch::Scratch;
use crate::capture::settings;
use crate::capture::side::{invocation_folder, stand_in, text};
use crate::capture::tree::Source;
use crate::capture::{pack, shim};
use crate::golang::flags::{GoCommand, insertion_point, without};
use crate::recording::{
    Depth, FORMAT, InvocationInfo, Manifest, Places, redact, shell_word, tar_entries,
};

/// A go command to plan: everything that decides its keys, as data.
#[derive(Debug, Clone)]
pub struct GoPlan {
    /// The go command that plans.
    pub program: PathBuf,
    /// Where it runs, absolute.
    pub dir: PathBuf,
    /// The whole environment; nothing is inherited. GOCACHE is that of the planner.
    pub env: BTreeMap<OsString, OsString>,
    /// Arguments after `go`, without `-n`.
    pub args: Vec<String>,
    /// `None` leaves the umask of this process.
    pub umask: Option<u32>,
    /// Words before the command: a namespace of its own.
    pub wrapper: Vec<OsString>,
}

impl GoPlan {
    /// A command as its owner would run it in `dir`, under variables of its own.
    ///
    /// # Errors
    ///
    /// Fails when there is no go on PATH.
    pub fn of(
        dir: PathBuf,
        variables: &[(String, String)],
        args: Vec<String>,
    ) -> Result<Self, CaptureError> {
        let mut env: BTreeMap<OsString, OsString> = env::vars_os().collect();
        env.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        let path = env.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let program = on_path("go", &path).ok_or(CaptureError::NoGo)?;
        Ok(Self { program, dir, env, args, umask: None, wrapper: Vec::new() })
    }

    /// Returns the command as a person types it.
    #[must_use]
    pub fn line(&self) -> String {
        let words = std::iter::once("go").chain(self.args.iter().map(String::as_str));
        words.map(shell_word).collect::<Vec<_>>().join(" ")
    }

    /// Returns the arguments with the flag that makes a plan of them.
    fn planned(&self) -> Vec<String> {
        let mut args = without(&verb_first(self.args.clone()), WRITES);
        // A profile asks for coverage, which is part of the keys.
        let command = GoCommand::parse(&verb_first(self.args.clone()), "");
        if command.verb == "test" && command.flag("coverprofile").is_some() {
            args.insert(insertion_point(&args), "-cover".to_owned());
        }
        args.insert(insertion_point(&args), "-n".to_owned());
        args
    }
}

/// Flags whose files even a plan writes.
const WRITES: &[&str] = &[
    "coverprofile",
    "cpuprofile",
    "memprofile",
    "blockprofile",
    "mutexprofile",
    "trace",
    "debug-actiongraph",
    "debug-trace",
    "debug-runtime-trace",
];

/// Makes plans. What it made goes away with it.
#[derive(Debug)]
pub struct Planner<'a> {
    scratch: Scratch,
    interrupt: &'a Interrupt,
    plans: usize,
    /// Trees that had to be copied, each with where its copy is.
    copies: Vec<(PathBuf, PathBuf)>,
}

impl<'a> Planner<'a> {
    /// Makes a planner that works in `work_dir`.
    ///
    /// # Errors
    ///
    /// Fails when `work_dir` cannot be written to.
    pub fn new(work_dir: &Path, interrupt: &'a Interrupt) -> Result<Self, CaptureError> {
        let scratch = Scratch::new(work_dir)?;
        Ok(Self { scratch, interrupt, plans: 0, copies: Vec::new() })
    }

    /// Returns a command whose plan writes nothing to its tree: itself, or where it may mend
    /// go.mod or go.work.sum, itself in a copy of the tree. Commands of one tree share the copy.
    ///
    /// # Errors
    ///
    /// Fails when go cannot say its settings, and when the tree cannot be copied.
    pub fn sparing_the_tree(&mut self, mut plan: GoPlan) -> Result<GoPlan, CaptureError> {
        let mut go = Command::new(&plan.program);
        go.env_clear().envs(&plan.env);
        let settings = settings::of(go, &plan.dir)
            .map_err(|source| CaptureError::GoEnv { dir: plan.dir.clone(), source })?;
        let setting = |name: &str| settings.get(name).map_or("", String::as_str);
        let command = GoCommand::parse(&verb_first(plan.args.clone()), setting("GOFLAGS"));
        let in_workspace = setting("GOWORK").starts_with('/');
        if !in_workspace && command.value("mod") != "mod" {
            return Ok(plan);
        }
        let file = if in_workspace { setting("GOWORK") } else { setting("GOMOD") };
        let Some(module) = Path::new(file).parent().filter(|dir| dir.is_absolute()) else {
            return Err(CaptureError::NoModule { dir: plan.dir });
        };
        let source = Source::around(&plan.dir, module)?;
        let known = self.copies.iter().find(|(root, _)| *root == source.root);
        let copy = match known {
            Some((_, copy)) => copy.clone(),
            None => {
                let name = source.root.file_name().unwrap_or(OsStr::new("tree"));
                let folder = self.scratch.folder(format!("tree-{}", self.copies.len() + 1))?;
                let copy = folder.join(name);
                source.copy(&copy, self.interrupt)?;
                self.copies.push((source.root.clone(), copy.clone()));
                copy
            }
        };
        plan.dir = copy.join(&source.below);
        // Named by its path it would be that of the owner's tree all the same.
        if let Some(file) = plan.env.get_mut(OsStr::new("GOWORK"))
            && let Ok(below) = Path::new(file.as_os_str()).strip_prefix(&source.root)
        {
            *file = copy.join(below).into_os_string();
        }
        Ok(plan)
    }

    /// Plans commands one after the other, and returns where their one recording is.
    ///
    /// # Errors
    ///
    /// Fails when the plan of one fails, when a record is not whole, and when interrupted.
    pub fn record(&mut self, plans: &[GoPlan]) -> Result<PathBuf, CaptureError> {
        self.plans += 1;
        let name = format!("plan-{}", self.plans);
        let records = self.scratch.folder(Path::new(&name).join("records"))?;
        for plan in plans {
            self.run(plan, &name, &records)?;
        }
        let to = self.scratch.path().join(format!("{name}.goaudit"));
        pack::pack(&manifest(plans, &records)?, &records, &to)?;
        Ok(to)
    }

    fn run(&self, plan: &GoPlan, name: &str, records: &Path) -> Result<(), CaptureError> {
        let mut env = plan.env.clone();
        let mut set = |name: &str, value: &OsStr| drop(env.insert(name.into(), value.to_owned()));
        set("GOCACHE", self.scratch.folder("gocache")?.as_os_str());
        set("GOTMPDIR", self.scratch.folder("gotmp")?.as_os_str());
        // It would stand in for GOCACHE, and be the owner's.
        set("GOCACHEPROG", OsStr::new(""));
        // The go command asks `git status`, which would rewrite the owner's index.
        set("GIT_OPTIONAL_LOCKS", OsStr::new("0"));
        // The go command believes PWD when it names the directory it is in.
        set("PWD", plan.dir.as_os_str());
        let folder = self.scratch.path().join(name).join("bin");
        // Each plan may have a go of its own.
        let _ = fs::remove_dir_all(&folder);
        stand_in(&mut env, &folder, &plan.program, records)?;
        let output = records.join("output.txt");
        let go = std::iter::once(OsString::from("go"));
        let words = go.chain(plan.planned().into_iter().map(Into::into));
        let job = Job {
            command: plan.wrapper.iter().cloned().chain(words).collect(),
            dir: plan.dir.clone(),
            env,
            umask: plan.umask,
            output: Output::File(output.clone()),
        };
        let status = process::run(&job, self.interrupt, || {})
            .map_err(|source| CaptureError::Start { command: plan.line(), source })?
            .ok_or(CaptureError::Interrupted)?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read(&output).unwrap_or_default();
        let output = last_lines(&String::from_utf8_lossy(&said));
        Err(CaptureError::Plan { command: plan.line(), status, output })
    }
}

fn manifest(plans: &[GoPlan], records: &Path) -> Result<Manifest, CaptureError> {
    let first = invocation_folder(records, 1).join(tar_entries::INVOCATION);
    let read = |source| CaptureError::Read { path: first.clone(), source };
    let json = fs::read(&first).map_err(read)?;
    let info: InvocationInfo = serde_json::from_slice(&json).map_err(|err| read(err.into()))?;
    let plan = plans.first();
    let dir = plan.map_or(Path::new(""), |plan| &plan.dir);
    let variable = |name: &str, default: &str| {
        let value = plan.and_then(|plan| plan.env.get(OsStr::new(name)));
        value.map_or_else(|| default.to_owned(), text)
    };
    let file = ["GOWORK", "GOMOD"].map(|name| info.setting(name));
    let file = file.into_iter().find(|file| file.starts_with('/') && *file != "/dev/null");
    let root = file.and_then(|file| Path::new(file).parent());
    let root = root.and_then(|root| spelled_root(root, dir)).unwrap_or(dir);
    let words =
        plans.iter().flat_map(|plan| std::iter::once("go".to_owned()).chain(plan.planned()));
    let mut environment: Vec<String> =
        plan.map(|plan| plan.env.keys().map(text).collect()).unwrap_or_default();
    environment.retain(|name| name != shim::RECORD_DIR);
    Ok(Manifest {
        format: FORMAT,
        goaudit: env!("CARGO_PKG_VERSION").to_owned(),
        depth: Depth::Plan,
        cold: true,
        command: words.map(|word| redact::command_word(&word)).collect(),
        places: Places {
            workdir: text(dir),
            root: text(root),
            goroot: info.setting("GOROOT").to_owned(),
            gomodcache: info.setting("GOMODCACHE").to_owned(),
            gocache: info.setting("GOCACHE").to_owned(),
            home: variable("HOME", ""),
            tmpdir: variable("TMPDIR", "/tmp"),
            output: String::new(),
        },
        environment,
        go_mod: read_go_mod(dir),
        variations: Vec::new(),
        artifacts: Vec::new(),
        unmatched_artifacts: Vec::new(),
        notes: Vec::new(),
        leaks: None,
    })
}

/// Returns the root of a tree as `dir` spells it, which lies below it. The go command resolves it.
fn spelled_root<'a>(root: &Path, dir: &'a Path) -> Option<&'a Path> {
    let below = fs::canonicalize(dir).ok()?.strip_prefix(root).ok()?.components().count();
    dir.ancestors().nth(below)
}
