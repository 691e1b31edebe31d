//! To what a differing byte belongs.

/// To what a differing byte belongs. In the order in which a report counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A linker stamp (`-X`).
    Value,
    /// The build info, also where the runtime has its copy.
    BuildInfo,
    /// A path of a source file.
    Path,
    /// Instructions of a function that changed, or that only one file has.
    Code,
    /// A variable or a table with a name.
    Data,
    /// Text or other constants without a name.
    Constant,
    /// Line numbers and positions of functions that are the same otherwise.
    Lines,
    GoBuildId,
    GnuBuildId,
    /// `LC_UUID` of Mach-O.
    Uuid,
    /// Signatures and checksums of the container.
    Signature,
    /// An address that the layout foretells.
    Address,
    /// Tables that follow from code, data and paths: symbols, types, stack maps, debug information.
    Table,
    /// The packed form of a section whose content is accounted for by itself.
    Packed,
    /// Headers and padding.
    Container,
}

impl Owner {
    /// As a report says it: `40 value`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::BuildInfo => "build info",
            Self::Path => "path",
            Self::Code => "code",
            Self::Data => "data",
            Self::Constant => "constant",
            Self::Lines => "line table",
            Self::GoBuildId => "Go build ID",
            Self::GnuBuildId => "GNU build ID",
            Self::Uuid => "UUID",
            Self::Signature => "signature",
            Self::Address => "moved address",
            Self::Table => "table",
            Self::Packed => "packed",
            Self::Container => "header",
        }
    }
}
