//! Plans of the module in `fixtures/truth-module`, each in a world of its own and recorded by goaudit.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use goaudit::diff::{self, Comparison};
use goaudit::golang::inputs::Inputs;
use goaudit::recording;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/truth-module");

/// Everything that decides one plan, as data. [`Plan::default`] is the module as it is.
#[derive(Clone)]
pub(crate) struct Plan {
    /// GOROOT of the toolchain; `None` is that of `go` on PATH.
    goroot: Option<PathBuf>,
    /// Folder of the tree.
    dir: &'static str,
    modcache: &'static str,
    packages: &'static str,
    args: Vec<String>,
    env: Vec<(String, String)>,
    edits: Vec<fn(&Path)>,
    is_repository: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            goroot: None,
            dir: "demo",
            modcache: "modcache",
            packages: "./...",
            args: Vec::new(),
            env: Vec::new(),
            edits: Vec::new(),
            is_repository: true,
        }
    }
}

impl Plan {
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn dir(self, dir: &'static str) -> Self {
        Self { dir, ..self }
    }

    /// Builds these packages, of the standard library, in place of those of the module.
    pub(crate) fn packages(self, packages: &'static str) -> Self {
        Self { packages, ..self }
    }

    pub(crate) fn modcache(self, modcache: &'static str) -> Self {
        Self { modcache, ..self }
    }

    pub(crate) fn goroot(self, goroot: &Path) -> Self {
        Self { goroot: Some(goroot.to_owned()), ..self }
    }

    /// Changes the tree after its commit.
    pub(crate) fn edit(mut self, edit: fn(&Path)) -> Self {
        self.edits.push(edit);
        self
    }

    /// Without git, so that an edited file is not a dirty tree as well.
    pub(crate) fn without_git(self) -> Self {
        Self { is_repository: false, ..self }
    }
}

/// A temporary folder in which the sides of a comparison are planned, one after the other.
pub(crate) struct World {
    folder: tempfile::TempDir,
    plans: Cell<usize>,
}

/// The recording of one plan, as a file holds it.
pub(crate) struct Recorded(Vec<u8>);

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder, plans: Cell::new(0) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Returns another path of the toolchain that is used by default.
    pub(crate) fn other_goroot(&self) -> PathBuf {
        let link = self.path("other-goroot");
        std::os::unix::fs::symlink(goroot_on_path(), &link).unwrap();
        link
    }

    /// Plans every main package of the module, and records that.
    pub(crate) fn plan(&self, plan: &Plan) -> Recorded {
        let cache = format!("cache-{}", self.plans.get());
        let recorded = self.record(plan, &["build", "-n"], plan.packages, &cache);
        // A plan writes what it learned of a thousand packages.
        fs::remove_dir_all(self.path(&cache)).unwrap();
        recorded
    }

    /// Records `go VERB… ARGS… PACKAGES` with that GOCACHE.
    pub(crate) fn record(
        &self,
        plan: &Plan,
        verb: &[&str],
        packages: &str,
        cache: &str,
    ) -> Recorded {
        self.plans.set(self.plans.get() + 1);
        let tree = self.path(plan.dir);
        let _ = fs::remove_dir_all(&tree);
        copy(Path::new(FIXTURE).join("module").as_path(), &tree);
        if plan.is_repository {
            commit(&tree, "first", &["init", "-q"]);
        }
        plan.edits.iter().for_each(|edit| edit(&tree));
        let modcache = self.path(plan.modcache);
        if !modcache.exists() {
            copy(Path::new(FIXTURE).join("modcache").as_path(), &modcache);
        }
        let goroot = plan.goroot.clone().unwrap_or_else(goroot_on_path);
        let file = self.path("plan.goaudit");
        let mut command = hermetic(env!("CARGO_BIN_EXE_goaudit"), &self.path("home"));
        let path = format!("{}:{}", goroot.join("bin").display(), std::env::var("PATH").unwrap());
        command.current_dir(&tree).env("PATH", path).env("GOROOT", &goroot);
        command.env("GOMODCACHE", &modcache).env("GOCACHE", self.path(cache));
        command.envs(plan.env.iter().map(|(name, value)| (name, value)));
        command.args(["record", "-o"]).arg(&file).args(["--", "go"]).args(verb);
        command.args(&plan.args).args(packages.split(' '));
        run(&mut command);
        Recorded(fs::read(&file).unwrap())
    }
}

