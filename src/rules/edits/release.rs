//! The builds of a GoReleaser configuration.

use super::block::Block;
use super::edit;
use crate::config::Repository;
use crate::config::goreleaser::ReleaseBuild;
use crate::finding::{Edit, Safety};

/// Adds `-trimpath` to the flags of a build.
pub(in crate::rules) fn trimpath(repository: &Repository, build: &ReleaseBuild) -> Option<Edit> {
    let block = item(repository, build)?;
    let path = block.source.path;
    let line_end = block.source.line_end();
    let Some((flags, rest)) = block.key("flags") else {
        let indent = " ".repeat(block.column);
        let text = format!("flags:{line_end}{indent}  - -trimpath");
        return build.flags.is_empty().then(|| append(&block, &text)).flatten();
    };
    if !rest.trim().is_empty() && !rest.trim_start().starts_with('#') {
        return None;
    }
    let mut below = block.lines().filter(|(index, _)| *index > flags);
    let (_, first) = below.find(|(_, line)| !line.is_blank() && !line.is_comment())?;
    let indent = first.indent();
    if indent < block.column || !first.text.trim_start().starts_with("- ") {
        return None;
    }
    let text = format!("{}- -trimpath{line_end}", " ".repeat(indent));
    Some(edit(path, first.start..first.start, text, Safety::Safe))
}

/// Adds the time of the commit for what is put into archives.
pub(in crate::rules) fn timestamp(repository: &Repository, build: &ReleaseBuild) -> Option<Edit> {
    append(&item(repository, build)?, "mod_timestamp: '{{ .CommitTimestamp }}'")
}

/// A build that is an item of `builds:`; keys that come from elsewhere are not known here.
fn item<'a>(repository: &'a Repository, build: &ReleaseBuild) -> Option<Block<'a>> {
    let block = Block::of(repository, &build.place).filter(|block| !block.is_merged())?;
    // The `-` of the item may stand alone in the line before.
    let above = block.first.checked_sub(1).and_then(|above| block.source.lines.get(above));
    let is_item = block.dash().is_some() || above.is_some_and(|above| above.text.trim() == "-");
    is_item.then_some(block)
}

fn append(block: &Block<'_>, text: &str) -> Option<Edit> {
    let at = block.source.lines.get(block.end.checked_sub(1)?)?.end();
    let text = format!("{}{}{text}", block.source.line_end(), " ".repeat(block.column));
    Some(edit(block.source.path, at..at, text, Safety::Safe))
}
