//! Real programs, built here by the real `go`, against what `go` and another reader say of them.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go and read files")]

mod noise;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use goaudit::binary::image::Image;
use goaudit::binary::{ObjectSummary, summarize};
use goaudit::diff::artifacts::{ArtifactPair, Differences, Outcome, compare};
use goaudit::diff::build_ids::BuildIdMeaning;
use goaudit::diff::sections::SectionChangeKind;
use goaudit::recording::Artifact;
use noise::Noise;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use sha2::{Digest as _, Sha256};

const TARGETS: [(&str, &str); 5] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
    ("linux", "386"),
];

/// Three packages, so that one is imported by main, and one only by that.
const SOURCES: [(&str, &str); 4] = [
    ("go.mod", "module example.com/hello\n\ngo 1.21\n"),
    (
        "main.go",
        "package main\n\nimport \"example.com/hello/near\"\n\nvar name = \"first\"\n\n\
         func main() { println(name, near.Name()) } // comment\n",
    ),
    (
        "near/near.go",
        "package near\n\nimport \"example.com/hello/far\"\n\n\
         //go:noinline\nfunc Name() string { return far.Name() }\n",
    ),
    ("far/far.go", "package far\n\n//go:noinline\nfunc Name() string { return \"world\" }\n"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("binaries")
}

/// Runs go with nothing inherited but PATH, and returns its standard output.
fn go(dir: &Path, target: (&str, &str), args: &[&str]) -> String {
    let output = Command::new("go")
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", root().join("home"))
        .env("GOCACHE", root().join("gocache"))
        .env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("CGO_ENABLED", "0")
        .env("GOOS", target.0)
        .env("GOARCH", target.1)
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => panic!(
            "go is not on PATH; install it from https://go.dev/dl/ (these tests build real programs)"
        ),
        other => other.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes the program to a directory of its own, with one file changed.
fn program(name: &str, edit: Option<(&str, &str, &str)>) -> PathBuf {
    let dir = root().join(name);
    for (path, text) in SOURCES {
        let path_on_disk = dir.join(path);
        fs::create_dir_all(path_on_disk.parent().unwrap()).unwrap();
        let text = match edit {
            Some((edited, from, to)) if edited == path => {
                assert!(text.contains(from));
                text.replace(from, to)
            }
            _ => text.to_owned(),
        };
        fs::write(path_on_disk, text).unwrap();
    }
    dir
}

fn build(dir: &Path, target: (&str, &str), flags: &[&str]) -> PathBuf {
    let out = dir.join(format!("hello-{}-{}", target.0, target.1));
    let mut args = vec!["build", "-buildvcs=false", "-o", out.to_str().unwrap()];
    args.extend(flags);
    args.push(".");
    go(dir, target, &args);
    out
}

struct Sample {
    target: (&'static str, &'static str),
    path: PathBuf,
    bytes: Vec<u8>,
    summary: ObjectSummary,
}

/// One executable for each target, built once for all tests.
fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let dir = program("samples", None);
        let sample = |target| {
            let path = build(&dir, target, &["-ldflags=-s -w"]);
            let bytes = fs::read(&path).unwrap();
            let summary = summarize(&bytes).unwrap();
            Sample { target, path, bytes, summary }
        };
        TARGETS.into_iter().map(sample).collect()
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn artifact(bytes: &[u8]) -> Artifact {
    Artifact {
        path: "hello".into(),
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
        object: summarize(bytes).map_err(|error| error.to_string()),
    }
}

#[test]
fn formats_are_those_asked_for() {
    let shown: Vec<_> = samples().iter().map(|sample| sample.summary.format.to_string()).collect();
    assert_eq!(
        shown,
        [
            "ELF 64-bit little-endian amd64",
            "ELF 64-bit little-endian arm64",
            "Mach-O 64-bit little-endian arm64",
            "PE 64-bit little-endian amd64",
            "ELF 32-bit little-endian 386",
        ]
    );
    for sample in samples() {
        assert_eq!(sample.summary.notes, Vec::<String>::new(), "{:?}", sample.target);
    }
}

/// `go version -m` prints the Go version after the path, and each line of the text after a tab.
#[test]
fn build_info_is_what_go_version_prints() {
    for sample in samples() {
        let path = sample.path.to_str().unwrap();
        let printed = go(&root(), sample.target, &["version", "-m", path]);
        let info = sample.summary.build_info.as_ref().unwrap();
        let mut lines = printed.lines();
        assert_eq!(lines.next(), Some(format!("{path}: {}", info.go_version).as_str()));
        let lines: Vec<_> = lines.map(|line| line.strip_prefix('\t').unwrap()).collect();
        assert!(lines.contains(&format!("path\t{}", info.mod_info.path).as_str()));
        let main = info.mod_info.main.as_ref().unwrap();
        assert!(lines.contains(&format!("mod\t{}\t{}\t", main.path, main.version).as_str()));
        let settings: Vec<_> = lines.iter().filter_map(|l| l.strip_prefix("build\t")).collect();
        let ours: Vec<_> = info
            .mod_info
            .settings
            .iter()
            .map(|(key, value)| match value.contains(' ') {
                true => format!("{key}=\"{value}\""),
                false => format!("{key}={value}"),
            })
            .collect();
        assert_eq!(ours, settings);
        assert_eq!(info.mod_info.setting("GOARCH"), Some(sample.target.1));
        assert_eq!(info.mod_info.unknown, Vec::<String>::new());
    }
}

#[test]
fn build_ids_are_what_go_tool_buildid_prints() {
    for sample in samples() {
        // Run for the host, or go would build the tool itself for the target.
        let args = ["tool", "buildid", sample.path.to_str().unwrap()];
        let printed = go(&root(), ("", ""), &args);
        assert_eq!(sample.summary.build_id.unwrap().to_string(), printed.trim_end());
    }
}

#[test]
fn sections_are_those_of_another_reader() {
    for sample in samples() {
        let file = object::File::parse(&*sample.bytes).unwrap();
        let theirs: Vec<_> = file
            .sections()
            .map(|section| {
                let name = match section.segment_name().unwrap() {
                    Some(segment) => format!("{segment},{}", section.name().unwrap()),
                    None => section.name().unwrap().to_owned(),
                };
                let content = section.file_range().map(|_| sha256(section.data().unwrap()));
                (name, section.size(), content)
            })
            .collect();
        let ours: Vec<_> = sample
            .summary
            .sections
            .iter()
            .map(|section| (section.name.clone(), section.bytes, section.sha256.clone()))
            .collect();
        assert_eq!(ours, theirs, "{:?}", sample.target);
        assert!(ours.len() > 5);
    }
}

/// Functions and variables that have a place in memory. `object` gives sizes of its own making for PE.
#[test]
fn symbols_are_those_of_another_reader() {
    let dir = program("symbols", None);
    for target in TARGETS {
        let bytes = fs::read(build(&dir, target, &[])).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let is_elf = file.format() == object::BinaryFormat::Elf;
        let is_mach_o = file.format() == object::BinaryFormat::MachO;
        let mut theirs: Vec<_> = file
            .symbols()
            .filter(|symbol| symbol.section_index().is_some())
            .filter(|symbol| {
                !matches!(symbol.kind(), SymbolKind::Section | SymbolKind::File | SymbolKind::Tls)
            })
            .map(|symbol| {
                let name = symbol.name_bytes().unwrap();
                let plain = name.strip_prefix(b"_").filter(|_| is_mach_o).unwrap_or(name);
                let size = Some(symbol.size()).filter(|size| is_elf && *size > 0);
                (symbol.address(), size, plain.to_vec())
            })
            .filter(|(_, _, name)| !name.is_empty())
            .collect();
        theirs.sort_unstable();
        let image = Image::parse(&bytes).unwrap();
        let ours = image.symbols.iter().map(|s| (s.address, s.size, s.name.to_vec()));
        let ours: Vec<_> = ours.collect();
        assert!(ours.len() > 1000, "{target:?} {}", ours.len());
        let other = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        assert_eq!(other, None, "{target:?} {} {}", ours.len(), theirs.len());
        assert_eq!(ours.len(), theirs.len(), "{target:?}");
    }
}

#[test]
fn a_gnu_build_id_is_there_where_another_reader_sees_it() {
    for sample in samples() {
        let file = object::File::parse(&*sample.bytes).unwrap();
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(sample.summary.gnu_build_id, file.build_id().unwrap().map(hex));
    }
}

#[test]
fn a_summary_survives_json() {
    for sample in samples() {
        let json = serde_json::to_string(&sample.summary).unwrap();
        assert_eq!(serde_json::from_str::<ObjectSummary>(&json).unwrap(), sample.summary);
        assert_eq!(serde_json::to_string(&summarize(&sample.bytes).unwrap()).unwrap(), json);
    }
}

/// Two architectures in one file, as `lipo` lays them out; both are the same program here.
#[test]
fn a_universal_file_has_the_sections_of_each_architecture() {
    let darwin = &samples()[2];
    let start = 4096_u32;
    let len = u32::try_from(darwin.bytes.len()).unwrap();
    let mut file = vec![0xca, 0xfe, 0xba, 0xbe];
    let first = [0x0100_000c, 0, start, len, 12];
    let second = [0x0100_000c, 0, start + len, len, 12];
    for number in [2].into_iter().chain(first).chain(second) {
        file.extend(u32::to_be_bytes(number));
    }
    file.resize(start as usize, 0);
    file.extend(&darwin.bytes);
    file.extend(&darwin.bytes);
    let summary = summarize(&file).unwrap();
    assert_eq!(summary.build_id, darwin.summary.build_id);
    assert_eq!(summary.build_info, darwin.summary.build_info);
    assert_eq!(summary.sections.len(), 2 * darwin.summary.sections.len());
    assert_eq!(summary.sections[0].name, "arm64:__TEXT,__text");
    assert_eq!(
        summary.notes,
        ["build ID and build info are those of arm64, the first of 2 architectures"]
    );
    assert!(summarize(&file[..file.len() - darwin.bytes.len() / 2]).is_err());
}

#[test]
fn a_program_without_build_id_says_so() {
    let dir = program("no-id", None);
    let path = build(&dir, TARGETS[0], &["-ldflags=-s -w -buildid="]);
    let summary = summarize(&fs::read(path).unwrap()).unwrap();
    assert_eq!(summary.build_id, None);
    assert_eq!(
        summary.notes,
        ["no Go build ID: not a Go program, or built with -ldflags=-buildid="]
    );
    let path = build(&dir, TARGETS[3], &["-ldflags=-s -w -buildid=custom"]);
    let summary = summarize(&fs::read(path).unwrap()).unwrap();
    assert_eq!(
        summary.notes,
        ["Go build ID `custom` is not one of go's: build ID has 1 fields, expected 2 or 4"]
    );
}

#[test]
fn every_prefix_is_an_error_or_a_summary() {
    for sample in samples() {
        let len = sample.bytes.len();
        for end in (0..len).step_by(9973).chain(0..512).chain(len - 64..len) {
            let cut = &sample.bytes[..end];
            // What the cut removed may lie outside of all sections; it is then hashed as such.
            if let Ok(summary) = summarize(cut) {
                assert_ne!(summary.outside, sample.summary.outside, "{:?} {end}", sample.target);
            }
        }
    }
}

/// Half of the damage is in the first 1 KiB, a quarter in the last 8 KiB, where tables are.
#[test]
fn damage_is_never_a_panic() {
    let start = Instant::now();
    let mut noise = Noise::new();
    for sample in samples() {
        let mut bytes = sample.bytes.clone();
        let len = bytes.len();
        for _ in 0..800 {
            let mut undo = Vec::new();
            for _ in 0..=noise.below(4) {
                let at = match noise.below(4) {
                    0 | 1 => noise.below(1024),
                    2 => len - 1 - noise.below(8192),
                    _ => noise.below(len),
                };
                undo.push((at, bytes[at]));
                bytes[at] = match noise.below(3) {
                    0 => 0xff,
                    1 => bytes[at] ^ (1 << noise.below(8)),
                    _ => noise.byte(),
                };
            }
            let _ = summarize(&bytes);
            undo.into_iter().rev().for_each(|(at, byte)| bytes[at] = byte);
        }
        assert_eq!(bytes, sample.bytes);
    }
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

fn patched(sample: &Sample, patches: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    for (at, patch) in patches {
        bytes[*at..at + patch.len()].copy_from_slice(patch);
    }
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    let start = Instant::now();
    let error = summarize(bytes).unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(5), "{error}: {:?}", start.elapsed());
    error
}

/// Offsets are those of `Elf64_Ehdr`: section table at 0x28, counts from 0x38 on.
#[test]
fn hostile_elf_headers_are_refused_quickly() {
    let elf = &samples()[0];
    let table = usize::try_from(u64::from_le_bytes(elf.bytes[0x28..0x30].try_into().unwrap()));
    let table = table.unwrap();
    let huge = u64::MAX.to_le_bytes();
    refusal(&patched(elf, &[(0x28, &huge)]));
    refusal(&patched(elf, &[(0x20, &huge)]));
    refusal(&patched(elf, &[(0x38, &[0xff; 2])]));
    refusal(&patched(elf, &[(0x3c, &[0xff; 2])]));
    // No count: the size of the null section stands for it.
    refusal(&patched(elf, &[(0x3c, &[0; 2]), (table + 0x20, &huge)]));
    let outside = refusal(&patched(elf, &[(table + 0x40 + 0x18, &huge)]));
    assert_eq!(outside, "malformed ELF file: section `.note.go.buildid` ends outside of it");

    let count = usize::from(u16::from_le_bytes(elf.bytes[0x3c..0x3e].try_into().unwrap()));
    let whole = [0_u64.to_le_bytes(), (elf.bytes.len() as u64).to_le_bytes()].concat();
    let all: Vec<_> = (1..count).map(|n| (table + n * 0x40 + 0x18, &*whole)).collect();
    assert_eq!(refusal(&patched(elf, &all)), "malformed ELF file: its sections overlap");
}

/// Offsets are those of `mach_header_64` and `segment_command_64`; `__TEXT` follows `__PAGEZERO`.
#[test]
fn hostile_mach_o_headers_are_refused_quickly() {
    let mach_o = &samples()[2];
    refusal(&patched(mach_o, &[(16, &[0xff; 4])]));
    refusal(&patched(mach_o, &[(16, &[0xff; 8])]));
    let text = 32 + 72;
    assert_eq!(&mach_o.bytes[text + 8..text + 14], b"__TEXT");
    assert_eq!(
        refusal(&patched(mach_o, &[(text + 64, &[0xff; 4])])),
        "malformed Mach-O file: a segment has more sections than room for them"
    );
    refusal(&patched(mach_o, &[(text + 4, &[0; 4])]));
    assert_eq!(
        refusal(&patched(mach_o, &[(text + 72 + 40, &[0xff; 8])])),
        "malformed Mach-O file: section `__TEXT,__text` ends outside of it"
    );
}

#[test]
fn hostile_pe_headers_are_refused_quickly() {
    let pe = &samples()[3];
    let header = usize::from(u16::from_le_bytes(pe.bytes[0x3c..0x3e].try_into().unwrap()));
    assert_eq!(&pe.bytes[header..header + 4], b"PE\0\0");
    refusal(&patched(pe, &[(0x3c, &[0xff; 4])]));
    assert_eq!(
        refusal(&patched(pe, &[(header + 6, &[0xff; 2])])),
        "malformed PE file: its section table ends outside of it"
    );
    // A symbol table elsewhere damages long names only, and never costs much.
    let start = Instant::now();
    let _ = summarize(&patched(pe, &[(header + 12, &[0xff; 8])]));
    assert!(start.elapsed() < Duration::from_secs(5));
}

fn pair(first: &Path, second: &Path) -> ArtifactPair {
    let read = |path| artifact(&fs::read(path).unwrap());
    compare(&[read(first)], &[read(second)]).remove(0)
}

fn differences(first: &Path, second: &Path) -> Differences {
    match pair(first, second).outcome {
        Outcome::Differs(differences) => *differences,
        other => panic!("{other:?}"),
    }
}

/// Builds the program twice from the same place in the module, the second time edited.
fn edited(name: &str, edit: (&str, &str, &str)) -> Differences {
    let first = program(&format!("{name}-1"), None);
    let second = program(&format!("{name}-2"), Some(edit));
    let flags = ["-trimpath", "-ldflags=-s -w"];
    differences(&build(&first, TARGETS[0], &flags), &build(&second, TARGETS[0], &flags))
}

fn changed(differences: &Differences) -> Vec<&str> {
    differences.sections.iter().map(|section| section.name.as_str()).collect()
}

#[test]
fn trimpath_makes_two_directories_the_same() {
    let flags = ["-trimpath", "-ldflags=-s -w"];
    let first = build(&program("dir-1", None), TARGETS[0], &flags);
    let second = build(&program("directory-2", None), TARGETS[0], &flags);
    assert_eq!(pair(&first, &second).outcome, Outcome::Identical);
}

#[test]
fn without_trimpath_the_main_package_changes() {
    for target in TARGETS {
        let first = build(&program("path-1", None), target, &[]);
        let second = build(&program("path-02", None), target, &[]);
        let differences = differences(&first, &second);
        assert_eq!(differences.build_id, BuildIdMeaning::MainChanged);
        assert_eq!(differences.settings, []);
        assert_eq!(differences.unreadable, Vec::<String>::new());
    }
}

/// With -trimpath build info does not state -ldflags, and the value has the same length.
#[test]
fn a_stamped_variable_is_an_input_of_the_linker_only() {
    let dirs = [program("stamp-1", None), program("stamp-2", None)];
    let flags = |value| format!("-ldflags=-s -w -X main.name={value}");
    for target in TARGETS {
        let first = build(&dirs[0], target, &["-trimpath", &flags("first")]);
        let second = build(&dirs[1], target, &["-trimpath", &flags("other")]);
        let differences = differences(&first, &second);
        assert_eq!(differences.build_id, BuildIdMeaning::LinkerInputsOnly);
        assert_eq!(differences.settings, []);
        let content = |kind| kind == SectionChangeKind::Content;
        assert!(differences.sections.iter().all(|section| content(section.kind)));
        assert!(!changed(&differences).is_empty());
    }
}

#[test]
fn an_unused_tag_changes_the_inputs_of_main_but_not_its_code() {
    let dirs = [program("tag-1", None), program("tag-2", None)];
    let first = build(&dirs[0], TARGETS[0], &["-trimpath", "-tags=one"]);
    let second = build(&dirs[1], TARGETS[0], &["-trimpath", "-tags=two"]);
    let differences = differences(&first, &second);
    assert_eq!(differences.build_id, BuildIdMeaning::MainInputsNotCode);
    let settings: Vec<_> = differences.settings.iter().map(|c| c.key.to_string()).collect();
    assert_eq!(settings, ["build -tags"]);
    assert_eq!(differences.settings[0].second.as_deref(), Some("two"));
}

#[test]
fn a_comment_changes_the_ids_only() {
    let differences = edited("comment", ("main.go", "// comment", "// remarks"));
    assert_eq!(differences.build_id, BuildIdMeaning::IdsOnly);
}

#[test]
fn code_of_main_changes_main() {
    let differences = edited("code", ("main.go", "\"first\"", "\"other\""));
    assert_eq!(differences.build_id, BuildIdMeaning::MainChanged);
}

/// A function body changes that its importer cannot see, in a package that main does not import.
#[test]
fn code_far_from_main_is_an_input_of_the_linker_only() {
    let differences = edited("far", ("far/far.go", "\"world\"", "\"there\""));
    assert_eq!(differences.build_id, BuildIdMeaning::LinkerInputsOnly);
}
