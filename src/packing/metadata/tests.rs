use super::*;
use crate::packing::MemberKind;
use crate::packing::tests::opened;
use crate::packing::{FolderEntry, folder, pair};

fn differences(first: &Package, second: &Package) -> Vec<String> {
    let pairing = pair(&first.members, &second.members);
    let show = |found: &MetadataDifference| {
        format!("{}: {} -> {}", found.title, found.first, found.second)
    };
    metadata_differences(first, second, &pairing).iter().map(show).collect()
}

#[test]
fn each_difference_of_two_tars_is_told_once() {
    insta::assert_snapshot!(
        differences(&opened("plain.tar.gz"), &opened("other.tar.gz")).join("\n"),
        @""
    );
}

#[test]
fn each_difference_of_two_zips_is_told_once() {
    insta::assert_snapshot!(differences(&opened("plain.zip"), &opened("other.zip")).join("\n"), @"");
}

#[test]
fn a_time_zone_is_told_from_a_time() {
    let found = differences(&opened("utc.zip"), &opened("tokyo.zip"));
    assert_eq!(
        found,
        [
            "time zone of the modification time of 7 of 7 members: 2026-01-02T03:04:04Z -> 2026-01-02T12:04:04Z"
        ]
    );
}

#[test]
fn formats_are_told_apart() {
    let found = differences(&opened("plain.tar"), &opened("ustar.tar"));
    assert_eq!(found, ["header format of 7 of 7 members: gnu -> ustar"]);
    assert_eq!(
        differences(&opened("plain.tar"), &opened("plain.tar.zst")),
        ["format: tar -> tar in zstd"]
    );
    assert_eq!(differences(&opened("plain.tar"), &opened("plain.tar")), [""; 0]);
}

#[test]
fn another_level_is_told_where_nothing_else_differs() {
    let first = opened("plain.tar.gz");
    let mut second = first.clone();
    second.compression.as_mut().unwrap().payload = crate::packing::Digest::of(b"");
    assert_eq!(
        differences(&first, &second),
        ["packed bytes of equal content: the slowest level -> otherwise"]
    );
    second.members[1].digest = None;
    assert_eq!(differences(&first, &second), [""; 0]);
}

#[test]
fn of_folders_modes_and_kinds_are_compared() {
    let entry = |mode, kind| FolderEntry {
        path: b"bin/app".to_vec(),
        kind,
        mode,
        size: 0,
        digest: None,
        unread: None,
    };
    let first = folder(vec![entry(0o100_755, MemberKind::File)]);
    let second = folder(vec![entry(0o100_775, MemberKind::File)]);
    let found = differences(&first, &second);
    assert_eq!(found, ["mode of 1 of 1 member: 0755 -> 0775"]);
    let link = folder(vec![entry(0o120_777, MemberKind::Symlink("x".into()))]);
    let found = differences(&first, &link);
    assert_eq!(found, ["kind of 1 of 1 member: a file -> a symbolic link to x"]);
}