/// Compares two recordings, whose every key must be proven and every change explained.
pub(crate) fn compare(first: &Recorded, second: &Recorded) -> Comparison {
    let mut inputs = Inputs::default();
    let [first, second] =
        [first, second].map(|file| recording::read(&file.0[..], &mut inputs).unwrap());
    let comparison = diff::compare(&first, &second, &inputs);
    assert!(comparison.keys.total > 0);
    assert_eq!(comparison.keys.verified, comparison.keys.total);
    assert_eq!(comparison.unexplained, []);
    assert_eq!(comparison.nondeterministic, []);
    comparison
}

/// Returns the category of each cause, with what it is about, sorted.
pub(crate) fn causes(first: &Recorded, second: &Recorded) -> Vec<String> {
    let name = |cause: &diff::cause::Cause| {
        format!("{} {}", cause.category, cause.about).trim_end().to_owned()
    };
    let mut causes: Vec<String> = compare(first, second).causes.iter().map(name).collect();
    causes.sort();
    causes
}

const NO_GO: &str =
    "go is not on PATH: install it from https://go.dev/dl/ (these tests build real programs)";

fn go_env(goroot: &str, toolchain: &str) -> PathBuf {
    let mut command = Command::new("go");
    // Outside of any module, whose go line could ask for yet another toolchain.
    command.current_dir("/").env("GOTOOLCHAIN", toolchain).env_remove("GOROOT");
    let output = command.args(["env", goroot]).output().expect(NO_GO);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Returns GOROOT of the `go` on PATH.
pub(crate) fn goroot_on_path() -> PathBuf {
    go_env("GOROOT", "local")
}

/// Returns GOROOT of a toolchain, which comes from the module proxy unless it is there.
pub(crate) fn goroot_of(toolchain: &str) -> PathBuf {
    go_env("GOROOT", toolchain)
}

/// Returns the minor version of the `go` on PATH: 26 of go1.26.8.
pub(crate) fn minor_version() -> u32 {
    let version = go_env("GOVERSION", "local");
    version.to_str().unwrap().split('.').nth(1).unwrap().parse().unwrap()
}

/// A command that sees nothing of the environment that the tests run in.
fn hermetic(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("LC_ALL", "C").env("GOTOOLCHAIN", "local");
    // Not GOPROXY=off: then the version of the main module comes from the module cache, where a
    // commit that was built before it was tagged has no tag.
    command.envs([("GOPROXY", "file:///nowhere"), ("GOSUMDB", "off")]);
    command.envs([("GOENV", "off"), ("GOFLAGS", "")]);
    command.env("PATH", std::env::var("PATH").unwrap());
    command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "someone");
        command.env(format!("GIT_{who}_EMAIL"), "someone@example.com");
        command.env(format!("GIT_{who}_DATE"), "2024-05-06T07:08:09Z");
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs git in a tree.
pub(crate) fn git(tree: &Path, args: &[&str]) {
    run(hermetic("git", tree).current_dir(tree).args(args));
}

/// Commits all of a tree after one other git command.
pub(crate) fn commit(tree: &Path, message: &str, before: &[&str]) {
    git(tree, before);
    git(tree, &["add", "."]);
    git(tree, &["commit", "-q", "--allow-empty", "-m", message]);
}

/// Replaces a text that must be there in a file of a tree.
pub(crate) fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} is not in {}", file.display());
    fs::write(file, text.replace(from, to)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
