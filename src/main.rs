//! The `goaudit` command.

use std::process::ExitCode;

use goaudit::{capture, cli};

fn main() -> ExitCode {
    if capture::shim::is_shim() {
        return ExitCode::from(u8::try_from(capture::shim::run()).unwrap_or(u8::MAX));
    }
    cli::main()
}
