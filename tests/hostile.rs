//! Files that nobody writes in good faith: every rule ends, promptly, and says what it could not read.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use goaudit::config::{Repository, SourceFile};
use goaudit::finding::Finding;
use goaudit::rules;

fn workflow(text: &str) -> Repository {
    let path = ".github/workflows/ci.yml".to_owned();
    Repository::new(vec![SourceFile { path: path.clone(), text: text.to_owned() }], vec![path])
}

/// Runs all rules and fails when that takes longer than anyone would wait.
fn promptly(what: &str, repository: Repository) -> Vec<Finding> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(rules::check_files(&repository)));
    receiver.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|err| panic!("{what}: {err}"))
}

#[test]
fn broken_and_hostile_files_are_told_promptly() {
    let deep = "[".repeat(100_000);
    let bomb: String = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        let m = n - 1;
        text + &format!("a{n}: &a{n} [*a{m}, *a{m}, *a{m}, *a{m}]\n")
    });
    let long = format!(
        "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/cache@v4\n        with:\n          \
         path: ~/go/pkg/mod\n          key: {}\n",
        "${{ github.sha }}".repeat(58_000)
    );
    assert!(long.len() < 1 << 20 && long.len() > 950_000);
    let step = |n: usize| {
        let key = format!("{}${{{{ github.sha }}}}{n}", "k".repeat(120));
        format!(
            "      - uses: actions/cache@v4\n        with: {{path: ~/go/pkg/mod, key: '{key}'}}\n"
        )
    };
    let steps: String = (0..1000).map(step).collect();
    let many = format!("on: push\njobs:\n  a:\n    steps:\n{steps}");
    let lines = format!(
        "jobs: \n  a:\n    steps:\n      - uses: actions/cache@v4\n        with:\n          key: k\n          \
         restore-keys: |\n{}",
        "            k\n".repeat(70_000)
    );
    let matrix = format!(
        "jobs:\n  a:\n    strategy:\n      matrix:\n        {}",
        bomb.replace('\n', "\n        ")
    );
    for (what, text) in [
        ("deep", deep.as_str()),
        ("alias bomb", &bomb),
        ("alias bomb in a matrix", &matrix),
        ("long key", &long),
        ("thousands of keys", &many),
        ("thousands of restore keys", &lines),
        ("key of more than a megabyte", &format!("key: {}", "k".repeat(1 << 20))),
        ("sequence", "- a\n- b\n"),
        ("scalar", "text"),
        ("empty", ""),
        ("jobs of the wrong kind", "on: push\njobs: []\n"),
        ("job of the wrong kind", "jobs: {a: [], b: text, c: , d: {steps: {}}}"),
        (
            "steps of the wrong kind",
            "jobs: {a: {steps: [a, [], {}, {uses: []}, {uses: ./}, {run: {}}]}}",
        ),
        ("needs in a circle", "jobs: {a: {needs: b, steps: []}, b: {needs: [a, b, z], steps: []}}"),
    ] {
        promptly(what, workflow(text));
    }
}

#[test]
fn what_uses_itself_ends() {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let action = |name: &str, uses: &str| {
        let uses =
            uses.split(' ').map(|uses| format!("    - uses: ./{uses}\n")).collect::<String>();
        let text = format!("runs:\n  using: composite\n  steps:\n{uses}");
        file(&format!("{name}/action.yml"), &text)
    };
    let call = "on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n  \
                b:\n    uses: ./.github/workflows/ci.yml\n  c:\n    steps:\n      - uses: ./a\n";
    let twice = (0..20).map(|n| action(&format!("t{n}"), &format!("t{0} t{0} t{0}", n + 1)));
    let mut files = vec![
        file(".github/workflows/ci.yml", call),
        file(".github/workflows/t.yml", "jobs: {a: {steps: [{uses: ./t0}]}}"),
        action("a", "b"),
        action("b", "a b"),
    ];
    files.extend(twice);
    let findings = promptly("loops", Repository::new(files, Vec::new()));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(
        (finding.rule, finding.subject.as_str()),
        ("file-not-read", ".github/workflows/t.yml")
    );
}

