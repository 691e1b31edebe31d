//! `--fail-on`: what in an answer is too much.

use std::str::FromStr;

/// One limit, such as `misses>0` or `reused<90`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    quantity: String,
    fails: Fails,
    limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fails {
    Above,
    Below,
}

/// Why a text is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no limit: write a quantity, < or >, and a number, such as misses>0")]
pub struct GateError(String);

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let error = || GateError(text.to_owned());
        let above = text.split_once('>').map(|sides| (sides, Fails::Above));
        let below = text.split_once('<').map(|sides| (sides, Fails::Below));
        let ((quantity, number), fails) = above.or(below).ok_or_else(error)?;
        let number = number.trim().trim_end_matches(['s', '%']).trim_end();
        let limit: f64 = number.parse().map_err(|_| error())?;
        let quantity = quantity.trim().to_owned();
        match limit.is_finite() && !quantity.is_empty() {
            true => Ok(Self { quantity, fails, limit }),
            false => Err(error()),
        }
    }
}

impl Gate {
    /// Returns what the limit is about.
    #[must_use]
    pub fn quantity(&self) -> &str {
        &self.quantity
    }

    /// Says whether a value is within the limit, and if not, in which words.
    ///
    /// # Errors
    ///
    /// Fails when it is not.
    pub fn hold(&self, value: f64) -> Result<(), String> {
        let (broken, sign) = match self.fails {
            Fails::Above => (value > self.limit, '>'),
            Fails::Below => (value < self.limit, '<'),
        };
        match broken {
            true => Err(format!("{} is {}, {sign} {}", self.quantity, shown(value), self.limit)),
            false => Ok(()),
        }
    }
}

fn shown(value: f64) -> String {
    format!("{value:.1}").trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_quantity_a_sign_and_a_number() {
        let gate: Gate = "miss-cpu > 30s".parse().unwrap();
        assert_eq!(gate.quantity(), "miss-cpu");
        assert_eq!(gate.hold(30.0), Ok(()));
        assert_eq!(gate.hold(30.25).unwrap_err(), "miss-cpu is 30.2, > 30");
        let gate: Gate = "reused<90%".parse().unwrap();
        assert_eq!((gate.hold(90.0), gate.hold(89.0).is_err()), (Ok(()), true));
        for text in ["", "misses", "misses>", ">3", "misses=3", "misses>many", "x>nan", "x>inf"] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }
}
