//! Carries out variations on the rebuild, or says why it could not.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use crate::capture::CaptureError;
use crate::capture::canary;
use crate::capture::go::Go;
use crate::capture::scratch::Scratch;
use crate::capture::side::Side;
use crate::capture::tree;
use crate::recording::Varied;
use crate::variation::{Selection, VARIATIONS};

/// How much earlier the files of the rebuild are dated: more than a year, so no field of a date stays.
const EARLIER: Duration = Duration::from_secs(400 * 24 * 3600);

/// A zone with an odd offset, in which also the date differs from UTC for half of the day.
const ZONE: &str = "Pacific/Chatham";

/// What a variation did, or why it was not applied here.
type How = Result<String, String>;

/// What one variation did to how a build is started. What it did to the tree is not in it.
#[derive(Debug, Clone)]
pub struct Effect {
    pub name: String,
    /// Variables that it set, and those that it took away.
    pub env: BTreeMap<OsString, Option<OsString>>,
    pub(super) umask: Option<u32>,
    /// Words before the command. A variation that needs a namespace shares it with those before it.
    pub(super) wrapper: Vec<OsString>,
}

impl Effect {
    fn between(
        name: &str,
        before: (&BTreeMap<OsString, OsString>, Option<u32>),
        side: &Side,
        wraps: bool,
    ) -> Self {
        let (env, umask) = before;
        let set = side.env.iter().filter(|(name, value)| env.get(*name) != Some(value));
        let set = set.map(|(name, value)| (name.clone(), Some(value.clone())));
        let gone = env.keys().filter(|name| !side.env.contains_key(*name));
        Self {
            name: name.to_owned(),
            env: set.chain(gone.map(|name| (name.clone(), None))).collect(),
            umask: side.umask.filter(|_| side.umask != umask),
            wrapper: if wraps { side.wrapper.clone() } else { Vec::new() },
        }
    }
}

/// Applies the selected variations to the rebuild, in the order of [`VARIATIONS`].
///
/// # Errors
///
/// Fails when the scratch folder cannot be written to. What a variation cannot
/// do here is no error: it says so.
pub(super) fn apply(
    selection: &Selection,
    go: &Go,
    scratch: &Scratch,
    side: &mut Side,
) -> Result<Vec<(Varied, Effect)>, CaptureError> {
    let mut varied = Vec::new();
    for variation in VARIATIONS.iter().filter(|variation| selection.has(variation.name)) {
        let (env, umask, words) = (side.env.clone(), side.umask, side.wrapper.len());
        let mut room = Room { go, scratch, side, selection };
        let how = room.apply(variation.name)?;
        let effect =
            Effect::between(variation.name, (&env, umask), side, side.wrapper.len() > words);
        varied.push((Varied { name: variation.name.to_owned(), how }, effect));
    }
    Ok(varied)
}

struct Room<'a> {
    go: &'a Go,
    scratch: &'a Scratch,
    side: &'a mut Side,
    selection: &'a Selection,
}

