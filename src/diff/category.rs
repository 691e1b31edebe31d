//! The closed list of what can make two builds differ.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a cause is about. The names are stable: policies and programs use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    Toolchain,
    Target,
    Instrumentation,
    Trimpath,
    Workdir,
    ModuleLocation,
    Goroot,
    GoDirective,
    Source,
    DependencyVersion,
    CompileFlags,
    LinkFlags,
    Cgo,
    CCompiler,
    Pgo,
    VcsStamp,
    BuildSettings,
    CommandKind,
    TestInput,
    CacheState,
    Nondeterminism,
    Signature,
    /// What an archive says of its members, and how it is packed.
    Packaging,
    Unknown,
}

impl Category {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Toolchain => "toolchain",
            Self::Target => "target",
            Self::Instrumentation => "instrumentation",
            Self::Trimpath => "trimpath",
            Self::Workdir => "workdir",
            Self::ModuleLocation => "module-location",
            Self::Goroot => "goroot",
            Self::GoDirective => "go-directive",
            Self::Source => "source",
            Self::DependencyVersion => "dependency-version",
            Self::CompileFlags => "compile-flags",
            Self::LinkFlags => "link-flags",
            Self::Cgo => "cgo",
            Self::CCompiler => "c-compiler",
            Self::Pgo => "pgo",
            Self::VcsStamp => "vcs-stamp",
            Self::BuildSettings => "build-settings",
            Self::CommandKind => "command-kind",
            Self::TestInput => "test-input",
            Self::CacheState => "cache-state",
            Self::Nondeterminism => "nondeterminism",
            Self::Signature => "signature",
            Self::Packaging => "packaging",
            Self::Unknown => "unknown",
        }
    }

    /// Says what to do about it, where there is something that always helps.
    #[must_use]
    pub const fn fix(self) -> Option<&'static str> {
        Some(match self {
            Self::Workdir => "build with -trimpath (GOFLAGS=-trimpath), or always at the same path",
            Self::ModuleLocation => {
                "build with -trimpath, or fix GOMODCACHE; make a local `replace` relative"
            }
            Self::Goroot => "build with -trimpath, or install Go at the same path",
            Self::Trimpath => "give -trimpath to both builds, or to neither",
            Self::Toolchain => "pin the Go version: a `toolchain` line in go.mod, or GOTOOLCHAIN",
            Self::GoDirective => "use the same go line and godebug settings on both sides",
            Self::Source => {
                "none where these were edited; else make their generator deterministic, or fix line endings in .gitattributes"
            }
            Self::DependencyVersion => "use the same go.mod and go.sum on both sides",
            Self::CompileFlags => {
                "pass the same -gcflags, -asmflags and -tags to both, without a value that changes"
            }
            Self::LinkFlags => {
                "take the changing value out of -ldflags; in place of a build date stamp that of the commit"
            }
            Self::Instrumentation => {
                "expected; give each instrumented build a cache key of its own"
            }
            Self::Target => "set GOOS, GOARCH, GOAMD64 and GOEXPERIMENT alike on both sides",
            Self::Cgo => "set CC and the CGO_*FLAGS alike on both sides, without directories",
            Self::CCompiler => "pin the image that the C compiler comes from",
            Self::Pgo => "commit the profile, and pass it by the same path",
            Self::VcsStamp => {
                "none between two commits; of one commit build a clean, full clone with tags; -buildvcs=false stamps nothing"
            }
            Self::BuildSettings => "use the same setting on both sides",
            Self::TestInput => "keep file times and the environment of tests fixed",
            Self::CacheState => {
                "see that no -a is passed, and that the cache is restored and not trimmed"
            }
            Self::Nondeterminism => {
                "build the package twice with the same inputs and report what differs to its authors"
            }
            Self::CommandKind | Self::Signature | Self::Packaging | Self::Unknown => return None,
        })
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
