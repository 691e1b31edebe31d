//! What tells several actions of one package apart.
//!
//! The hash log and the action graph print the same name for all of them
//! (`cmd/go/internal/work/exec.go`, `load/test.go`, `load/pkg.go`, Go 1.21 to 1.27).

use std::fmt;

use crate::golang::hash_log::{Key, KeyKind};
use crate::golang::inputs::Inputs;

/// Variants of one package, by what is among the inputs of its key. Whether each is there, not its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// A copy for a main package with a PGO profile.
    pub pgo: bool,
    /// With the package's own test files.
    pub test: bool,
    /// Without debug information: the main package of `go run` and `go test`.
    pub omits_debug: bool,
    pub cover: bool,
}

impl Variant {
    /// Returns the variant of the action with this key.
    #[must_use]
    pub fn of(key: &Key, inputs: &Inputs) -> Self {
        // A link hashes thousands of packages, and what sets it apart stands before them.
        const HEAD_OF_LINK: usize = 8;
        let ids = match key.kind {
            KeyKind::Link => key.inputs.get(..HEAD_OF_LINK).unwrap_or(&key.inputs),
            KeyKind::Build | KeyKind::Vet => &key.inputs,
        };
        let mut variant = Self::default();
        for &id in ids {
            let text = inputs.quoted(id);
            variant.pgo |= text.starts_with("\"pgofile ");
            variant.test |= text.starts_with("\"forcelibrary");
            variant.omits_debug |= text.starts_with("\"omitdebug true");
            variant.cover |= text.starts_with("\"cover ");
        }
        variant
    }

    /// Says whether nothing sets the action apart.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.pgo, "PGO copy"),
            (self.test, "in-package test"),
            (self.omits_debug, "of go run or go test"),
            (self.cover, "cover"),
        ];
        let names: Vec<&str> =
            names.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
        f.write_str(&names.join(", "))
    }
}