impl Room<'_> {
    fn apply(&mut self, name: &str) -> Result<How, CaptureError> {
        Ok(match name {
            "mtime" | "vcs" | "shallow" if self.side.in_place => {
                Err("a plan reads your tree where it is, and times are no hash input".to_owned())
            }
            "workdir" => Ok(format!("built in {}", self.side.workdir().display())),
            "home" => self.home()?,
            "tmpdir" => self.folder("TMPDIR", "elsewhere/tmp")?,
            "goroot" => self.goroot(),
            "gomodcache" => self.gomodcache(),
            "timezone" => self.timezone(),
            "locale" => Ok(self.locale()),
            "umask" => self.umask(),
            "user" => Ok(self.user()),
            "hostname" => self.hostname(),
            "environment" => Ok(self.environment()),
            "parallelism" => self.parallelism(),
            "path" => self.path()?,
            "mtime" => tree::date_earlier(&self.side.root, EARLIER)
                .map(|()| "files dated 400 days earlier".to_owned())
                .map_err(|err| err.to_string()),
            "vcs" => self.without_git(),
            "shallow" => self.shallow(),
            "cgo" => Ok(self.cgo()),
            "toolchain" => Ok(self.toolchain()),
            _ => Err("this goaudit does not know how".to_owned()),
        })
    }

    fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.side.env.insert(name.into(), value.as_ref().to_owned());
    }

    fn folder(&mut self, variable: &str, name: &str) -> Result<How, CaptureError> {
        let folder = self.scratch.folder(name)?;
        self.set(variable, &folder);
        Ok(Ok(format!("{variable}={}", folder.display())))
    }

    /// Go's own settings stay: what `go env -w` set is part of how the owner builds.
    fn home(&mut self) -> Result<How, CaptureError> {
        let how = self.folder("HOME", "elsewhere/home")?;
        // Without this the go command starts a process that counts its use, in a home that goes away.
        for config in [".config", "Library/Application Support"] {
            let folder = self
                .scratch
                .folder(Path::new("elsewhere/home").join(config).join("go/telemetry"))?;
            fs::write(folder.join("mode"), "off 2000-01-01\n")
                .map_err(|source| CaptureError::Scratch { path: folder, source })?;
        }
        for name in ["GOENV", "GOPATH", "GOMODCACHE"] {
            let value = self.go.setting(name).to_owned();
            if !value.is_empty() {
                self.side.env.entry(name.into()).or_insert_with(|| value.into());
            }
        }
        for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            self.side.env.remove(OsStr::new(name));
        }
        Ok(how)
    }

    /// A link is enough: the go command takes GOROOT as it is spelled.
    fn goroot(&mut self) -> How {
        if self.selection.has("toolchain") {
            return Err("another toolchain brings its own GOROOT".to_owned());
        }
        let link = self.scratch.path().join("elsewhere/goroot");
        link_to(self.go.setting("GOROOT"), &link)?;
        self.set("GOROOT", &link);
        self.side.go = link.join("bin/go");
        Ok(format!("GOROOT={}", link.display()))
    }

    fn gomodcache(&mut self) -> How {
        if !Path::new(self.go.setting("GOMODCACHE")).is_dir() {
            return Err("there is no module cache yet".to_owned());
        }
        let link = self.scratch.path().join("elsewhere/gomodcache");
        link_to(self.go.setting("GOMODCACHE"), &link)?;
        self.set("GOMODCACHE", &link);
        Ok(format!("GOMODCACHE={}", link.display()))
    }

    fn timezone(&mut self) -> How {
        let known = Path::new("/usr/share/zoneinfo").join(ZONE).exists()
            || Path::new(self.go.setting("GOROOT")).join("lib/time/zoneinfo.zip").exists();
        if !known {
            return Err(format!("this system does not know the zone {ZONE}"));
        }
        self.set("TZ", ZONE);
        Ok(format!("TZ={ZONE}"))
    }

    fn locale(&mut self) -> String {
        let current =
            ["LC_ALL", "LANG"].iter().find_map(|name| self.side.env.get(OsStr::new(name)));
        let plain =
            current.is_none_or(|value| value.is_empty() || value == "C" || value == "POSIX");
        let locale = if plain { "C.UTF-8" } else { "C" };
        self.set("LC_ALL", locale);
        self.set("LANG", locale);
        format!("LC_ALL={locale}")
    }

    fn umask(&mut self) -> How {
        let before = rustix::process::umask(rustix::fs::Mode::empty());
        rustix::process::umask(before);
        let other = if before.as_raw_mode() == 0o027 { 0o022 } else { 0o027 };
        self.side.umask = Some(other);
        Ok(format!("umask {other:03o}"))
    }

    fn user(&mut self) -> String {
        let name = format!("goaudit-user-{}", self.side.mark);
        self.set("USER", &name);
        self.set("LOGNAME", &name);
        // A user namespace of one's own shows every file of the tree as root's.
        if !rustix::process::getuid().is_root() && allows(&["unshare", "--map-root-user", "true"]) {
            self.side.wrapper = words(&["unshare", "--map-root-user"]);
            return "USER, LOGNAME; uid 0 in a namespace of its own".to_owned();
        }
        "USER and LOGNAME; the uid stays".to_owned()
    }

    fn hostname(&mut self) -> How {
        let name = format!("goaudit-host-{}", self.side.mark);
        self.set("HOSTNAME", &name);
        let mut prefix = match self.side.wrapper.is_empty() {
            true => words(&["unshare"]),
            false => self.side.wrapper.clone(),
        };
        prefix.push("--uts".into());
        let mut trial = prefix.clone();
        trial.extend(words(&["hostname", &name]));
        if !allows(&trial) {
            return Err(
                "only HOSTNAME is set: this system allows no host name of its own without root"
                    .to_owned(),
            );
        }
        prefix.extend(words(&["sh", "-c", &format!("hostname {name}; exec \"$@\""), "sh"]));
        self.side.wrapper = prefix;
        Ok(format!("host name {name}"))
    }

    /// Two copies of the mark: an artifact that holds one has kept the environment.
    fn environment(&mut self) -> String {
        self.set(canary::VARIABLE, format!("canary-{0}-{0}", self.side.mark));
        format!("{} is set", canary::VARIABLE)
    }

    fn parallelism(&mut self) -> How {
        let cpus = std::thread::available_parallelism().map_err(|err| err.to_string())?.get();
        self.set("GOMAXPROCS", (cpus + 1).to_string());
        Ok(format!("GOMAXPROCS={}", cpus + 1))
    }

    fn path(&mut self) -> Result<How, CaptureError> {
        let extra = self.scratch.folder("elsewhere/bin")?;
        let path = self.side.env.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let mut entries: Vec<PathBuf> = env::split_paths(&path).collect();
        // The stand-in for go comes before it, everything else behind it.
        entries.insert(0, extra.clone());
        Ok(match env::join_paths(entries) {
            Ok(path) => {
                self.set("PATH", path);
                Ok(format!("{} in PATH", extra.display()))
            }
            Err(err) => Err(err.to_string()),
        })
    }

    fn without_git(&mut self) -> How {
        let git = self.side.root.join(".git");
        if !git.exists() {
            return Err("the tree has no .git".to_owned());
        }
        fs::remove_dir_all(git).map(|()| "no .git".to_owned()).map_err(|err| err.to_string())
    }

    fn shallow(&mut self) -> How {
        let git = self.side.root.join(".git");
        if !git.exists() {
            return Err("the tree has no .git".to_owned());
        }
        let bare = self.scratch.path().join("elsewhere/shallow.git");
        let url = format!("file://{}", git.display());
        tree::git(
            &self.side.root,
            ["clone", "--quiet", "--bare", "--no-tags", "--depth=1", &url, &bare.to_string_lossy()],
        )
        .ok_or("git could not make a shallow clone of the tree")?;
        let swap = || -> io::Result<()> {
            for name in ["objects", "refs", "packed-refs", "shallow"] {
                let (from, to) = (bare.join(name), git.join(name));
                if to.is_dir() {
                    fs::remove_dir_all(&to)?;
                } else if to.exists() {
                    fs::remove_file(&to)?;
                }
                if from.exists() {
                    fs::rename(from, to)?;
                }
            }
            Ok(())
        };
        swap()
            .map(|()| "a history of one commit, no tags".to_owned())
            .map_err(|err| err.to_string())
    }

    fn cgo(&mut self) -> String {
        let other = if self.go.setting("CGO_ENABLED") == "0" { "1" } else { "0" };
        self.set("CGO_ENABLED", other);
        format!("CGO_ENABLED={other}")
    }

    fn toolchain(&mut self) -> String {
        let version = self.selection.value("toolchain").unwrap_or_default().to_owned();
        self.set("GOTOOLCHAIN", &version);
        // The owner's go chooses the toolchain; a fixed GOROOT would keep it from that.
        self.side.env.remove(OsStr::new("GOROOT"));
        self.side.go = self.go.program.clone();
        // The one variation that may have to fetch something.
        for name in ["GOPROXY", "GONOPROXY"] {
            match env::var_os(name) {
                Some(value) => self.set(name, value),
                None => drop(self.side.env.remove(OsStr::new(name))),
            }
        }
        format!("GOTOOLCHAIN={version}")
    }
}

fn link_to(target: &str, link: &Path) -> Result<(), String> {
    let made = link
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| std::os::unix::fs::symlink(target, link));
    made.map_err(|err| err.to_string())
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Says whether a command works here.
fn allows(command: &[impl AsRef<OsStr>]) -> bool {
    let Some((program, args)) = command.split_first() else { return false };
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
