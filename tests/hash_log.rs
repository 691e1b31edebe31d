//! The reader of hash logs, on what seven Go versions really wrote.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use goaudit::golang::action_graph::{self, GraphAction};
use goaudit::golang::build_id::ShortId;
use goaudit::golang::hash_input::{Slot, atoms};
use goaudit::golang::hash_log::{self, Census, HashLog, Key, KeyKind, MAX_FAULTS, Proof, parse};
use goaudit::golang::inputs::Inputs;
use sha2::{Digest as _, Sha256};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/golang");

fn fixture(name: &str) -> Vec<u8> {
    let file = fs::read(Path::new(DIR).join(name)).unwrap();
    zstd::decode_all(&file[..]).unwrap()
}

/// Returns the name and the text of every sample.
fn samples() -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<String> = fs::read_dir(DIR)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".log.zst"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 20);
    names.into_iter().map(|name| (name.clone(), fixture(&name))).collect()
}

const OVERLAPPING: &str = "1.25.5-vet-overlapping.log.zst";
const WHOLE: [&str; 3] = ["1.21.13-cold-whole", "1.25.5-cold-whole", "1.27.3-cold-whole"];

fn graph(name: &str) -> Vec<GraphAction> {
    action_graph::parse(&fixture(&format!("{name}.graph.zst"))).unwrap()
}

fn read(log: &[u8]) -> HashLog {
    parse(log, &mut Inputs::default())
}

fn sums(log: &HashLog) -> Vec<[u8; 32]> {
    log.keys.iter().map(|key| key.sum).collect()
}

fn proofs(log: &HashLog) -> BTreeSet<Proof> {
    log.keys.iter().map(|key| key.proof).collect()
}

fn lines(log: &[u8]) -> Vec<&[u8]> {
    log.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n').collect()
}

fn is_key_line(line: &[u8]) -> bool {
    [&b"HASH[build "[..], b"HASH[link ", b"HASH[vet "].iter().any(|start| line.starts_with(start))
}

#[test]
fn every_key_of_every_sample_is_proven() {
    for (name, text) in samples().iter().filter(|(name, _)| name != OVERLAPPING) {
        let log = read(text);
        assert_eq!(proofs(&log), BTreeSet::from([Proof::Verified]), "{name}");
        assert_eq!(log.faults, [], "{name}");
        let (verified, total) = log.verified();
        assert_eq!(verified, total, "{name}");
    }
}

/// The right-hand side counts with nothing but the starts and ends of lines.
#[test]
fn every_line_is_counted_once_and_as_what_it_is() {
    for (name, text) in samples() {
        let log = read(&text);
        let lines = lines(&text);
        let count = |is: &dyn Fn(&[u8]) -> bool| lines.iter().filter(|line| is(line)).count();
        let counted = |is: &dyn Fn(&[u8]) -> bool| u64::try_from(count(is)).unwrap();
        let is_hash = |line: &[u8]| line.starts_with(b"HASH[") || line.starts_with(b"HASH ");
        let expected = Census {
            lines: counted(&|_| true),
            key_lines: counted(&is_key_line),
            other_block_lines: counted(&|line| line.starts_with(b"HASH[") && !is_key_line(line)),
            subkeys: counted(&|line| line.starts_with(b"HASH subkey ")),
            files: counted(&|line| line.starts_with(b"HASH /")),
            foreign: counted(&|line| !is_hash(line)),
        };
        assert_eq!(log.census, expected, "{name}");
        let Census { lines: total, key_lines, other_block_lines, subkeys, files, foreign } =
            expected;
        assert_eq!(total, key_lines + other_block_lines + subkeys + files + foreign, "{name}");
        let opened = count(&|line| is_key_line(line) && line.ends_with(b"]"));
        assert_eq!(log.keys.len(), opened, "{name}");
        let written = count(&|line| is_key_line(line) && line.ends_with(b"\""));
        assert_eq!(log.keys.iter().map(|key| key.inputs.len()).sum::<usize>(), written, "{name}");
    }
}

#[test]
fn a_key_stands_at_the_line_that_opens_it() {
    let text = fixture("1.25.5-cold.log.zst");
    let lines = lines(&text);
    for key in read(&text).keys {
        let opening = lines[usize::try_from(key.line.get()).unwrap() - 1];
        assert!(opening.ends_with(format!(" {}]", key.package).as_bytes()), "{}", key.package);
    }
}

