//! Archives of real programs, cut, changed and made hostile.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::*;

pub(super) fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/packing").join(name)).unwrap()
}

pub(super) fn opened(name: &str) -> Package {
    open(&fixture(name), &mut Budget::default()).unwrap().unwrap()
}

fn names(package: &Package) -> Vec<&str> {
    package.members.iter().map(|member| names::path(&member.name)).collect()
}

fn index(package: &Package, ending: &str) -> usize {
    package.members.iter().position(|member| member.name.ends_with(ending)).unwrap()
}

const ARCHIVES: [&str; 17] = [
    "plain.tar",
    "plain.tar.gz",
    "plain.tar.zst",
    "other.tar",
    "other.tar.gz",
    "pax.tar",
    "ustar.tar",
    "sparse.tar",
    "long.tar",
    "plain.zip",
    "other.zip",
    "tokyo.zip",
    "utc.zip",
    "encrypted.zip",
    "bzip2.zip",
    "single.gz",
    "nested.tar",
];

/// What `tar tvf` and `unzip -Z` show of the same archive.
#[test]
fn members_are_those_that_other_programs_list() {
    let expected = [
        "app_1.0.0_linux",
        "app_1.0.0_linux/LICENSE",
        "app_1.0.0_linux/app",
        "app_1.0.0_linux/bin",
        "app_1.0.0_linux/bin/app",
        "app_1.0.0_linux/doc",
        "app_1.0.0_linux/doc/manual.txt",
    ];
    for name in ["plain.tar", "plain.tar.gz", "plain.tar.zst", "pax.tar", "ustar.tar", "plain.zip"]
    {
        let package = opened(name);
        let mut found = names(&package);
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
        let app = &package.members[index(&package, "/bin/app")];
        assert_eq!(app.mode, Some(0o755), "{name}");
        assert_eq!(app.modified.unwrap().to_string(), "2026-01-02T03:04:05Z", "{name}");
        assert_eq!(app.digest, Some(Digest::of(b"the program\n")), "{name}");
        let link = &package.members[index(&package, "linux/app")];
        assert_eq!(link.kind, MemberKind::Symlink("bin/app".into()), "{name}");
        assert_eq!(package.notes, [""; 0], "{name}");
        if name != "plain.zip" {
            assert_eq!(app.owner.as_ref().unwrap().to_string(), "1000:1000 (build:build)");
            assert_eq!(
                app.extra("header format"),
                Some(match name {
                    "pax.tar" | "ustar.tar" => "ustar",
                    _ => "gnu",
                })
            );
        }
    }
}

#[test]
fn contents_are_given_again_in_any_order() {
    for name in ARCHIVES {
        let file = fixture(name);
        let package = opened(name);
        let mut contents = Contents::new(&file, &package);
        for (index, member) in package.members.iter().enumerate().rev() {
            match (&member.unread, member.digest) {
                (Some(_), _) => assert!(contents.get(index).is_err()),
                (None, Some(digest)) => {
                    assert_eq!(Digest::of(&contents.get(index).unwrap()), digest, "{name}");
                }
                (None, None) => assert!(contents.get(index).unwrap().is_empty()),
            }
        }
        assert!(contents.get(package.members.len()).is_err());
    }
}

#[test]
fn holes_are_zeros_and_long_names_whole() {
    let sparse = opened("sparse.tar");
    let mut holes = vec![0; 100_000];
    holes.extend(b"end");
    assert_eq!(sparse.members[0].digest, Some(Digest::of(&holes)));
    assert_eq!(sparse.members[0].size, 100_003);
    let long = opened("long.tar");
    assert_eq!(names(&long)[1].len(), 301);
    // `gzip -l` of single.gz, and its header.
    let single = opened("single.gz");
    assert_eq!((single.kind, names(&single)), (Kind::Single, vec![SINGLE]));
    assert_eq!(single.members[0].digest, Some(Digest::of(b"may be copied\n")));
    let header = single.compression.unwrap().header.unwrap();
    assert_eq!((header.name.as_deref(), header.os), (Some("LICENSE"), 3));
}

#[test]
fn what_cannot_be_read_says_why_and_is_never_the_same() {
    let encrypted = opened("encrypted.zip");
    assert_eq!(encrypted.members[0].unread.as_deref(), Some("it is encrypted"));
    let bzip2 = opened("bzip2.zip");
    let holes = &bzip2.members[1];
    assert_eq!(holes.unread.as_deref(), Some("it is compressed by BZIP2 (12), which is not read"));
    // Equal packed bytes are equal content, without having read it.
    assert_eq!(holes.same_content(holes), Some(true));
    let mut other = holes.clone();
    other.packed = Some(Digest::of(b""));
    assert_eq!(holes.same_content(&other), None);
    let error = open(&fixture("refused.tar.xz"), &mut Budget::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an xz file cannot be opened here; unpack it with `xz -dk` and compare what it holds"
    );
}

