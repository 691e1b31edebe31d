//! Audits a Go build: whether it is reproducible, why its cache misses, what a policy says to that.
//!
//! The stages, in the order data moves through them. Each may use only those
//! above it, and only the two edges do I/O.
//!
//! | stage | takes | gives | I/O |
//! | --- | --- | --- | --- |
//! | [`units`] | | positions | none |
//! | [`detect`] | a value | what it looks like | none |
//! | [`golang`] | Go's own text and bytes | values | none |
//! | [`binary`] | an ELF, Mach-O or PE file | its build ID, build info, sections | none |
//! | [`packing`] | an archive, a listing of a folder | its members and their metadata | none |
//! | [`leaks`] | an artifact, values of its build | where it holds them | none |
//! | [`binary_diff`] | two of these | what they differ in, byte by byte | none |
//! | [`config`] | CI and build files | a [`config::Repository`] | none |
//! | [`variation`] | | what a rebuild makes different | none |
//! | [`recording`] | bytes of a `.goaudit` file | a [`recording::Recording`] | none |
//! | [`ledger`] | text | what earlier checks confirmed | none |
//! | [`timing`] | an action graph | a [`timing::Timing`] | none |
//! | [`evidence`] | an executable, action graphs | what tells them from others without them | none |
//! | [`diff`] | two recordings | a [`diff::Comparison`] | none |
//! | [`cache`] | a listing of a GOCACHE | what fills it | none |
//! | [`finding`], [`rules`] | a comparison, a repository | findings | none |
//! | [`mend`] | files, findings | files with the findings mended | none |
//! | [`policy`] | findings | a [`policy::Verdict`] | none |
//! | [`report`] | a verdict | text | none |
//! | [`capture`] | a command | a recording | edge |
//! | [`cli`] | arguments | an exit code | edge |

pub mod binary;
pub mod binary_diff;
pub mod cache;
pub mod capture;
pub mod cli;
pub mod config;
pub mod detect;
pub mod diff;
pub mod evidence;
pub mod finding;
pub mod golang;
pub mod leaks;
pub mod ledger;
pub mod mend;
pub mod packing;
pub mod policy;
pub mod recording;
pub mod report;
pub mod rules;
pub mod timing;
pub mod units;
pub mod variation;
