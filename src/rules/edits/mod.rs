//! Changes to files that mend a finding: as few bytes as do it, and none where the file does not
//! hold the very bytes that were expected.

mod block;
mod dockerfile;
mod input;
mod key;
mod release;
mod source;
mod step;
mod word;

pub(super) use dockerfile::{download_before, mount, mount_target};
pub(super) use input::{add_input, change_input, change_line, line_of, quotes};
pub(super) use key::{Input, change, drop_or_change, first_key, is_shared, with_sum};
pub(super) use release::{timestamp, trimpath};
pub(super) use step::checkout_before;
pub(super) use word::{behind_verb, without_flag};

use crate::finding::{Edit, Safety};

/// Puts text in place of a range of bytes.
fn edit(
    path: &str,
    range: std::ops::Range<usize>,
    text: impl Into<String>,
    safety: Safety,
) -> Edit {
    let (path, replacement) = (path.to_owned(), text.into());
    Edit { path, start: range.start, end: range.end, replacement, safety }
}