/// A block that overlaps another of its name may be put together wrongly, but never proven wrongly.
#[test]
fn overlapping_blocks_are_told_apart_or_said_to_overlap() {
    let log = read(&fixture(OVERLAPPING));
    assert_eq!(proofs(&log), BTreeSet::from([Proof::Verified, Proof::Overlapping]));
    let count =
        |kind, proof| log.keys.iter().filter(|key| key.kind == kind && key.proof == proof).count();
    // Counted by a parser in Python that shares no code with this one.
    assert_eq!(count(KeyKind::Build, Proof::Verified), 187);
    assert_eq!(count(KeyKind::Vet, Proof::Verified), 197);
}

#[test]
fn every_action_of_a_graph_is_a_key_and_every_import_an_output() {
    for name in WHOLE {
        let mut inputs = Inputs::default();
        let log = parse(&fixture(&format!("{name}.log.zst")), &mut inputs);
        let keys: BTreeSet<ShortId> = log.keys.iter().map(|key| ShortId::of(&key.sum)).collect();
        let graph = graph(name);
        let actions: BTreeSet<ShortId> = graph.iter().filter_map(|node| node.action_id).collect();
        assert!(actions.len() > 40 && actions.is_subset(&keys), "{name}");
        let outputs: BTreeSet<ShortId> = graph.iter().filter_map(|node| node.content_id).collect();
        let imported = log.keys.iter().flat_map(|key| edges(key, &inputs)).collect::<BTreeSet<_>>();
        assert!(imported.len() > 40 && imported.is_subset(&outputs), "{name}");
    }
}

fn edges(key: &Key, inputs: &Inputs) -> Vec<ShortId> {
    let atoms = key.inputs.iter().flat_map(|&id| atoms(key.kind, inputs.quoted(id)));
    atoms
        // The output of `unsafe` is none.
        .filter(|atom| atom.slot == Slot::Import && atom.subject != "unsafe")
        .map(|atom| ShortId::parse(&atom.value).unwrap())
        .collect()
}

#[test]
fn a_cold_build_ran_every_action_and_a_warm_one_only_its_links() {
    let ran = |name: &str, mode: &str| {
        let graph = graph(name);
        let mut nodes = graph.iter().filter(|node| node.mode == mode).peekable();
        assert!(nodes.peek().is_some());
        nodes.map(|node| node.ran).collect::<BTreeSet<_>>()
    };
    for (name, mode, expected) in [
        ("1.25.5-cold-whole", "build", true),
        ("1.25.5-cold-whole", "link", true),
        ("1.25.5-warm", "build", false),
        ("1.25.5-warm", "link", true),
    ] {
        assert_eq!(ran(name, mode), BTreeSet::from([expected]), "{name} {mode}");
    }
}

#[test]
fn every_line_of_every_sample_is_known() {
    let mut slots = BTreeSet::new();
    for (name, text) in samples() {
        let mut inputs = Inputs::default();
        for key in parse(&text, &mut inputs).keys {
            for atom in key.inputs.iter().flat_map(|&id| atoms(key.kind, inputs.quoted(id))) {
                assert_ne!(atom.slot, Slot::Unknown, "{name}: {atom:?}");
                slots.insert(atom.slot);
            }
        }
    }
    // What plain builds, their tests and vet print.
    let all = [
        Slot::Salt,
        Slot::Constant,
        Slot::Dir,
        Slot::GoDirective,
        Slot::Target,
        Slot::ImportPath,
        Slot::Command,
        Slot::ForceLibrary,
        Slot::ToolVersion,
        Slot::ForcedFlags,
        Slot::UserFlags,
        Slot::CCompiler,
        Slot::CCompilerId,
        Slot::ModInfo,
        Slot::ArchLevel,
        Slot::File,
        Slot::Import,
        Slot::DefaultGodebug,
        Slot::BuildMode,
        Slot::LinkFlags,
        Slot::LinkMode,
        Slot::Goroot,
        Slot::ExtLink,
        Slot::PackageFile,
        Slot::PackageMain,
        Slot::Vet,
    ];
    assert!(slots.is_superset(&BTreeSet::from(all)), "{slots:?}");
}

