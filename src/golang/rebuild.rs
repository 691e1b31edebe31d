//! The rebuild of an executable, planned from what its build info says.
//!
//! What build info holds is in `setBuildInfo`, `cmd/go/internal/load/pkg.go`, Go 1.18 to 1.27.
//! It may be of a hostile executable: each value is checked before a go command is given it.

use crate::golang::build_info::BuildInfo;
use crate::golang::mod_info::ModInfo;
use crate::golang::{target, trusted};

/// How to build an executable again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// A value of GOTOOLCHAIN: `go1.25.5`.
    pub toolchain: String,
    pub origin: Origin,
    /// Import path of the main package.
    pub package: String,
    /// Go's own settings as recorded, in the order of the build info. None is empty.
    pub variables: Vec<(String, String)>,
    /// Flags of `go install`, without `-ldflags`.
    pub flags: Vec<String>,
    pub ldflags: Ldflags,
    pub trimpath: bool,
    /// What decides bytes and is not recorded, one sentence each.
    pub not_recorded: Vec<String>,
}

/// Where the source of an executable was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The module cache: `go install PACKAGE@VERSION`.
    Module { version: String },
    /// A directory.
    Checkout {
        /// The commit; `None` where it was not stamped.
        revision: Option<String>,
        /// Whether it held changes that are in no commit.
        modified: bool,
    },
}

/// The flags of the linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ldflags {
    /// Empty where there were none.
    Recorded(String),
    /// Left out by go, as it does with `-trimpath`.
    NotRecorded,
}

/// Why there is no rebuild.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRebuild {
    #[error(
        "its build info names no module: it was built outside of modules, or not by the go command"
    )]
    NoModule,
    #[error("it was built from files named on the command line, and which ones is not recorded")]
    FromFiles,
    #[error("it is a test binary (`go test -c`), which `go install` does not build")]
    Test,
    #[error("it was built by {toolchain}, which go cannot fetch: only releases can be")]
    Toolchain { toolchain: String },
    #[error("it was built by the compiler `{compiler}`; only gc is known here")]
    Compiler { compiler: String },
    #[error("its build info is not one that go writes: {what} is `{value}`")]
    Odd { what: String, value: String },
    #[error(
        "its build info has go run with `{flag}` in {setting}, which may start a program or write a file: where you trust the binary, add --trust-flags"
    )]
    Untrusted { setting: String, flag: String },
}

impl Rebuild {
    /// Plans the rebuild. `trusts_flags` hands on every recorded flag as it is.
    ///
    /// # Errors
    ///
    /// Fails where what would have to be built or with what is not recorded, and on a value that no
    /// go command writes or that would start another program.
    pub fn plan(info: &BuildInfo, trusts_flags: bool) -> Result<Self, NoRebuild> {
        let mod_info = &info.mod_info;
        let package = package(mod_info)?;
        let mut plan = Self {
            toolchain: toolchain(&info.go_version)?,
            origin: origin(mod_info)?,
            package,
            variables: Vec::new(),
            flags: Vec::new(),
            ldflags: Ldflags::Recorded(String::new()),
            trimpath: mod_info.setting("-trimpath") == Some("true"),
            not_recorded: Vec::new(),
        };
        if plan.trimpath {
            plan.ldflags = Ldflags::NotRecorded;
        }
        for (key, value) in &mod_info.settings {
            plan.add(key, value, trusts_flags)?;
        }
        if let Origin::Checkout { revision, .. } = &plan.origin {
            plan.flags.push(format!("-buildvcs={}", revision.is_some()));
        }
        Ok(plan)
    }