#[test]
fn archives_in_archives_share_one_budget() {
    let file = fixture("nested.tar");
    let mut budget = Budget::new(Limits { depth: 1, ..Limits::default() });
    let outer = open(&file, &mut budget).unwrap().unwrap();
    let mut contents = Contents::new(&file, &outer);
    let inner = contents.get(0).unwrap().into_owned();
    let open_inner = |budget: &mut Budget| open(&inner, budget);
    let opened = budget.inside(open_inner).unwrap().unwrap();
    assert_eq!((opened.kind, opened.members.len()), (Kind::Zip, 7));
    let deeper = budget.inside(|budget| budget.inside(open_inner));
    assert_eq!(deeper.unwrap_err(), PackingError::TooDeep { limit: 1 });
}

#[test]
fn every_cut_is_an_error_or_a_note() {
    for name in ARCHIVES {
        let file = fixture(name);
        // A tar ends in many blocks of zeros; those past the marker are padding.
        let tar = Path::new(name).extension().is_some_and(|extension| extension == "tar");
        let whole = opened(name);
        let padding = if tar { whole.end.unwrap().bytes - 1024 } else { 0 };
        let len = file.len() - usize::try_from(padding).unwrap();
        for cut in (0..len).step_by(if tar { 37 } else { 1 }).chain([len - 1]) {
            match open(&file[..cut], &mut Budget::default()) {
                Ok(None) => assert!(cut < 512, "{name} cut at {cut}"),
                Ok(Some(package)) => assert!(!package.notes.is_empty(), "{name} cut at {cut}"),
                Err(error) => assert!(
                    matches!(error, PackingError::Truncated { .. }),
                    "{name} cut at {cut}: {error}"
                ),
            }
        }
    }
}

#[test]
fn a_changed_byte_is_never_a_panic() {
    for name in ARCHIVES {
        let file = fixture(name);
        let step = 1 + file.len() / 1500;
        for at in (0..file.len()).step_by(step) {
            for value in [0, 0xff, file[at] ^ 0x10] {
                let mut changed = file.clone();
                changed[at] = value;
                let Ok(Some(package)) = open(&changed, &mut Budget::default()) else { continue };
                let mut contents = Contents::new(&changed, &package);
                for index in 0..package.members.len() {
                    let _ = contents.get(index);
                }
            }
        }
    }
}

/// A tar of one member whose header is written as it is given.
fn tar_of(name: &[u8], kind: tar::EntryType, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, content).unwrap();
    builder.append(&header, content).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn hostile_names_are_told_and_shown_harmless() {
    let cases: [(&[u8], &str, &str); 4] = [
        (b"../../etc/x", "", "`../../etc/x` leads out of the folder it is unpacked to"),
        (b"/etc/\x1b[2J", "", r"`/etc/\u{1b}[2J` leads out of the folder it is unpacked to"),
        (b"C:\\x", "", r"`C:\\x` leads out of the folder it is unpacked to"),
        (b"a/b", "../../c", "`a/b` links to `../../c`, outside the archive"),
    ];
    for (name, link, note) in cases {
        let kind = if link.is_empty() { tar::EntryType::Regular } else { tar::EntryType::Symlink };
        let package =
            open(&tar_of(name, kind, link, b""), &mut Budget::default()).unwrap().unwrap();
        assert_eq!(package.notes[0], note);
        assert!(package.notes[2].starts_with("2 members are named "));
    }
}

#[test]
fn bombs_stop_at_a_limit() {
    let zeros = vec![0; 80 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&zeros[..], 1).unwrap();
    for file in [&gzip, &zstd] {
        let error = open(file, &mut Budget::default()).unwrap_err();
        assert_eq!(error, PackingError::Bomb { packed: file.len() as u64, ratio: 200 });
    }
    let limits = Limits { member: 99_999, ..Limits::default() };
    for name in ["sparse.tar", "nested.tar"] {
        let limits = if name == "nested.tar" { Limits { member: 100, ..limits } } else { limits };
        let error = open(&fixture(name), &mut Budget::new(limits)).unwrap_err();
        assert!(matches!(error, PackingError::MemberTooLarge { .. }), "{name}: {error}");
    }
    for name in ["plain.zip", "plain.tar.gz"] {
        let error =
            open(&fixture(name), &mut Budget::new(Limits { members: 6, ..limits })).unwrap_err();
        assert_eq!(error, PackingError::TooManyMembers { limit: 6 });
        let error =
            open(&fixture(name), &mut Budget::new(Limits { unpacked: 30, ..limits })).unwrap_err();
        assert_eq!(error, PackingError::TooLarge { limit: 30 });
    }
}

#[test]
fn other_files_are_no_archives() {
    let files: [&[u8]; 5] = [b"", b"PK", b"\x7fELF", b"text", &[0; 512]];
    for file in files {
        assert_eq!(open(file, &mut Budget::default()), Ok(None));
    }
    assert!(open(&[0x1f, 0x8b], &mut Budget::default()).is_err());
    // Without a member there is still an archive.
    let empty = open(&[0; 1024], &mut Budget::default()).unwrap().unwrap();
    assert_eq!((empty.kind, empty.members.len()), (Kind::Tar, 0));
}
