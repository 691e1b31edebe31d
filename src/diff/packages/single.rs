//! A plain file beside an archive or a folder: which member it is to be compared with.

use super::{At, Comparer, NAMED, Opened, is_file, join};
use crate::binary::image::Image;
use crate::binary::{self, ObjectError};
use crate::diff::files::Outcome;
use crate::packing::{Budget, Kind, Member, Package};

impl Comparer<'_> {
    /// Compares a plain file with the one member of a package that it can be.
    pub(super) fn with_file(
        &self,
        at: At<'_>,
        opened: Opened<'_>,
        file: &[u8],
        package_is_first: bool,
        budget: &mut Budget,
    ) -> Outcome {
        let Opened { package, members } = opened;
        let is_wanted = is_executable(file);
        let mut found: Vec<usize> = Vec::new();
        for (index, _) in package.members.iter().enumerate().filter(|(_, it)| is_file(it)) {
            let executable = !is_wanted
                || package.kind == Kind::Single
                || members.content(index).is_ok_and(|content| is_executable(&content));
            if executable {
                found.push(index);
            }
        }
        let [packed, plain] = if package_is_first { [0, 1] } else { [1, 0] };
        let in_archive = !at.within.is_empty();
        let plain =
            if in_archive { at.name } else { self.names.get(plain).copied().unwrap_or_default() };
        let packed =
            if in_archive { at.name } else { self.names.get(packed).copied().unwrap_or_default() };
        let name = |index: &usize| package.members.get(*index).map_or("", Member::path);
        let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        if found.len() > 1 || !is_wanted && package.kind != Kind::Single {
            let named: Vec<usize> =
                found.iter().copied().filter(|at| base(name(at)) == base(plain)).collect();
            if named.len() == 1 || !is_wanted {
                found = named;
            }
        }
        let &[index] = found.as_slice() else {
            return Outcome::Unread { why: not_one(&found, name, package, packed, is_wanted) };
        };
        let path = package.members.get(index).map(|it| join(at.within, it)).unwrap_or_default();
        let at = At { within: &path, name: &path, first_name: None };
        let compared = members.content(index).and_then(|content| {
            budget.inside(|budget| {
                let (one, other): (&[u8], &[u8]) =
                    if package_is_first { (&content, file) } else { (file, &content) };
                Ok(self.files(at, one, other, budget))
            })
        });
        match compared {
            Ok(pair) => Outcome::Parts(vec![pair]),
            Err(why) => Outcome::Unread { why: why.to_string() },
        }
    }
}

/// Says why a plain file has no partner in a package.
fn not_one<'p>(
    found: &[usize],
    name: impl Fn(&usize) -> &'p str,
    package: &Package,
    packed: &str,
    is_wanted: bool,
) -> String {
    let list = |names: Vec<&str>| {
        let more = names.len().saturating_sub(NAMED);
        let some = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{some} and {more} more") } else { some }
    };
    if found.is_empty() {
        let files = package.members.iter().filter(|it| is_file(it)).map(Member::path);
        let what = if is_wanted { "no executable" } else { "no file of that name" };
        return format!("`{packed}` holds {what}, but {}", list(files.collect()));
    }
    let found = found.iter().map(name).collect::<Vec<_>>();
    format!(
        "`{packed}` holds {} executables, {}: unpack it and name one of them",
        found.len(),
        list(found)
    )
}

fn is_executable(content: &[u8]) -> bool {
    let parsed = Image::parse(content);
    matches!(parsed, Ok(_) | Err(ObjectError::Malformed { .. }))
        || binary::universal_slices(content).is_some()
}