    fn add(&mut self, key: &str, value: &str, trusts_flags: bool) -> Result<(), NoRebuild> {
        let odd = || NoRebuild::Odd { what: key.to_owned(), value: value.to_owned() };
        let trusted = || match trusted::first_untrusted(key, value).filter(|_| !trusts_flags) {
            Some(flag) => Err(NoRebuild::Untrusted { setting: key.to_owned(), flag }),
            None => Ok(()),
        };
        match key {
            "-ldflags" => {
                trusted()?;
                self.ldflags = Ldflags::Recorded(value.to_owned());
            }
            "-gcflags" | "-asmflags" => {
                trusted()?;
                self.flags.push(format!("{key}={value}"));
            }
            "-trimpath" | "-race" | "-msan" | "-asan" => match value {
                "true" => self.flags.push(key.to_owned()),
                _ => return Err(odd()),
            },
            "-cover" => {
                self.flags.push(key.to_owned());
                self.not_recorded.push("-covermode and -coverpkg of a build with -cover".into());
            }
            "-tags" => self.flags.push(format!("{key}={value}")),
            // Recorded for the default as well, which is another one on some systems.
            "-buildmode" if value == "exe" => {}
            "-buildmode" if plain(value, "-") => self.flags.push(format!("{key}={value}")),
            "-compiler" if value == "gc" => {}
            "-compiler" => return Err(NoRebuild::Compiler { compiler: value.to_owned() }),
            // What go takes by itself lies beside the main package.
            "-pgo" if value.rsplit('/').next() == Some("default.pgo") => {}
            "-pgo" => {
                self.not_recorded.push(format!("the content of the profile `{value}` (-pgo)"))
            }
            "CGO_CFLAGS" | "CGO_CPPFLAGS" | "CGO_CXXFLAGS" | "CGO_LDFLAGS" => {
                trusted()?;
                self.set(key, value);
            }
            _ if key == "CGO_ENABLED" || target::VARIABLES.contains(&key) => {
                match plain(value, ",._") {
                    true => self.set(key, value),
                    false => return Err(odd()),
                }
            }
            "DefaultGODEBUG" => {}
            _ if key == "vcs" || key.starts_with("vcs.") => {}
            _ => self
                .not_recorded
                .push(format!("what `{key}={value}` means: goaudit does not know this setting")),
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.variables.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Builds the package as the module or workspace of a directory has it, in place of a module of
    /// its own that go fetches.
    pub fn from_a_directory(&mut self) {
        if matches!(self.origin, Origin::Module { .. }) {
            self.origin = Origin::Checkout { revision: None, modified: false };
            self.flags.push("-buildvcs=false".to_owned());
        }
    }

    /// Returns the words after `go` that build it.
    #[must_use]
    pub fn words(&self, ldflags: &str) -> Vec<String> {
        let mut words = vec!["install".to_owned()];
        words.extend(self.flags.iter().cloned());
        if !ldflags.is_empty() {
            words.push(format!("-ldflags={ldflags}"));
        }
        words.push(match &self.origin {
            Origin::Module { version } => format!("{}@{version}", self.package),
            Origin::Checkout { .. } => self.package.clone(),
        });
        words
    }
}

/// Says whether a text is of ASCII letters, digits and these characters.
fn plain(text: &str, others: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || others.contains(char))
}

/// Import paths and versions: what `module.CheckPath` allows and no more, so that none is a flag.
fn checked(what: &str, value: &str) -> Result<String, NoRebuild> {
    let is_odd = value.is_empty()
        || value.starts_with(['-', '/', '.'])
        || value.split('/').any(|part| part.is_empty() || part == "..")
        || !plain(value, "-._~/+");
    match is_odd {
        true => Err(NoRebuild::Odd { what: what.to_owned(), value: value.to_owned() }),
        false => Ok(value.to_owned()),
    }
}

fn package(info: &ModInfo) -> Result<String, NoRebuild> {
    match info.path.as_str() {
        "command-line-arguments" => return Err(NoRebuild::FromFiles),
        "" => return Err(NoRebuild::NoModule),
        path if path.ends_with(".test") => return Err(NoRebuild::Test),
        _ => {}
    }
    checked("the package", &info.path)
}

fn origin(info: &ModInfo) -> Result<Origin, NoRebuild> {
    let main = info.main.as_ref().ok_or(NoRebuild::NoModule)?;
    // Only a module from the module cache has a sum; a version has, since Go 1.24, a checkout too.
    if main.sum.is_empty() {
        let revision = info.setting("vcs.revision");
        return Ok(Origin::Checkout {
            revision: revision.map(|id| checked("vcs.revision", id)).transpose()?,
            modified: info.setting("vcs.modified") == Some("true"),
        });
    }
    checked("the module", &main.path)?;
    Ok(Origin::Module { version: checked("the version", &main.version)? })
}

/// `go1.26.1 X:nodwarf5` is by go1.26.1: experiments are a setting of their own.
fn toolchain(go_version: &str) -> Result<String, NoRebuild> {
    let first = go_version.split(' ').next().unwrap_or_default();
    let is_release = first.strip_prefix("go1").is_some_and(|rest| {
        // `go1.25.5`, `go1.26rc2`; no `+path`, which would take a program from PATH.
        let digits = rest.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
        let pre = digits.strip_prefix("rc").or_else(|| digits.strip_prefix("beta"));
        digits.is_empty()
            || pre.is_some_and(|n| !n.is_empty() && n.chars().all(|char| char.is_ascii_digit()))
    });
    match is_release {
        true => Ok(first.to_owned()),
        false => Err(NoRebuild::Toolchain { toolchain: go_version.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(go_version: &str, text: &str) -> Result<Rebuild, NoRebuild> {
        let info = BuildInfo { go_version: go_version.into(), mod_info: ModInfo::parse(text) };
        Rebuild::plan(&info, false)
    }

    const MODULE: &str = "path\texample.com/t/cmd/x\nmod\texample.com/t\tv1.0.0\th1:a=\n";

    #[test]
    fn a_module_is_installed_with_its_settings() {
        let text = format!(
            "{MODULE}build\t-buildmode=exe\nbuild\t-compiler=gc\nbuild\t-tags=a,b\nbuild\t-trimpath=true\n\
             build\tDefaultGODEBUG=x=1\nbuild\tCGO_ENABLED=0\nbuild\tGOOS=windows\nbuild\tGOAMD64=v3\n"
        );
        let plan = plan("go1.26rc1 X:nodwarf5", &text).unwrap();
        assert_eq!(plan.toolchain, "go1.26rc1");
        assert_eq!(plan.ldflags, Ldflags::NotRecorded);
        assert_eq!(
            plan.words("-s -w"),
            ["install", "-tags=a,b", "-trimpath", "-ldflags=-s -w", "example.com/t/cmd/x@v1.0.0"]
        );
        let variables: Vec<_> = plan.variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(variables, ["CGO_ENABLED", "GOOS", "GOAMD64"]);
    }

    #[test]
    fn a_module_without_a_sum_was_a_checkout() {
        let text = "path\texample.com/t\nmod\texample.com/t\tv1.0.0+dirty\t\n\
                    build\t-ldflags=-s\nbuild\tvcs.revision=abc\nbuild\tvcs.modified=true\n";
        let plan = plan("go1.25.5", text).unwrap();
        let revision = Some("abc".to_owned());
        assert_eq!(plan.origin, Origin::Checkout { revision, modified: true });
        assert_eq!(plan.ldflags, Ldflags::Recorded("-s".into()));
        assert_eq!(plan.words(""), ["install", "-buildvcs=true", "example.com/t"]);
    }

    #[test]
    fn what_no_go_command_writes_reaches_none() {
        for go_version in ["go1.25.5+path", "devel go1.28-abc", "", "go1.24rc", "local"] {
            assert!(matches!(plan(go_version, MODULE), Err(NoRebuild::Toolchain { .. })));
        }
        for (from, to) in [
            ("path\texample.com/t/cmd/x", "path\t-toolexec=/tmp/x"),
            ("path\texample.com/t/cmd/x", "path\t../x"),
            ("v1.0.0", "v1.0.0 -x"),
            ("mod\texample.com/t", "mod\t/etc"),
        ] {
            let text = MODULE.replace(from, to);
            assert!(matches!(plan("go1.25.5", &text), Err(NoRebuild::Odd { .. })), "{text}");
        }
        let odd = |line: &str| plan("go1.25.5", &format!("{MODULE}build\t{line}\n"));
        assert!(matches!(odd("GOOS=a b"), Err(NoRebuild::Odd { .. })));
        assert!(matches!(odd("-ldflags=-extld=/tmp/x"), Err(NoRebuild::Untrusted { .. })));
        assert!(matches!(odd("CGO_CFLAGS=-fplugin=x"), Err(NoRebuild::Untrusted { .. })));
        assert!(matches!(odd("-compiler=gccgo"), Err(NoRebuild::Compiler { .. })));
    }

    #[test]
    fn what_has_no_package_has_no_rebuild() {
        assert_eq!(plan("go1.25.5", ""), Err(NoRebuild::NoModule));
        let files = "path\tcommand-line-arguments\n";
        assert_eq!(plan("go1.25.5", files), Err(NoRebuild::FromFiles));
        let test = "path\texample.com/t.test\nmod\texample.com/t\t(devel)\t\n";
        assert_eq!(plan("go1.25.5", test), Err(NoRebuild::Test));
    }
}
