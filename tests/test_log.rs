//! The reader of test blocks, on logs in which tests run side by side.

use goaudit::golang::hash_log::{HashLog, parse};
use goaudit::golang::inputs::Inputs;
use goaudit::golang::test_log::{FileState, InputKind, Stat, TestOutcome};
use sha2::{Digest as _, Sha256};

const GO: &str = "go1.25.5";

/// The lines of a block, and its sum in hex.
fn block(name: &str, writes: &[String]) -> (Vec<String>, String) {
    let hash = Sha256::digest([GO, &writes.concat()].concat());
    let sum: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut lines = vec![format!("HASH[{name}]"), format!("HASH[{name}]: {GO:?}")];
    lines.extend(writes.iter().map(|write| format!("HASH[{name}]: {write:?}")));
    lines.push(format!("HASH[{name}]: {sum}"));
    (lines, sum)
}

fn short(hex: &str) -> String {
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or_default();
    }
    goaudit::golang::build_id::ShortId::of(&bytes).to_string()
}

/// What go prints of the test of package `n`, in the order of its own work.
struct Printed {
    link: Vec<String>,
    lines: Vec<String>,
}

fn printed(n: usize, ran: bool) -> Printed {
    let (link, sum) = block(&format!("link example.com/p{n}.test"), &[format!("{n}\n")]);
    let result = |binary: &str| {
        let write = format!("test binary {binary} args [\"-test.timeout=10m0s\"] execcmd []");
        block("testResult", &[write])
    };
    let (by_link, link_sum) = result(&short(&sum));
    let (by_content, content_sum) = result(&short(&format!("{n:02x}").repeat(32)));
    let mut nested = Vec::new();
    let mut lists = Vec::new();
    for at in 0..3 {
        let stat = format!("stat {at}{n} 1a4 2026-11-20 21:20:35.476895747 +0100 CET false\n");
        let (lines, sum) = block("open", &[stat]);
        nested.push(lines);
        lists.push(format!("open /src/p{n}/testdata/{at} {sum}\n"));
    }
    let (inputs, inputs_sum) = block("testInputs", &lists);
    let mut reading = inputs[..2].to_vec();
    for (lines, input) in nested.iter().zip(&inputs[2..]) {
        reading.extend(lines.iter().chain([input]).cloned());
    }
    reading.extend(inputs.last().cloned());
    let subkey =
        |sum: &str| format!("HASH subkey {sum} \"inputs:{inputs_sum}\" = {}", "0".repeat(64));
    let mut lines = by_link;
    if ran {
        lines.extend(by_content);
        lines.extend(reading);
        lines.extend([subkey(&link_sum), subkey(&content_sum)]);
    } else {
        lines.extend(reading);
        lines.push(subkey(&link_sum));
    }
    Printed { link, lines }
}

/// Takes pieces of one to `longest` lines of `side` tests at a time.
fn mixed(tests: &[Printed], side: usize, longest: usize) -> HashLog {
    let mut log: Vec<String> = tests.iter().flat_map(|test| test.link.clone()).collect();
    let mut waiting = tests.iter().map(|test| test.lines.iter());
    let mut running: Vec<_> = waiting.by_ref().take(side).collect();
    let mut random = 1_u64;
    while !running.is_empty() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let [one, other] = [random >> 33, random >> 45].map(|n| usize::try_from(n).unwrap_or(0));
        let at = one % running.len();
        log.extend(running[at].by_ref().take(1 + other % longest).cloned());
        if running[at].len() == 0 {
            drop(running.remove(at));
            running.extend(waiting.next());
        }
    }
    parse((log.join("\n") + "\n").as_bytes(), &mut Inputs::default())
}

#[test]
fn a_test_is_told_with_what_it_read() {
    let log = mixed(&[printed(1, true), printed(2, false)], 1, 1000);
    let [ran, found] = log.tests.as_slice() else { panic!("{:#?}", log.tests) };
    assert_eq!((ran.package.as_str(), ran.outcome), ("example.com/p1", TestOutcome::Ran));
    assert_eq!((found.package.as_str(), found.outcome), ("example.com/p2", TestOutcome::Found));
    assert_eq!((ran.args.as_str(), ran.exec.as_str()), ("[\"-test.timeout=10m0s\"]", "[]"));
    let Some([first, _, _]) = ran.inputs.as_deref() else { panic!("{ran:#?}") };
    assert_eq!((first.kind, first.name.as_str()), (InputKind::Open, "/src/p1/testdata/0"));
    let Some(FileState::File(stat)) = &first.file else { panic!("{first:#?}") };
    assert_eq!((stat.bytes, stat.mode.as_str()), (1, "1a4"));
    // date -u -d '2026-11-20 20:20:35' +%s
    assert_eq!(stat.unix_nanos(), Some(1_795_206_035_476_895_747));
}

/// What is told is right, however the lines mix; and most is told.
#[test]
fn tests_that_run_side_by_side_come_apart() {
    for (side, longest, at_least) in [(2, 30, 95), (2, 8, 90), (4, 20, 80), (8, 10, 40)] {
        let tests: Vec<Printed> = (0..100).map(|n| printed(n, n % 2 == 0)).collect();
        let log = mixed(&tests, side, longest);
        let told: Vec<_> =
            log.tests.iter().filter_map(|run| Some((run, run.inputs.as_ref()?))).collect();
        for (run, inputs) in &told {
            let own = run.package.replace("example.com", "/src");
            assert_eq!(inputs.len(), 3, "{run:#?}");
            assert!(
                inputs.iter().all(|input| input.name.starts_with(&format!("{own}/"))),
                "{run:#?}"
            );
        }
        assert!(told.len() >= at_least, "{side} {longest}: {} of 100", told.len());
    }
}

#[test]
fn times_are_read_in_any_zone() {
    let nanos = |modified: &str| {
        Stat { bytes: 0, mode: String::new(), modified: modified.to_owned() }.unix_nanos()
    };
    assert_eq!(nanos("1970-01-01 00:00:00 +0000 UTC"), Some(0));
    assert_eq!(nanos("1970-01-01 01:30:00.5 +0130 X"), Some(500_000_000));
    assert_eq!(nanos("1969-12-31 19:00:00 -0500 EST"), Some(0));
    assert_eq!(nanos("2024-02-29 12:00:00 +0000 UTC"), Some(1_709_208_000_000_000_000));
    for bad in [
        "",
        "2024-02-29",
        "2024-02-29 12:00 +0000 UTC",
        "a-b-c d:e:f g h",
        "9999999999999999999-1-1 0:0:0 +0 U",
    ] {
        assert_eq!(nanos(bad), None, "{bad}");
    }
}

#[test]
fn blocks_that_never_end_are_given_up() {
    let open =
        "HASH[testInputs]\nHASH[testInputs]: \"go1.25.5\"\nHASH[open]\nHASH[open]: \"go1.25.5\"\n"
            .repeat(2000);
    let writes = "HASH[open]: \"file x \"\nHASH[testInputs]: \"env A 0\\n\"\n".repeat(40_000);
    let sums = format!("HASH[open]: {0}\nHASH[testInputs]: {0}\n", "0".repeat(64)).repeat(2000);
    let log = parse((open + &writes + &sums).as_bytes(), &mut Inputs::default());
    assert_eq!(log.tests, []);
}
