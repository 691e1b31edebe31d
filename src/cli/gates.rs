//! `--fail-on`: turns an answer into an exit code.

use std::io::{self, Write as _};

use clap::Args;

use crate::cli::{Error, Exit};
use crate::policy::Gate;

/// Limits on the quantities of an answer.
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// End with 1 when a quantity is beyond a limit, such as misses>0; may be repeated
    #[arg(long, value_name = "LIMIT")]
    fail_on: Vec<Gate>,
}

impl GateArgs {
    /// Fails when a limit is about something that the answer does not have.
    pub(super) fn check(&self, names: &[&str]) -> Result<(), Error> {
        match self.fail_on.iter().find(|gate| !names.contains(&gate.quantity())) {
            Some(gate) => Err(Error::NoQuantity {
                quantity: gate.quantity().to_owned(),
                names: names.join(", "),
            }),
            None => Ok(()),
        }
    }

    /// Says whether there is a limit at all.
    pub(super) fn is_given(&self) -> bool {
        !self.fail_on.is_empty()
    }

    /// Holds the limits against the quantities. One that is not known gives no verdict.
    pub(super) fn judge(&self, quantities: &[(&str, Option<f64>)]) -> Result<Exit, Error> {
        let mut exit = Exit::Kept;
        for gate in &self.fail_on {
            let found = quantities.iter().find(|(name, _)| *name == gate.quantity());
            let Some(value) = found.and_then(|(_, value)| *value) else {
                return Err(Error::NotKnown { quantity: gate.quantity().to_owned() });
            };
            if let Err(words) = gate.hold(value) {
                let _ = writeln!(io::stderr(), "goaudit: --fail-on: {words}");
                exit = Exit::Broken;
            }
        }
        Ok(exit)
    }
}