#[test]
fn a_line_of_another_go_is_kept_as_it_is() {
    for quoted in
        [r#""novelty \"x\"\n""#, r#""GONOVELTY\n""#, r#""without end""#, r#""\xff\n""#, "x"]
    {
        let [atom] = &atoms(KeyKind::Build, quoted)[..] else { panic!("{quoted}") };
        assert_eq!((atom.slot, atom.subject.as_str()), (Slot::Unknown, quoted));
    }
}

#[test]
fn a_log_that_ends_early_has_fewer_keys_and_no_wrong_ones() {
    let text = fixture("1.24.11-test.log.zst");
    let whole = sums(&read(&text));
    for end in (0..text.len()).step_by(97) {
        let log = read(&text[..end]);
        assert!(whole.starts_with(&sums(&log)), "{end}");
        assert!(log.keys.iter().all(|key| key.proof == Proof::Verified), "{end}");
    }
}

#[test]
fn a_changed_byte_takes_the_proof_from_its_key_alone() {
    let text = fixture("1.25.5-cold.log.zst");
    let whole = read(&text);
    let mut start = 0;
    let mut changed = 0;
    for line in lines(&text) {
        // The last byte of what was written: of a hash, a version, a flag.
        let at = start + line.len().saturating_sub(5);
        start += line.len() + 1;
        let is_write = is_key_line(line) && line.ends_with(b"\\n\"") && text[at] != b'\\';
        if !is_write || changed % 10 != 0 {
            changed += usize::from(is_write);
            continue;
        }
        changed += 1;
        let mut damaged = text.clone();
        damaged[at] = if damaged[at] == b'x' { b'y' } else { b'x' };
        let log = read(&damaged);
        assert_eq!(sums(&log), sums(&whole));
        let unproven: Vec<Proof> = log
            .keys
            .iter()
            .map(|key| key.proof)
            .filter(|&proof| proof != Proof::Verified)
            .collect();
        assert_eq!(unproven, [Proof::Mismatch], "{}", String::from_utf8_lossy(line));
        assert_eq!(log.faults_total, 1);
    }
    assert!(changed > 50);
}

#[test]
fn foreign_lines_between_all_lines_change_nothing() {
    let text = fixture("1.25.5-cold.log.zst");
    let whole = read(&text);
    let mut mixed = Vec::new();
    for line in lines(&text) {
        mixed.extend_from_slice(b"# example.com/x\nHASHED: by hand\nHASH me: once\n");
        mixed.extend_from_slice(line);
        mixed.push(b'\n');
    }
    let log = read(&mixed);
    assert_eq!(sums(&log), sums(&whole));
    assert_eq!(proofs(&log), BTreeSet::from([Proof::Verified]));
    assert_eq!(log.census.foreign, 3 * whole.census.lines);
}

/// One line of each block in turn: as interleaved as a log can be.
#[test]
fn blocks_of_different_names_come_apart_however_they_interleave() {
    let text = fixture("1.25.5-cold.log.zst");
    let mut blocks: Vec<Vec<&[u8]>> = Vec::new();
    for line in lines(&text).into_iter().filter(|line| is_key_line(line)) {
        let name = &line[..line.iter().position(|&byte| byte == b']').unwrap()];
        match blocks.iter_mut().find(|block| block[0][..block[0].len() - 1] == *name) {
            Some(block) => block.push(line),
            None => blocks.push(vec![line]),
        }
    }
    let longest = blocks.iter().map(Vec::len).max().unwrap();
    let turns =
        (0..longest).flat_map(|turn| blocks.iter().filter_map(move |block| block.get(turn)));
    let mixed = turns.fold(Vec::new(), |text, line| [&text, *line, b"\n"].concat());
    let log = read(&mixed);
    assert_eq!(proofs(&log), BTreeSet::from([Proof::Verified]));
    let sorted = |log: &HashLog| sums(log).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&log), sorted(&read(&text)));
}

#[test]
fn line_ends_of_windows_are_line_ends() {
    let text = fixture("1.25.5-cold.log.zst");
    let windows = lines(&text).join(&b"\r\n"[..]);
    let log = read(&windows);
    assert_eq!(sums(&log), sums(&read(&text)));
    assert_eq!(proofs(&log), BTreeSet::from([Proof::Verified]));
}

