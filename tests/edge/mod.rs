//! What the tests of the edge share: modules to build, the goaudit binary under a known
//! environment, and recordings opened with tar and zstd.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and uses its own part of this"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use goaudit::golang::inputs::Inputs;
use goaudit::recording::{self, Recording};

pub(crate) const GOAUDIT: &str = env!("CARGO_BIN_EXE_goaudit");

/// A folder with a module `m`, a HOME, a place for temporary files, and room for more.
pub(crate) struct Room {
    pub(crate) dir: tempfile::TempDir,
    /// GOCACHE of commands that run in the module itself.
    pub(crate) cache: PathBuf,
}

impl Room {
    /// Writes the files of the module. `git` says whether they are committed.
    pub(crate) fn new(git: bool, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::Builder::new().prefix("room").tempdir().unwrap();
        for name in ["m", "home", "tmp", "out"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        // Shared by all tests: what they build is almost the same.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gocache");
        fs::create_dir_all(&cache).unwrap();
        let room = Self { dir, cache };
        write_all(&room.m(), files);
        if git {
            room.commit(&room.m());
        }
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn m(&self) -> PathBuf {
        self.path("m")
    }

    pub(crate) fn commit(&self, dir: &Path) {
        self.git(dir, &["init", "-q", "."]);
        self.git(dir, &["add", "-A"]);
        self.git(dir, &["commit", "-q", "-m", "one"]);
    }

    pub(crate) fn git(&self, dir: &Path, args: &[&str]) -> String {
        let output = self
            .command("git", dir)
            .args(["-c", "user.name=n", "-c", "user.email=n@example.com"])
            .args(["-c", "protocol.file.allow=always"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// A command under an environment that holds nothing but what is needed.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("GOCACHE", &self.cache)
            .env("GOMODCACHE", module_cache())
            .env("GOPROXY", "off")
            .env("GOTELEMETRY", "off")
            .env("GOTOOLCHAIN", "local")
            .env("LC_ALL", "C")
            .env("OUT", self.path("out"))
            .current_dir(dir)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn goaudit(&self, args: &[&str]) -> Output {
        self.command(GOAUDIT, &self.m()).args(args).output().unwrap()
    }

    /// Runs `goaudit check` on the module, with copies below `tmp`.
    pub(crate) fn check(&self, args: &[&str]) -> Output {
        self.goaudit(&[&["check", "-q"], args].concat())
    }

    /// Starts a command as the leader of a process group of its own.
    pub(crate) fn spawn(&self, program: &str, args: &[&str]) -> Child {
        self.command(program, &self.m())
            .args(args)
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn record(&self, command: &[&str]) -> (Output, Recorded) {
        let file = self.path("out/r.goaudit");
        let args = [&["record", "-o", file.to_str().unwrap(), "--"], command].concat();
        let output = self.goaudit(&args);
        (output, Recorded(file))
    }

    /// Fails if goaudit left a folder or a process behind.
    pub(crate) fn assert_nothing_left(&self) {
        let left: Vec<_> = fs::read_dir(self.path("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("goaudit"))
            .collect();
        assert_eq!(left, [""; 0]);
        let within = self.path("tmp/goaudit-");
        let marker = within.to_str().unwrap();
        let processes = wait_for(|| {
            let running = processes_naming(marker);
            running.is_empty().then_some(running)
        });
        assert!(processes.is_some(), "{:?}", processes_naming(marker));
    }
}

/// A recording file.
pub(crate) struct Recorded(pub(crate) PathBuf);

impl Recorded {
    pub(crate) fn read(&self) -> Recording {
        recording::read(fs::File::open(&self.0).unwrap(), &mut Inputs::default()).unwrap()
    }

    /// All of it, decompressed: a tar.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        zstd::decode_all(fs::File::open(&self.0).unwrap()).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.read().invocations.iter().map(|invocation| invocation.info.line()).collect()
    }
}

pub(crate) fn holds(bytes: &[u8], marker: &str) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker.as_bytes())
}

pub(crate) fn write_all(dir: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The module cache of this machine: it holds other toolchains.
pub(crate) fn module_cache() -> String {
    let output = Command::new("go").args(["env", "GOMODCACHE"]).output().unwrap();
    text(&output.stdout).trim().to_owned()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap())
}

/// Asks until there is an answer; gives up after half a minute.
pub(crate) fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn signal(pid: u32, signal: &str, whole_group: bool) {
    let target = if whole_group { format!("-{pid}") } else { pid.to_string() };
    assert!(Command::new("kill").args([signal, "--", &target]).status().unwrap().success());
}

/// Returns the processes that name a text in their directory, program, arguments or environment.
pub(crate) fn processes_naming(marker: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let dir = entry.path();
        if !entry.file_name().to_string_lossy().chars().all(|char| char.is_ascii_digit()) {
            continue;
        }
        let links = ["cwd", "exe"].map(|name| fs::read_link(dir.join(name)).unwrap_or_default());
        let files = ["cmdline", "environ"].map(|name| fs::read(dir.join(name)).unwrap_or_default());
        let named = links.iter().any(|link| link.to_string_lossy().contains(marker))
            || files.iter().any(|file| holds(file, marker));
        if named {
            found.push(format!("{} {}", dir.display(), text(&files[0]).replace('\0', " ")));
        }
    }
    found
}