/// An input that is passed on doubled through many actions would fill the memory.
#[test]
fn a_value_that_doubles_does_not_grow() {
    let text = "x".repeat(1000);
    let mut steps = String::new();
    for n in 0..64 {
        steps += &format!("      - run: echo \"V{}=$V{n}$V{n}\" >> $GITHUB_ENV\n", n + 1);
    }
    let cache = "      - uses: actions/cache@v4\n        with:\n          path: ~/.cache/go-build\n          \
                 key: ${{ env.V64 }}\n";
    let text = format!("on: push\nenv:\n  V0: {text}\njobs:\n  a:\n    steps:\n{steps}{cache}");
    assert_eq!(promptly("doubling", workflow(&text)), []);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_read_or_told() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/rules/cache-key-volatile/fires/restore-key-holds-it-too");
    let text = fs::read_to_string(dir.join(".github/workflows/ci.yml")).unwrap();
    for end in 0..text.len() {
        let Some(cut) = text.get(..end) else { continue };
        let findings = rules::check_files(&workflow(cut));
        // A key of one letter is constant, and has no version either.
        assert!(findings.len() <= 2, "{end}: {findings:?}");
    }
}

/// Build files that never end: everything is bounded, and what is not closed is told.
#[test]
fn hostile_build_files_are_told_promptly() {
    let many = |line: &str, count: usize| line.repeat(count);
    let doubling: String =
        (0..60).map(|n| format!("A{n} = $(A{0}) $(A{0})\n", n + 1)).collect::<String>()
            + "A60 = x\nall:\n\tgo build $(A0) .\n";
    let calls: String =
        (0..200).map(|n| format!("t{n}: t{0}\n\t$(MAKE) t{0}\n\t$(MAKE) t{0}\n", n + 1)).collect();
    let functions: String =
        (0..50).map(|n| format!("f{n}() {{ f{0}; f{0}; f{0}; }}\n", n + 1)).collect::<String>()
            + "f0\n";
    let tasks: String = (0..100)
        .map(|n| format!("  t{n}: {{cmds: [{{task: t{0}}}, {{task: t{0}}}]}}\n", n + 1))
        .collect();
    for (path, text) in [
        ("Makefile", doubling.as_str()),
        ("Makefile", &calls),
        ("Makefile", &many("$(", 100_000)),
        ("Makefile", &many("a:\n\tgo build -a .\n", 20_000)),
        ("Makefile", &format!("a:\n\t{}\n", many("$(", 50_000))),
        ("Makefile", &format!("a:\n\tgo build {} .\n", many("\"$(x)\" ", 50_000))),
        ("Makefile", &format!("include {}\n", many("Makefile ", 50_000))),
        ("justfile", &many("a: a\n  just a\n", 10_000)),
        ("Taskfile.yml", &format!("version: '3'\ntasks:\n{tasks}")),
        ("Dockerfile", &format!("FROM x\nRUN {}", many("a && \\\n", 50_000))),
        ("Dockerfile", &many("FROM x AS x\nRUN go build -a\n", 10_000)),
        ("Dockerfile", "FROM x\nRUN <<A <<B\n"),
        ("Makefile", "a:\n\t\u{0}\u{feff}go\u{2028} build -a '\u{0}'\n"),
    ] {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let start: String = text.chars().take(40).collect();
        promptly(&format!("{path}: {start}"), Repository::new(vec![file], vec![path.to_owned()]));
    }
    let script = |text: &str| {
        vec![
            SourceFile { path: "Makefile".to_owned(), text: "a:\n\t./x.sh\n".to_owned() },
            SourceFile { path: "x.sh".to_owned(), text: text.to_owned() },
        ]
    };
    for text in [
        &functions,
        &many("(", 200_000),
        &many("$(", 100_000),
        &many("a=$a$a\n", 5_000),
        &many("f() {", 50_000),
    ] {
        let start: String = text.chars().take(20).collect();
        promptly(&start, Repository::new(script(text), Vec::new()));
    }
    let findings =
        promptly("quote", Repository::new(script("go build -a\necho 'open\n"), Vec::new()));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let place = finding.place.clone().unwrap();
    assert_eq!((finding.rule, place.path.as_str()), ("file-not-read", "x.sh"));
    assert_eq!(place.at.map(|(line, column)| (line.get(), column.get())), Some((2, 6)));
}
