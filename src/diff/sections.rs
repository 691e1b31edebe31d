//! Sections of two executables, matched by name.

use indexmap::IndexMap;

use crate::binary::{ObjectSummary, Section};

/// One section that is not the same in both files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionChange {
    /// The section's name; a name that a file uses again has ` #2` appended.
    pub name: String,
    /// Size in memory, in bytes. `None` where the section does not exist.
    pub first: Option<u64>,
    pub second: Option<u64>,
    pub kind: SectionChangeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SectionChangeKind {
    /// Of another size, and so of other content.
    Resized,
    /// Of the same size, with other content.
    Content,
    OnlyFirst,
    OnlySecond,
}

/// Compares all sections and what lies outside of them.
///
/// The first's sections come in its order, then those that only the second has.
#[must_use]
pub fn compare(first: &ObjectSummary, second: &ObjectSummary) -> Vec<SectionChange> {
    let (first, second) = (by_name(first), by_name(second));
    let added = second.keys().filter(|name| !first.contains_key(*name));
    first
        .keys()
        .chain(added)
        .filter_map(|name| {
            let (first, second) = (first.get(name), second.get(name));
            Some(SectionChange {
                name: name.clone(),
                kind: kind(first.copied(), second.copied())?,
                first: first.map(|section| section.bytes),
                second: second.map(|section| section.bytes),
            })
        })
        .collect()
}

/// `None` when there is no change.
fn kind(first: Option<&Section>, second: Option<&Section>) -> Option<SectionChangeKind> {
    match (first, second) {
        (Some(first), Some(second)) if first.bytes != second.bytes => {
            Some(SectionChangeKind::Resized)
        }
        (Some(first), Some(second)) if first.sha256 != second.sha256 => {
            Some(SectionChangeKind::Content)
        }
        (Some(_), None) => Some(SectionChangeKind::OnlyFirst),
        (None, Some(_)) => Some(SectionChangeKind::OnlySecond),
        _ => None,
    }
}

fn by_name(object: &ObjectSummary) -> IndexMap<String, &Section> {
    let mut seen: IndexMap<&str, usize> = IndexMap::new();
    let all = object.sections.iter().chain([&object.outside]);
    all.map(|section| {
        let count = seen.entry(&section.name).or_default();
        *count = count.saturating_add(1);
        let name = match *count {
            1 => section.name.clone(),
            count => format!("{} #{count}", section.name),
        };
        (name, section)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{Container, Endian, Format};

    fn object(sections: &[(&str, u64, Option<&str>)]) -> ObjectSummary {
        let section = |&(name, bytes, hash): &(&str, u64, Option<&str>)| Section {
            name: name.into(),
            bytes,
            sha256: hash.map(str::to_owned),
        };
        ObjectSummary {
            format: Format {
                container: Container::Pe,
                bits: 64,
                endian: Endian::Little,
                arch: None,
            },
            build_id: None,
            gnu_build_id: None,
            build_info: None,
            sections: sections.iter().map(section).collect(),
            outside: section(&("outside of sections", 1, Some("o"))),
            notes: Vec::new(),
        }
    }

    fn changes(first: &ObjectSummary, second: &ObjectSummary) -> Vec<(String, SectionChangeKind)> {
        compare(first, second).into_iter().map(|change| (change.name, change.kind)).collect()
    }

    #[test]
    fn every_kind_of_change() {
        let first = object(&[
            (".a", 1, Some("x")),
            (".b", 1, Some("x")),
            (".c", 1, None),
            (".d", 1, Some("x")),
        ]);
        let second =
            object(&[(".d", 1, Some("x")), (".b", 1, Some("y")), (".c", 2, None), (".e", 1, None)]);
        use SectionChangeKind::{Content, OnlyFirst, OnlySecond, Resized};
        assert_eq!(
            changes(&first, &second),
            [
                (".a".to_owned(), OnlyFirst),
                (".b".to_owned(), Content),
                (".c".to_owned(), Resized),
                (".e".to_owned(), OnlySecond),
            ]
        );
    }

    #[test]
    fn what_lies_outside_of_sections_counts_too() {
        let first = object(&[]);
        let mut second = object(&[]);
        assert_eq!(changes(&first, &second), []);
        second.outside.sha256 = Some("p".into());
        assert_eq!(
            changes(&first, &second),
            [("outside of sections".to_owned(), SectionChangeKind::Content)]
        );
    }

    #[test]
    fn sections_of_one_name_are_told_apart() {
        let first = object(&[(".x", 1, Some("1")), (".x", 1, Some("2"))]);
        let second = object(&[(".x", 1, Some("1")), (".x", 1, Some("3"))]);
        assert_eq!(changes(&first, &second), [(".x #2".to_owned(), SectionChangeKind::Content)]);
    }
}
