//! Readers of text that is not ours, on text that nobody wrote: a value or an error, never a panic.

use goaudit::golang::hash_log::{KeyKind, Proof};
use goaudit::golang::inputs::Inputs;
use goaudit::golang::{action_graph, hash_input, hash_log, quote};
use goaudit::recording;
use proptest::prelude::*;

/// Pieces of which real lines are made, so that a reader is led further in than by noise.
const PIECES: &[&[u8]] = &[
    b"HASH[",
    b"HASH ",
    b"subkey ",
    b"build x",
    b"link x",
    b"vet x",
    b"]",
    b": ",
    b"]: \"",
    b"\"",
    b"\n",
    b"\r\n",
    b"\\n\"\n",
    b"\\x4",
    b"/src/x",
    b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"\xff\xfe",
];

/// Words of which real inputs are made.
const WORDS: &str = "compile link asm cover modinfo file import packagefile packagemain omitdebug \
    goos goarch buildmode CC= CC-ID= GOAMD64= vetout go1.25.5 [ ] \\\" \\\\ => \\t = é dep mod build";

fn log() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    prop::collection::vec(prop::sample::select(words), 0..12)
        .prop_map(|words| format!("\"{}\\n\"", words.join(" ")))
}

fn check_log(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut inputs = Inputs::default();
    let log = hash_log::parse(bytes, &mut inputs);
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').count();
    let census = &log.census;
    let counted =
        [census.key_lines, census.other_block_lines, census.subkeys, census.files, census.foreign];
    prop_assert_eq!(census.lines, lines as u64);
    prop_assert_eq!(census.lines, counted.iter().sum::<u64>());
    for key in &log.keys {
        // The sum of nothing is the only one that these pieces can prove.
        prop_assert!(
            key.proof != Proof::Verified
                || key.inputs.iter().all(|&id| inputs.quoted(id) == "\"\"")
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_a_log(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_log(&bytes)?;
    }

    #[test]
    fn any_pieces_of_a_log_are_a_log(bytes in log()) {
        check_log(&bytes)?;
    }

    #[test]
    fn any_line_is_something(line in line(), noise in any::<String>()) {
        for kind in [KeyKind::Build, KeyKind::Link, KeyKind::Vet] {
            prop_assert!(!hash_input::atoms(kind, &noise).is_empty());
            // An empty build info states nothing; all else states something.
            let states_nothing = line.starts_with("\"modinfo \\\"\\\"");
            prop_assert!(states_nothing || !hash_input::atoms(kind, &line).is_empty(), "{}", line);
        }
    }

    #[test]
    fn the_words_of_any_list_are_read(list in any::<String>()) {
        let quotes = list.matches('"').count();
        prop_assert!(hash_input::list_words(&list).len() <= quotes / 2);
    }

    #[test]
    fn both_ways_to_resolve_a_string_agree(text in any::<String>(), line in line()) {
        for quoted in [format!("\"{text}\""), line] {
            let mut buffer = b"there before".to_vec();
            let resolved = quote::unquote(quoted.as_bytes());
            prop_assert_eq!(quote::unquote_onto(quoted.as_bytes(), &mut buffer), resolved.is_some());
            if let Some(resolved) = resolved {
                prop_assert_eq!([b"there before", &*resolved].concat(), buffer);
            }
        }
    }

    #[test]
    fn noise_is_no_graph(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        // An array of nothing is the only short text that noise could be.
        prop_assert!(action_graph::parse(&bytes).unwrap_or_default().is_empty());
    }

    #[test]
    fn noise_is_no_recording(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(recording::read(&bytes[..], &mut Inputs::default()).is_err());
        // Not behind the compression either.
        let packed = zstd::encode_all(&bytes[..], 1).unwrap();
        prop_assert!(recording::read(&packed[..], &mut Inputs::default()).is_err());
    }
}
