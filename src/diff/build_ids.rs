//! What two Go build IDs say of two executables, before anything else is read.

use crate::golang::build_id::BuildId;

/// Which of the four fields of a build ID differ, and what that means.
///
/// A build ID holds, in this order, the inputs of the linker, the inputs of
/// the main package, the compiled main package, and the executable. What the
/// linker's inputs hold of the main package is its build ID, so a difference in
/// fields 2 or 3 is always one in field 1 too.
///
/// Source: `cmd/go/internal/work/buildid.go`, and `linkActionID` in
/// `cmd/go/internal/work/exec.go`, Go 1.26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuildIdMeaning {
    /// No field differs.
    Same,
    /// Fields 1 and 4. The linker's flags, or a package that main does not import itself.
    LinkerInputsOnly,
    /// Fields 1, 2 and 4.
    MainInputsNotCode,
    /// Field 4 is the same, others are not.
    IdsOnly,
    /// All fields.
    MainChanged,
    /// Field 4 alone, or field 3 with an equal field 2: equal inputs, different output.
    NotDeterministic,
    /// An ID is missing, or they cannot be compared.
    Unknown {
        /// A fragment, lower case, no full stop.
        why: &'static str,
    },
}

/// go writes the whole build ID of the main package into the linker's inputs.
const UNHEARD_OF: &str = "the main package differs, but not as an input of the linker";

impl BuildIdMeaning {
    /// Compares two build IDs, where a file has one.
    #[must_use]
    pub fn of(first: Option<&BuildId>, second: Option<&BuildId>) -> Self {
        match (first, second) {
            (Some(first), Some(second)) => Self::of_ids(first, second),
            (None, None) => Self::Unknown { why: "neither file has a Go build ID" },
            (None, Some(_)) => Self::Unknown { why: "the first file has no Go build ID" },
            (Some(_), None) => Self::Unknown { why: "the second file has no Go build ID" },
        }
    }

    fn of_ids(first: &BuildId, second: &BuildId) -> Self {
        if first == second {
            return Self::Same;
        }
        if [first, second].iter().any(|id| id.main_action_id().is_none()) {
            return Self::Unknown { why: "a build ID is not that of an executable" };
        }
        let link_inputs = first.action_id() != second.action_id();
        let main_inputs = first.main_action_id() != second.main_action_id();
        let main = first.main_content_id() != second.main_content_id();
        let executable = first.content_id() != second.content_id();
        match (link_inputs, main_inputs, main, executable) {
            (false, false, false, false) => Self::Same,
            (false, false, false, true) | (true, false, true, _) => Self::NotDeterministic,
            (true, false, false, true) => Self::LinkerInputsOnly,
            (true, true, false, true) => Self::MainInputsNotCode,
            (true, true, true, true) => Self::MainChanged,
            (true, false, false, false) | (true, true, _, false) => Self::IdsOnly,
            (false, true, _, _) | (false, _, true, _) => Self::Unknown { why: UNHEARD_OF },
        }
    }

    /// Says it to a person.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Same => "The build IDs are equal: for the go command this is the same build.",
            Self::LinkerInputsOnly => {
                "Only inputs of the linker differ: its flags, or a package that main does not import itself."
            }
            Self::MainInputsNotCode => {
                "Inputs of the main package differ, such as its build info or a package that it imports; its own code does not."
            }
            Self::IdsOnly => {
                "Inputs differ, but apart from the build IDs the executables are the same."
            }
            Self::MainChanged => {
                "The compiled main package differs: its code, a package it imports, its paths or the toolchain."
            }
            Self::NotDeterministic => {
                "Equal inputs gave different outputs: the compiler or the linker is not deterministic."
            }
            Self::Unknown { .. } => "The build IDs do not say why the files differ.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build ID whose fields are `a` repeated, or `b` where the digit is 1.
    fn id(fields: &str) -> BuildId {
        let field = |digit| if digit == '1' { "b" } else { "a" }.repeat(20);
        BuildId::parse(&fields.chars().map(field).collect::<Vec<_>>().join("/")).unwrap()
    }

    #[test]
    fn every_combination_of_fields_has_a_meaning() {
        let unknown = BuildIdMeaning::Unknown { why: UNHEARD_OF };
        let expected = [
            ("0000", BuildIdMeaning::Same),
            ("0001", BuildIdMeaning::NotDeterministic),
            ("0010", unknown),
            ("0011", unknown),
            ("0100", unknown),
            ("0101", unknown),
            ("0110", unknown),
            ("0111", unknown),
            ("1000", BuildIdMeaning::IdsOnly),
            ("1001", BuildIdMeaning::LinkerInputsOnly),
            ("1010", BuildIdMeaning::NotDeterministic),
            ("1011", BuildIdMeaning::NotDeterministic),
            ("1100", BuildIdMeaning::IdsOnly),
            ("1101", BuildIdMeaning::MainInputsNotCode),
            ("1110", BuildIdMeaning::IdsOnly),
            ("1111", BuildIdMeaning::MainChanged),
        ];
        for (fields, meaning) in expected {
            assert_eq!(
                BuildIdMeaning::of(Some(&id("0000")), Some(&id(fields))),
                meaning,
                "{fields}"
            );
            assert_eq!(
                BuildIdMeaning::of(Some(&id(fields)), Some(&id("0000"))),
                meaning,
                "{fields}"
            );
        }
    }

    #[test]
    fn a_missing_or_short_id_is_unknown() {
        fn why(first: Option<BuildId>, second: Option<BuildId>) -> &'static str {
            match BuildIdMeaning::of(first.as_ref(), second.as_ref()) {
                BuildIdMeaning::Unknown { why } => why,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(why(None, None), "neither file has a Go build ID");
        assert_eq!(why(None, Some(id("0000"))), "the first file has no Go build ID");
        assert_eq!(why(Some(id("0000")), None), "the second file has no Go build ID");
        assert_eq!(
            why(Some(id("0000")), Some(id("00"))),
            "a build ID is not that of an executable"
        );
    }
}
