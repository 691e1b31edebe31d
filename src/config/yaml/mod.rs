//! YAML as a tree in which every node knows where it was written.
//!
//! The tree is built from parser events and not through serde, because a
//! finding and a policy problem point at a line and a column, because `1.20`
//! must stay `1.20`, and because an alias must never be expanded: a file of
//! ten lines can name a billion nodes.
//!
//! A value that is reached through aliases may be reached again and again.
//! Code that has to look at everything uses [`Tree::nodes`], which gives each
//! node once.

mod build;
mod lookup;
mod position;
mod runs;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use granit_parser::ScalarStyle;

use crate::units::{ColumnNumber, LineNumber};

use self::position::Lines;

/// Longest text that is read, in bytes: 1 MiB.
///
/// The largest of 983 CI files of public projects is a tenth of that. The
/// bound keeps the work small whatever a repository holds.
pub const MAX_BYTES: usize = 1 << 20;

/// A YAML stream as an arena of nodes with positions.
#[derive(Debug)]
pub struct Tree {
    /// Kept for the positions inside a scalar, which depend on how it was written.
    source: String,
    lines: Lines,
    nodes: Vec<Node>,
    documents: Vec<NodeId>,
    comments: Vec<Comment>,
}

/// A node of the [`Tree`] that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Bytes in the text. Quotes belong to a scalar, its tag and anchor do not;
    /// a block scalar starts at the first character of its content. A value
    /// that is missing has an empty span.
    pub span: Range<usize>,
    /// The tag as written, such as `!reference`.
    pub tag: Option<String>,
    pub kind: NodeKind,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    Scalar(Scalar),
    Sequence(Vec<NodeId>),
    /// Keys and values as written: in order, duplicates and `<<` included.
    Mapping(Vec<(NodeId, NodeId)>),
    /// `*name`; `None` where nothing of that name comes before it.
    Alias(Option<NodeId>),
}

/// A string, a number, a boolean or nothing: YAML writes them all as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The value after unquoting and folding. Empty where the value is missing.
    pub text: String,
    pub style: ScalarStyle,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Bytes in the text, from `#` to the end of the line.
    pub span: Range<usize>,
    /// What stands after `#`.
    pub text: String,
}

/// Why a text is not YAML that goaudit reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct YamlError {
    pub line: LineNumber,
    pub column: ColumnNumber,
    /// Lower case, no full stop, without the position.
    pub message: String,
}

/// Parses a YAML stream of any number of documents.
///
/// A byte order mark, CRLF and a tab after `:` are read as YAML 1.2 reads them.
/// A text without a document, such as an empty one, gives a tree without one.
///
/// # Errors
///
/// Fails on a text over [`MAX_BYTES`], on a NUL byte, on nesting over 255
/// levels, on merge keys that multiply, and wherever the text is not YAML.
pub fn parse(text: &str) -> Result<Tree, YamlError> {
    build::parse(text)
}

impl Tree {
    /// The root of each document.
    #[must_use]
    pub fn documents(&self) -> &[NodeId] {
        &self.documents
    }

    /// The comments of all documents, in the order of the text.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// Every node of every document once, in the order of the text.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    /// The node as written: an alias is an alias.
    ///
    /// # Panics
    ///
    /// Panics on the id of another tree, if this tree is the smaller one.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "an id is an index of the tree that made it")]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The line and column of a byte of the text, both counted from 1.
    ///
    /// Columns count characters. A byte order mark is none. An offset past the
    /// end is the end; one inside a character is that character.
    #[must_use]
    pub fn position(&self, offset: usize) -> (LineNumber, ColumnNumber) {
        self.lines.position(&self.source, offset)
    }

    /// Where a node starts.
    #[must_use]
    pub fn at(&self, id: NodeId) -> (LineNumber, ColumnNumber) {
        self.position(self.node(id).span.start)
    }

    /// The byte of the text that byte `index` of a scalar's value comes from.
    ///
    /// Told for a literal block, for the first line of a plain or quoted scalar
    /// up to its first escape, and for nothing else.
    #[must_use]
    pub fn offset_in_scalar(&self, id: NodeId, index: usize) -> Option<usize> {
        let node = self.node(self.resolve(id));
        let NodeKind::Scalar(scalar) = &node.kind else { return None };
        position::offset_in_scalar(&self.source, &self.lines, &node.span, scalar, index)
    }

    /// Pieces of a scalar's value that stand in the text as they are: bytes of
    /// the value, in order, and the byte of the text where each begins.
    ///
    /// Folding, quotes and escapes end a piece. What no piece holds was written
    /// otherwise. Nothing for any other node.
    #[must_use]
    pub fn runs_in_scalar(&self, id: NodeId) -> Vec<(Range<usize>, usize)> {
        let node = self.node(self.resolve(id));
        let NodeKind::Scalar(scalar) = &node.kind else { return Vec::new() };
        runs::runs(self.source.get(node.span.start..).unwrap_or_default(), scalar)
            .into_iter()
            .map(|(run, offset)| (run, node.span.start.saturating_add(offset)))
            .collect()
    }
}
