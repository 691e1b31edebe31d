//! Stretches of a file that have a meaning of their own wherever they are.

use std::ops::Range;

use memchr::memmem;

use super::owner::Owner;
use crate::binary::image::Image;

/// Around the module information, in the executable and in the copy that the runtime has.
///
/// Source: `cmd/go/internal/modload/build.go`, Go 1.26.
const INFO_START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const INFO_END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
const BUILD_INFO: &[u8] = b"\xff Go buildinf:";
/// The header of the build info and the Go version, in bytes, are no longer.
const HEADER_MAX: usize = 256;
/// A file has two or three; a hostile one may be full of them.
const COPIES_MAX: usize = 16;

/// Returns the stretches by their start; none overlap.
pub(super) fn stretches(image: &Image<'_>) -> Vec<(Range<usize>, Owner)> {
    let mut found = Vec::new();
    if !image.build_id_text.is_empty()
        && let Some(start) = memmem::find(image.file, &image.build_id_text)
    {
        found.push((start..start + image.build_id_text.len(), Owner::GoBuildId));
    }
    if let Some(id) = image.gnu_build_id {
        found.extend(offset_of(image.file, id).map(|range| (range, Owner::GnuBuildId)));
    }
    found.extend(image.uuid.clone().map(|range| (range, Owner::Uuid)));
    found.extend(image.signatures.iter().cloned().map(|range| (range, Owner::Signature)));
    for start in memmem::find_iter(image.file, INFO_START).take(COPIES_MAX) {
        let rest = image.file.get(start..).unwrap_or_default();
        if let Some(len) = memmem::find(rest, INFO_END) {
            found.push((start..start + len + INFO_END.len(), Owner::BuildInfo));
        }
    }
    // From its mark to the module information: the header and the Go version.
    let marks: Vec<_> = found
        .iter()
        .filter(|(_, owner)| *owner == Owner::BuildInfo)
        .filter_map(|(range, _)| {
            let from = range.start.saturating_sub(HEADER_MAX);
            let at = memmem::rfind(image.file.get(from..range.start)?, BUILD_INFO)?;
            Some((from + at..range.start, Owner::BuildInfo))
        })
        .collect();
    found.extend(marks);
    found.sort_by_key(|(range, owner)| (range.start, *owner));
    let mut end = 0;
    found.retain(|(range, _)| {
        let apart = range.start >= end;
        end = end.max(range.end);
        apart
    });
    found
}

/// Where a slice of the file is in it.
fn offset_of(file: &[u8], slice: &[u8]) -> Option<Range<usize>> {
    let start = slice.as_ptr().addr().checked_sub(file.as_ptr().addr())?;
    let end = start.checked_add(slice.len())?;
    (end <= file.len()).then_some(start..end)
}
