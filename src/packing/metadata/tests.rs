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
        @r"
    folder around all members: app_1.0.0_linux -> app_1.0.1_linux
    order of 4 of 6 members: `app_1.0.0_linux/LICENSE` before `app_1.0.0_linux/app` -> `app_1.0.0_linux/app` before `app_1.0.0_linux/LICENSE`
    modification time of 6 of 6 members: 2026-01-02T03:04:05Z -> 2026-05-06T07:08:09Z
    owner of 6 of 6 members: 1000:1000 (build:build) -> 0:0
    mode of 2 of 6 members: 0644 -> 0664
    mode of 3 of 6 members: 0755 -> 0775
    time in the gzip header: 2026-11-21T06:02:52Z -> 2026-05-06T07:08:09Z
    name in the gzip header: none -> other.tar
    level in the gzip header: 2 -> 4
    "
    );
}

#[test]
fn each_difference_of_two_zips_is_told_once() {
    insta::assert_snapshot!(differences(&opened("plain.zip"), &opened("other.zip")).join("\n"), @r"
    folder around all members: app_1.0.0_linux -> none
    order of 6 of 6 members: `app_1.0.0_linux/doc/manual.txt` before `app_1.0.0_linux/app` -> `app_1.0.0_linux/app` before `app_1.0.0_linux/doc/manual.txt`
    modification time of 6 of 6 members: 2026-01-02T03:04:05Z -> 2026-05-06T07:08:10Z
    mode of 3 of 6 members: 0755 -> 0775
    mode of 2 of 6 members: 0644 -> 0664
    flags of 3 of 6 members: 0x0000 -> 0x0004
    local extra field 0x5455 of 6 of 6 members: 0c34016b -> none
    ");
}

#[test]
fn a_time_zone_is_told_from_a_time() {
    let found = differences(&opened("utc.zip"), &opened("tokyo.zip"));
    assert_eq!(
        found,
        [
            "time zone of the modification time of 7 of 7 members: 2026-01-02T03:04:06Z -> 2026-01-02T12:04:06Z"
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
