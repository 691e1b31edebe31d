//! Builds an executable again by go's own means, into a folder that goes away.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use crate::capture::CaptureError;
use crate::capture::go::Go;
use crate::capture::interrupt::Interrupt;
use crate::capture::job::last_lines;
use crate::capture::process::{self, Job, Output};
use crate::capture::scratch::Scratch;
use crate::capture::tree::{Source, git};
use crate::golang::flags::GoCommand;
use crate::golang::rebuild::Rebuild;
use crate::golang::target;
use crate::recording::{redact, shell_word};

/// By which means a rebuild works.
#[derive(Debug, Clone)]
pub struct Means {
    /// Take nothing from the network.
    pub offline: bool,
    /// Use the owner's GOCACHE in place of an empty one.
    pub reuse_cache: bool,
    /// The checkout to build in place of the module that is fetched.
    pub source: Option<PathBuf>,
}

/// Rebuilds executables. What it made goes away with it.
#[derive(Debug)]
pub struct Rebuilder<'a> {
    scratch: Scratch,
    go: Go,
    /// What `go env` says of [`FETCH`], and credentials with it: for the go command alone.
    fetch: BTreeMap<String, String>,
    /// Those of [`FETCH`] that are in the owner's GOENV file.
    written: Vec<&'static str>,
    means: Means,
    tree: Option<Tree>,
    interrupt: &'a Interrupt,
    builds: usize,
}

/// A checkout to build.
#[derive(Debug)]
struct Tree {
    source: Source,
    /// Folder of its go.mod or go.work.
    module: PathBuf,
    copy: Option<PathBuf>,
}

/// A file that was built again.
#[derive(Debug)]
pub struct Rebuilt {
    pub path: PathBuf,
    /// The command as a person types it.
    pub command: String,
}

/// Where modules come from and by which programs: the owner's, as nothing records them.
const FETCH: &[&str] = &[
    "GOPROXY",
    "GONOPROXY",
    "GOPRIVATE",
    "GOSUMDB",
    "GONOSUMDB",
    "GOINSECURE",
    "GOAUTH",
    "GOVCS",
    "CC",
    "CXX",
    "AR",
    "PKG_CONFIG",
];

