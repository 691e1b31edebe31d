//! Plans again what a recorded build did, under the settings that were recorded.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::capture::CaptureError;
use crate::capture::plan::{GoPlan, Planner};
use crate::capture::vary::Effect;
use crate::recording::{InvocationInfo, Places, redact};

/// Settings that the go command finds out by itself, and those that a plan has of its own.
const NOT_SET: &[&str] = &[
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOMOD",
    "GOTOOLCHAIN",
    "GOVERSION",
];

impl Planner<'_> {
    /// Plans recorded go commands, and returns where the recording of that is. `spares` says
    /// that the tree is the owner's.
    ///
    /// # Errors
    ///
    /// As [`Planner::record`]; [`CaptureError::NotHere`] when what was recorded is not here.
    pub fn replan(
        &mut self,
        commands: &[InvocationInfo],
        places: &Places,
        effect: Option<&Effect>,
        spares: bool,
    ) -> Result<PathBuf, CaptureError> {
        let mut plans = Vec::with_capacity(commands.len());
        for command in commands {
            let mut plan = recorded(command, places)?;
            if let Some(effect) = effect {
                vary(&mut plan, effect);
            }
            plans.push(if spares { self.sparing_the_tree(plan)? } else { plan });
        }
        self.record(&plans)
    }
}

fn recorded(command: &InvocationInfo, places: &Places) -> Result<GoPlan, CaptureError> {
    let not_here = |what: String| CaptureError::NotHere { what };
    let dir = spelled(Path::new(&command.dir), places);
    if !dir.is_dir() {
        return Err(not_here(format!("the directory {}", command.dir)));
    }
    let goroot = command.setting("GOROOT");
    let program = Path::new(goroot).join("bin/go");
    if goroot.is_empty() || !program.is_file() {
        return Err(not_here(format!("{} at {goroot}", command.setting("GOVERSION"))));
    }
    let mut env: BTreeMap<OsString, OsString> = env::vars_os().collect();
    for name in redact::SETTINGS {
        env.remove(OsStr::new(name));
        let value = command.setting(name);
        if !value.is_empty() && !NOT_SET.contains(name) {
            env.insert(name.into(), value.into());
        }
    }
    let mut set = |name: &str, value: &str| drop(env.insert(name.into(), value.into()));
    // The recorded settings are all of them.
    set("GOENV", "off");
    set("GOTOOLCHAIN", "local");
    if command.setting("GOWORK").is_empty() {
        set("GOWORK", "off");
    }
    // The build has seen to it that every module is there.
    set("GOPROXY", "file:///no-network-under-goaudit");
    set("GONOPROXY", "none");
    Ok(GoPlan { program, dir, env, args: command.args.clone(), umask: None, wrapper: Vec::new() })
}

/// A recorded directory is resolved; the build named it by the place it was given.
fn spelled(dir: &Path, places: &Places) -> PathBuf {
    let root = Path::new(&places.root);
    let below = fs::canonicalize(root).ok().and_then(|real| {
        let below = dir.strip_prefix(real).ok()?;
        Some(below.to_owned())
    });
    match below {
        Some(below) if below.as_os_str().is_empty() => root.to_owned(),
        Some(below) => root.join(below),
        None => dir.to_owned(),
    }
}

fn vary(plan: &mut GoPlan, effect: &Effect) {
    for (name, value) in &effect.env {
        // Set for each plan, or found out by what chooses the toolchain.
        if ["GOENV", "GOTOOLCHAIN", "GOPROXY", "GONOPROXY"].iter().any(|own| name == own) {
            continue;
        }
        match value {
            Some(value) => drop(plan.env.insert(name.clone(), value.clone())),
            None if name == "GOROOT" => {}
            None => drop(plan.env.remove(name)),
        }
    }
    if let Some(goroot) = plan.env.get(OsStr::new("GOROOT")) {
        plan.program = Path::new(goroot).join("bin/go");
    }
    plan.umask = effect.umask;
    plan.wrapper.clone_from(&effect.wrapper);
}