#[test]
fn what_is_no_log_has_no_keys() {
    let long = [b"HASH[build x]\nHASH[build x]: \"", &vec![b'x'; 5 << 20][..], b"\"\n"].concat();
    let log = read(&long);
    assert_eq!((log.keys.len(), log.faults_total, log.census.key_lines), (0, 1, 2));
    let garbage: Vec<u8> =
        (0..1 << 16).map(|n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let log = read(&garbage);
    assert_eq!((log.keys.len(), log.census.foreign), (0, log.census.lines));
    assert_eq!(read(b"").census, Census::default());
}

/// Hands out few bytes at a time, and is interrupted in between.
struct Trickle<'a> {
    rest: &'a [u8],
    turn: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.turn % 700);
        if length == 0 {
            return self.rest.read(&mut buffer[..1]);
        }
        self.rest.read(&mut buffer[..length])
    }
}

#[test]
fn a_log_that_comes_in_pieces_is_the_same_log() {
    for (name, text) in samples() {
        let whole = read(&text);
        let mut inputs = Inputs::default();
        let pieces = hash_log::read(Trickle { rest: &text, turn: 0 }, &mut inputs).unwrap();
        assert_eq!(pieces.census, whole.census, "{name}");
        assert_eq!(sums(&pieces), sums(&whole), "{name}");
        assert_eq!(pieces.verified(), whole.verified(), "{name}");
    }
}

#[test]
fn keys_of_two_logs_share_their_inputs() {
    let mut inputs = Inputs::default();
    let text = fixture("1.25.5-cold.log.zst");
    let (first, second) = (parse(&text, &mut inputs), parse(&text, &mut inputs));
    for (one, other) in first.keys.iter().zip(&second.keys) {
        assert!(Arc::ptr_eq(&one.inputs, &other.inputs), "{}", one.package);
    }
    let alone = &mut Inputs::default();
    let texts = |key: &Key, inputs: &Inputs| {
        key.inputs.iter().map(|&id| inputs.quoted(id).to_owned()).collect::<Vec<_>>()
    };
    for (one, other) in second.keys.iter().zip(parse(&text, alone).keys) {
        assert_eq!(texts(one, &inputs), texts(&other, alone));
    }
}

#[test]
fn a_line_without_end_takes_no_memory_and_is_told() {
    let text = fixture("1.25.5-cold.log.zst");
    let endless = io::repeat(b'x').take(300 << 20);
    let log = hash_log::read(
        (&text[..]).chain(endless).chain(&b"\n"[..]).chain(&text[..]),
        &mut Inputs::default(),
    );
    let (log, once) = (log.unwrap(), read(&text));
    assert_eq!(log.keys.len(), 2 * once.keys.len());
    assert_eq!(log.census.lines, 2 * once.census.lines + 1);
    assert_eq!((log.faults_total, log.census.foreign), (1, 1));
    assert_eq!(u64::from(log.faults[0].line.get()), once.census.lines + 1);
    assert!(log.faults[0].what.contains("16777216 bytes"), "{:?}", log.faults);
}

/// A sum of `HASH[link x]` with so many inputs that not all are held until it comes.
#[test]
fn a_key_of_megabytes_is_proven() {
    let lines = (0..60_000).map(|n| format!("packagefile example.com/{n}/é=\\x{:02x}\n", n % 256));
    let payloads: Vec<Vec<u8>> = lines
        .map(|line| {
            let (text, byte) = line.trim_end().split_once("\\x").unwrap();
            [text.as_bytes(), &[u8::from_str_radix(byte, 16).unwrap() | 0x80, b'\n']].concat()
        })
        .collect();
    let quoted = |payload: &[u8]| {
        let (line, byte) = (&payload[..payload.len() - 2], payload[payload.len() - 2]);
        format!("HASH[link x]: \"{}\\x{byte:02x}\\n\"\n", String::from_utf8_lossy(line))
    };
    let sum = Sha256::digest(payloads.concat());
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    let writes: String = payloads.iter().map(|payload| quoted(payload)).collect();
    let log = read(format!("HASH[link x]\n{writes}HASH[link x]: {hex}\n").as_bytes());
    assert_eq!((log.verified(), log.keys[0].inputs.len()), ((1, 1), 60_000));
}

#[test]
fn blocks_that_are_opened_without_end_are_told() {
    let same = "HASH[build x]\n".repeat(1 << 20);
    let log = read(format!("{same}HASH[build x]: {}\n", "0".repeat(64)).as_bytes());
    assert_eq!(log.keys.len(), 1);
    assert!(log.faults_total > (1 << 20) - 100 && log.faults.len() == MAX_FAULTS);
    let other: String = (0..1 << 18).map(|n| format!("HASH[build {n}]\n")).collect();
    assert_eq!(read(other.as_bytes()).faults_total, 1 << 18);
}
