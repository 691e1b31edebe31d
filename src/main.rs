//! The `goaudit` command.

use std::process::ExitCode;

use goaudit::{capture, cli};

fn main() -> ExitCode {
    let as_another = || capture::shim::StandIn::of_this_process().map(capture::shim::StandIn::run);
    match capture::shim::become_program().or_else(as_another) {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        None => cli::main(),
    }
}
