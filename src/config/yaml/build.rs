//! From parser events to a tree.

use std::collections::BTreeMap;

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScanError, Span, StrInput, StructureStyle, Tag,
};

use super::position::Lines;
use super::{Comment, MAX_BYTES, Node, NodeId, NodeKind, Scalar, Tree, YamlError};

/// How many entries the merge keys of one text may reach in all.
///
/// A thousand jobs that each merge from a thousand shared lines stay below it.
const MAX_MERGED: usize = 4_000_000;

pub(super) fn parse(text: &str) -> Result<Tree, YamlError> {
    let lines = Lines::of(text);
    let error = |offset: usize, message: String| {
        let (line, column) = lines.position(text, offset);
        YamlError { line, column, message }
    };
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, more than the {MAX_BYTES} read", text.len());
        return Err(error(0, message));
    }
    if let Some(offset) = text.find('\0') {
        return Err(error(offset, "a NUL byte: this looks like a binary file".to_owned()));
    }
    let mut builder = Builder::default();
    for event in Parser::<StrInput<'_>>::new_from_str_with_options(text, options()) {
        let (event, span) = event.map_err(|err| error(offset_of(&err), message_of(&err)))?;
        builder.take(event, span);
    }
    let Builder { nodes, documents, comments, .. } = builder;
    let tree = Tree { source: text.to_owned(), lines, nodes, documents, comments };
    match first_merge_of_too_many(&tree) {
        None => Ok(tree),
        Some(id) => {
            let (line, column) = tree.at(id);
            let message = "the merge keys of this file multiply into too many entries".to_owned();
            Err(YamlError { line, column, message })
        }
    }
}

fn options() -> Options {
    granit_parser::options! {
        // An alias of nothing is a fact for a rule, not the end of reading.
        emit_unresolved_aliases: true,
        // The default of 96 refuses files whose head is a page of comments;
        // the size of the text is bound enough.
        max_buffered_comment_events: MAX_BYTES,
    }
}

fn offset_of(err: &ScanError) -> usize {
    err.marker().byte_offset().unwrap_or_default()
}

fn message_of(err: &ScanError) -> String {
    match err.kind() {
        ErrorKind::RecursionLimitExceeded => "nested more than 255 levels deep".to_owned(),
        _ => err.info(),
    }
}

/// The first merge key of a tree whose merges cost too much to follow.
///
/// Looking into one mapping visits each anchored collection at most once, so
/// the product bounds what looking into all of them costs.
fn first_merge_of_too_many(tree: &Tree) -> Option<NodeId> {
    let merges: Vec<(NodeId, NodeId)> = tree
        .nodes()
        .flat_map(|(id, _)| tree.pairs(id).iter().copied())
        .filter(|(key, _)| tree.is_merge(*key))
        .collect();
    let mut reached: Vec<NodeId> = merges.iter().map(|(_, value)| tree.resolve(*value)).collect();
    reached.extend(tree.nodes().filter_map(|(_, node)| match node.kind {
        NodeKind::Alias(target) => target,
        _ => None,
    }));
    reached.sort_unstable();
    reached.dedup();
    let entries: usize = reached
        .iter()
        .map(|id| tree.pairs(*id).len().saturating_add(tree.items(*id).len()))
        .fold(0, usize::saturating_add);
    let cost = entries.saturating_mul(merges.len());
    merges.first().filter(|_| cost > MAX_MERGED).map(|(key, _)| *key)
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    documents: Vec<NodeId>,
    comments: Vec<Comment>,
    /// The collections around the next node, outermost first.
    open: Vec<Open>,
    /// What each anchor of the stream names, by the parser's number for it.
    anchors: BTreeMap<usize, NodeId>,
}

/// A collection whose end has not come yet.
struct Open {
    id: NodeId,
    style: StructureStyle,
    is_mapping: bool,
    /// Items, or keys and values in turn.
    children: Vec<NodeId>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The parser writes `~` for a value that is not there.
                let is_missing = span.is_empty() && text == "~";
                let text = if is_missing { String::new() } else { text.into_owned() };
                let kind = NodeKind::Scalar(Scalar { text, style });
                self.add(kind, span, anchor, tag.as_deref());
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                self.add(NodeKind::Alias(target), span, 0, None);
            }
            Event::UnresolvedAlias(_) => {
                self.add(NodeKind::Alias(None), span, 0, None);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.add(NodeKind::Sequence(Vec::new()), span, anchor, tag.as_deref());
                self.open.push(Open { id, style, is_mapping: false, children: Vec::new() });
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.add(NodeKind::Mapping(Vec::new()), span, anchor, tag.as_deref());
                self.open.push(Open { id, style, is_mapping: true, children: Vec::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Comment(text, _) => {
                let span = span.byte_range().unwrap_or_default();
                self.comments.push(Comment { span, text: text.into_owned() });
            }
            // Start and end of streams and documents; a document is its root.
            _ => {}
        }
    }

    fn add(&mut self, kind: NodeKind, span: Span, anchor: usize, tag: Option<&Tag>) -> NodeId {
        // A text of at most 1 MiB has fewer nodes than that.
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let tag = tag.map(Tag::original);
        self.nodes.push(Node { span: span.byte_range().unwrap_or_default(), tag, kind });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(id),
            None => self.documents.push(id),
        }
        id
    }

    fn close(&mut self, end: Span) {
        let Some(Open { id, style, is_mapping, children }) = self.open.pop() else { return };
        let last = children.last().and_then(|child| self.nodes.get(child.0 as usize));
        let end = match style {
            StructureStyle::Flow => end.byte_range().map(|range| range.end),
            // A block ends at its last value, not where the next thing begins.
            StructureStyle::Block => last.map(|node| node.span.end),
        };
        let Some(node) = self.nodes.get_mut(id.0 as usize) else { return };
        node.span.end = end.unwrap_or(node.span.end).max(node.span.start);
        node.kind = if is_mapping {
            NodeKind::Mapping(children.chunks_exact(2).filter_map(pair).collect())
        } else {
            NodeKind::Sequence(children)
        };
    }
}

fn pair(children: &[NodeId]) -> Option<(NodeId, NodeId)> {
    match children {
        [key, value] => Some((*key, *value)),
        _ => None,
    }
}