/// Whatever else decides bytes: as recorded or as go has it by default.
const CLEARED: [&[&str]; 3] = [
    &["GOFLAGS", "GO111MODULE", "GOBIN", "GOROOT", "GOCACHEPROG", "GO_EXTLINK_ENABLED"],
    target::VARIABLES,
    &["CGO_ENABLED", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"],
];

impl<'a> Rebuilder<'a> {
    /// Makes a rebuilder that works in `work_dir`.
    ///
    /// # Errors
    ///
    /// Fails when `work_dir` cannot be written to, when there is no go or one that fetches no
    /// toolchain (before Go 1.21), and when the source is in no module.
    pub fn new(
        work_dir: &Path,
        means: Means,
        interrupt: &'a Interrupt,
    ) -> Result<Self, CaptureError> {
        let scratch = Scratch::new(work_dir)?;
        let dir = means.source.clone().unwrap_or_else(|| scratch.path().to_owned());
        let go = Go::find(&dir)?;
        let fetch = fetch(&go.program, scratch.path())
            .map_err(|source| CaptureError::GoEnv { dir: dir.clone(), source })?;
        let file = fs::read_to_string(go.setting("GOENV")).unwrap_or_default();
        let is_written = |name: &str| {
            env::var_os(name).is_none_or(|value| value.is_empty())
                && file.lines().any(|line| line.split('=').next() == Some(name))
        };
        let written = FETCH.iter().copied().filter(|name| is_written(name)).collect();
        let tree = means.source.as_ref().map(|dir| Tree::of(dir, &go)).transpose()?;
        Ok(Self { scratch, go, fetch, written, means, tree, interrupt, builds: 0 })
    }

    /// Returns the commit that the source is at, where it has one.
    #[must_use]
    pub fn revision(&self) -> Option<String> {
        let tree = self.tree.as_ref()?;
        let id = git(&tree.source.root, ["rev-parse", "HEAD"])?;
        Some(id.trim().to_owned())
    }

    /// Builds. A second build with other flags of the linker only links.
    ///
    /// # Errors
    ///
    /// Fails when the source cannot be copied, when the build fails, and when interrupted.
    pub fn build(&mut self, rebuild: &Rebuild, ldflags: &str) -> Result<Rebuilt, CaptureError> {
        self.builds += 1;
        let gopath = self.scratch.folder(format!("gopath-{}", self.builds))?;
        let dir = match &mut self.tree {
            Some(tree) => tree.dir(rebuild, &self.scratch, self.interrupt)?,
            None => self.scratch.folder("empty")?,
        };
        let words = rebuild.words(ldflags);
        let command = self.line(rebuild, &words);
        let output = self.scratch.path().join("output.txt");
        let go = self.go.program.clone().into_os_string();
        let job = Job {
            command: std::iter::once(go).chain(words.into_iter().map(Into::into)).collect(),
            env: self.env(rebuild, &gopath, &dir)?,
            dir,
            umask: None,
            output: Output::File(output.clone()),
        };
        let status = process::run(&job, self.interrupt, || {})
            .map_err(|source| CaptureError::Start { command: command.clone(), source })?
            .ok_or(CaptureError::Interrupted)?;
        if !status.success() {
            let said = fs::read(&output).unwrap_or_default();
            let said = last_lines(&String::from_utf8_lossy(&said));
            let output = redact::credentials(&said).into_owned();
            return Err(CaptureError::Rebuild { command, status, output });
        }
        let bin = gopath.join("bin");
        let path = only_file(&bin).map_err(|source| CaptureError::Read { path: bin, source })?;
        Ok(Rebuilt { path, command })
    }

    /// Returns the whole environment of a build.
    fn env(
        &self,
        rebuild: &Rebuild,
        gopath: &Path,
        dir: &Path,
    ) -> Result<BTreeMap<OsString, OsString>, CaptureError> {
        let mut env: BTreeMap<OsString, OsString> = env::vars_os().collect();
        env.retain(|name, _| !CLEARED.iter().copied().flatten().any(|cleared| name == cleared));
        let mut set = |name: &str, value: OsString| drop(env.insert(name.into(), value));
        for &name in &self.written {
            set(name, self.fetch.get(name).map(OsString::from).unwrap_or_default());
        }
        let modules = self.go.setting("GOMODCACHE");
        if self.means.offline {
            // Not `off`: then go cannot ask which versions there are, and it does ask.
            let proxy = match self.tree {
                Some(_) => "file:///no-network-under-goaudit".to_owned(),
                None => format!("file://{}/cache/download", in_url(modules)),
            };
            set("GOPROXY", proxy.into());
            set("GONOPROXY", "none".into());
            // The sums of what is built are held against the recorded ones.
            set("GOSUMDB", "off".into());
        }
        for (name, value) in &rebuild.variables {
            set(name, value.into());
        }
        let cache = match self.means.reuse_cache {
            true => self.go.setting("GOCACHE").into(),
            false => self.scratch.folder("gocache")?.into_os_string(),
        };
        // It says who may write to the owner's module cache, and changes no byte of what is built.
        if GoCommand::parse(&[], self.go.setting("GOFLAGS")).is_set("modcacherw") {
            set("GOFLAGS", "-modcacherw".into());
        }
        set("GOENV", "off".into());
        set("GOTOOLCHAIN", rebuild.toolchain.as_str().into());
        set("GOMODCACHE", modules.into());
        set("GOPATH", gopath.as_os_str().to_owned());
        set("GOCACHE", cache);
        set("GOTMPDIR", self.scratch.folder("gotmp")?.into_os_string());
        // The go command asks `git status`, which would rewrite the owner's index.
        set("GIT_OPTIONAL_LOCKS", "0".into());
        set("PWD", dir.as_os_str().to_owned());
        Ok(env)
    }

    /// Returns the command for a shell: it leaves the file below `rebuilt/bin`.
    fn line(&self, rebuild: &Rebuild, words: &[String]) -> String {
        let mut line = Vec::new();
        // Asked for before GOENV is off; a value may be a credential.
        for name in self.written.iter().chain(&["GOMODCACHE"]) {
            line.push(format!("{name}=\"$(go env {name})\""));
        }
        line.push("GOPATH=\"$PWD/rebuilt\"".to_owned());
        line.push("GOENV=off".to_owned());
        let recorded = |name: &str| rebuild.variables.iter().any(|(known, _)| known == name);
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        // What another shell than this one may have set is GOFLAGS, if anything.
        for name in
            CLEARED.iter().copied().flatten().filter(|name| **name == "GOFLAGS" || is_set(name))
        {
            if !recorded(name) {
                line.push(format!("{name}="));
            }
        }
        line.push(format!("GOTOOLCHAIN={}", rebuild.toolchain));
        for (name, value) in &rebuild.variables {
            line.push(format!("{name}={}", shell_word(value)));
        }
        line.push("go".to_owned());
        line.extend(words.iter().map(|word| shell_word(word)));
        let line = redact::credentials(&line.join(" ")).into_owned();
        match &self.means.source {
            Some(dir) => format!("cd {} && {line}", shell_word(&dir.to_string_lossy())),
            None => line,
        }
    }
}

impl Tree {
    fn of(dir: &Path, go: &Go) -> Result<Self, CaptureError> {
        let file = ["GOWORK", "GOMOD"].map(|name| go.setting(name));
        let file = file.into_iter().find(|file| file.starts_with('/') && *file != "/dev/null");
        let module = file.and_then(|file| Path::new(file).parent());
        let module = module.ok_or_else(|| CaptureError::NoModule { dir: dir.to_owned() })?;
        let source = Source::around(dir, module)?;
        Ok(Self { source, module: module.to_owned(), copy: None })
    }

    /// Returns where to build. Without -trimpath that is the owner's own directory, as its path is
    /// in the file; go writes nothing there. In a workspace it may write a go.work.sum.
    fn dir(
        &mut self,
        rebuild: &Rebuild,
        scratch: &Scratch,
        interrupt: &Interrupt,
    ) -> Result<PathBuf, CaptureError> {
        let in_workspace = self.module.join("go.work").is_file();
        if !rebuild.trimpath && !in_workspace {
            return Ok(self.source.dir());
        }
        let root = match &self.copy {
            Some(copy) => copy.clone(),
            None => {
                let copy = scratch.folder("tree")?.join("copy");
                self.source.copy(&copy, interrupt)?;
                self.copy.insert(copy).clone()
            }
        };
        Ok(match self.source.below.as_os_str().is_empty() {
            true => root,
            false => root.join(&self.source.below),
        })
    }
}

/// Asks for the values of [`FETCH`].
fn fetch(go: &Path, dir: &Path) -> io::Result<BTreeMap<String, String>> {
    // PKG_CONFIG and the compilers are asked for as well: these cost a process each and no more.
    let output = Command::new(go)
        .args(["env", "-json"])
        .args(FETCH)
        .current_dir(dir)
        .env("PWD", dir)
        .stdin(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout)?),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(redact::credentials(said.trim()).into_owned()))
        }
    }
}

/// A path in a `file://` URL, as go takes it apart again.
fn in_url(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~!@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
        url
    })
}

/// Finds the executable: for another system it is in a folder of its own.
fn only_file(dir: &Path) -> io::Result<PathBuf> {
    match fs::read_dir(dir)?.next().transpose()?.map(|entry| entry.path()) {
        Some(path) if path.is_dir() => only_file(&path),
        Some(path) => Ok(path),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "go install left no file there")),
    }
}
