//! Why tests ran again whose results might have been found.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::category::Category;
use crate::diff::test_inputs::{self, InputChange};
use crate::golang::build_id::ShortId;
use crate::golang::flags::GoCommand;
use crate::golang::hash_log::KeyKind;
use crate::golang::inputs::{InputId, Inputs};
use crate::golang::test_log::{TestOutcome, TestRun};
use crate::recording::{Invocation, Recording};

/// The tests of the second build, by what became of them, and why they ran.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tests {
    /// Whose result was in the cache.
    pub found: usize,
    /// Of which the log does not say whether they ran: others read the same at the same time.
    pub not_known: usize,
    /// Those that ran, by package.
    pub ran: Vec<TestDifference>,
    /// What made them run, that which made the most run first.
    pub causes: Vec<TestCause>,
}

/// A test that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDifference {
    /// Import path.
    pub package: String,
    /// Arguments that are part of its key, as a list of quoted words.
    pub args: String,
    /// All that differs; never empty.
    pub why: Vec<TestReason>,
}

/// Why one test ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestReason {
    /// Its executable is another one: it follows what its link follows.
    Executable { link: String },
    /// The arguments, or the `-exec`, are others.
    Arguments { first: String, second: String },
    /// A flag with which results are never cached, or why else they are not.
    NotCacheable { why: String },
    /// What it read differs.
    Input(InputChange),
    /// The first build does not have it.
    New,
    /// The first build kept no result.
    NotKept,
    /// What it read could not be told from what others read.
    NotRead,
    /// Nothing that is hashed differs.
    NotInCache,
}

impl TestReason {
    /// Returns the reason in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let files = match self {
            Self::Executable { link } => return format!("its executable changed: {link}"),
            Self::Input(change) => change.file().unwrap_or_default(),
            _ => "",
        };
        cause(self).1.title.replace(test_inputs::FILES, files)
    }
}

/// What made tests run, however many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCause {
    /// `None` for tests that follow their executable, or are new.
    pub category: Option<Category>,
    /// One line.
    pub title: String,
    /// Import paths of the tests that it made run.
    pub tests: Vec<String>,
    /// Files that it is about.
    pub files: Vec<String>,
    pub fix: Option<&'static str>,
}

/// Compares the tests of two recordings that were read with the same `inputs`.
pub(super) fn compare(first: &Recording, second: &Recording, inputs: &Inputs) -> Tests {
    let ours = collect(first);
    let mut tests = Tests::default();
    for test in collect(second) {
        match test.run.map(|run| run.outcome) {
            Some(TestOutcome::Found) => {
                tests.found += 1;
                continue;
            }
            Some(TestOutcome::Unclear) => {
                tests.not_known += 1;
                continue;
            }
            _ => {}
        }
        let candidates = || ours.iter().filter(|one| one.package == test.package);
        // A script may run the tests of a package several times: with other tags, with -race.
        let likeness = |one: &&Test<'_>| match (one.run, test.run) {
            (Some(one), Some(other)) => (one.args == other.args, one.link == other.link),
            _ => (false, false),
        };
        let before = candidates().max_by_key(likeness);
        let roots = [first, second].map(|side| side.manifest.places.root.as_str());
        tests.ran.push(TestDifference {
            package: test.package.to_owned(),
            args: test.run.map_or_else(String::new, |run| run.args.clone()),
            why: reasons(before, &test, roots, inputs),
        });
    }
    // They are looked up side by side, in another order each time.
    tests.ran.sort_by(|one, other| (&one.package, &one.args).cmp(&(&other.package, &other.args)));
    tests.causes = causes(&tests.ran);
    tests
}

/// One run of a package's tests.
struct Test<'r> {
    package: &'r str,
    invocation: &'r Invocation,
    /// `None` where no result was looked for: it could not be cached.
    run: Option<&'r TestRun>,
}

impl Test<'_> {
    /// The version of the go command that is hashed into everything: sums of two versions all differ.
    fn salt(&self) -> Option<InputId> {
        let link = self.run?.link;
        let mut keys = self.invocation.log.keys.iter();
        keys.find(|key| key.kind == KeyKind::Link && ShortId::of(&key.sum) == link)?
            .inputs
            .first()
            .copied()
    }
}

fn collect(recording: &Recording) -> Vec<Test<'_>> {
    let mut tests = Vec::new();
    for invocation in &recording.invocations {
        let command = invocation.info.command();
        if command.is_set("n") {
            continue;
        }
        let runs = &invocation.log.tests;
        tests.extend(runs.iter().map(|run| Test {
            package: &run.package,
            invocation,
            run: Some(run),
        }));
        if command.verb != "test" || command.is_set("c") {
            continue;
        }
        let cacheable: BTreeSet<ShortId> = runs.iter().map(|run| run.link).collect();
        let links = invocation.log.keys.iter().filter(|key| key.kind == KeyKind::Link);
        tests.extend(links.filter(|key| !cacheable.contains(&ShortId::of(&key.sum))).filter_map(
            |key| {
                let package = key.package.strip_suffix(".test")?;
                Some(Test { package, invocation, run: None })
            },
        ));
    }
    tests
}

fn reasons(
    before: Option<&Test<'_>>,
    test: &Test<'_>,
    roots: [&str; 2],
    inputs: &Inputs,
) -> Vec<TestReason> {
    let Some(run) = test.run else {
        let why = not_cacheable(&test.invocation.info.command());
        return vec![TestReason::NotCacheable { why }];
    };
    let Some(before) = before else { return vec![TestReason::New] };
    let Some(old) = before.run else { return vec![TestReason::NotKept] };
    let mut why = Vec::new();
    if old.link != run.link {
        why.push(TestReason::Executable { link: format!("link {}.test", run.package) });
    }
    if (&old.args, &old.exec) != (&run.args, &run.exec) {
        let line = |run: &TestRun| format!("{} {}", run.args, run.exec).replace(" []", "");
        why.push(TestReason::Arguments { first: line(old), second: line(run) });
    }
    let text = |test: &Test<'_>| test.salt().map(|id| inputs.quoted(id));
    if text(before) != text(test) {
        return why;
    }
    let is_kept = old.outcome != TestOutcome::NotKept;
    match (&old.inputs, &run.inputs) {
        (Some(one), Some(other)) => {
            let changes = test_inputs::between(one, other, roots);
            why.extend(changes.into_iter().map(TestReason::Input));
            if why.is_empty() {
                why.push(if is_kept { TestReason::NotInCache } else { TestReason::NotKept });
            }
        }
        _ if !why.is_empty() => {}
        _ if is_kept => why.push(TestReason::NotRead),
        _ => why.push(TestReason::NotKept),
    }
    why
}

/// Flags of `go test` with which results are cached. Build flags are part of the executable.
///
/// Source: `tryCacheWithID` in `cmd/go/internal/test/test.go`, Go 1.27.
const CACHEABLE: &[&str] = &[
    "benchtime",
    "coverprofile",
    "cpu",
    "failfast",
    "fullpath",
    "list",
    "outputdir",
    "parallel",
    "run",
    "short",
    "skip",
    "timeout",
    "v",
];

/// Flags of `go test` that tests themselves get.
const OF_TESTS: &[&str] = &[
    "artifacts",
    "bench",
    "benchmem",
    "blockprofile",
    "blockprofilerate",
    "count",
    "cpuprofile",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "memprofile",
    "memprofilerate",
    "mutexprofile",
    "mutexprofilefraction",
    "shuffle",
    "trace",
    "args",
];

fn not_cacheable(command: &GoCommand) -> String {
    let flag = command.flags.iter().find(|flag| {
        OF_TESTS.contains(&flag.name.as_str()) && !CACHEABLE.contains(&flag.name.as_str())
    });
    match flag {
        Some(flag) => match &flag.value {
            Some(value) => format!("-{}={value}", flag.name),
            None => format!("-{}", flag.name),
        },
        None if command.packages.is_empty() => "no package is named".to_owned(),
        None => "its arguments".to_owned(),
    }
}

/// What several tests can have in common.
type Group = (u8, String);

fn causes(ran: &[TestDifference]) -> Vec<TestCause> {
    let mut groups: BTreeMap<Group, (TestCause, BTreeSet<String>)> = BTreeMap::new();
    for test in ran {
        for reason in &test.why {
            let (group, cause) = cause(reason);
            let (cause, files) = groups.entry(group).or_insert_with(|| (cause, BTreeSet::new()));
            if cause.tests.last() != Some(&test.package) {
                cause.tests.push(test.package.clone());
            }
            if let TestReason::Input(change) = reason {
                files.extend(change.file().map(str::to_owned));
            }
        }
    }
    let mut causes: Vec<TestCause> = groups
        .into_values()
        .map(|(mut cause, files)| {
            cause.files = files.into_iter().collect();
            if cause.title.contains(test_inputs::FILES) {
                let files = test_inputs::named(&cause.files);
                cause.title = cause.title.replace(test_inputs::FILES, &files);
            }
            cause
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.tests.len()));
    causes
}

fn cause(reason: &TestReason) -> (Group, TestCause) {
    let made = |order: u8, about: &str, category, title: String, fix| {
        let cause = TestCause { category, title, tests: Vec::new(), files: Vec::new(), fix };
        ((order, about.to_owned()), cause)
    };
    let input = Some(Category::TestInput);
    let state = Some(Category::CacheState);
    match reason {
        TestReason::Input(change) => {
            let (about, title, fix) = change.told();
            made(0, &about, input, title, fix)
        }
        TestReason::Arguments { first, second } => {
            let title = format!("the tests have other arguments: {first} → {second}");
            made(1, &title.clone(), input, title, Some("give the same flags on both sides"))
        }
        TestReason::NotCacheable { why } => made(
            2,
            why,
            state,
            format!("results are never cached with this command: {why}"),
            Some("leave it out where a result from the cache will do"),
        ),
        TestReason::NotKept => made(
            3,
            "",
            state,
            "the first build kept no result: the test failed, could not be cached, or read a file younger than two seconds".to_owned(),
            None,
        ),
        TestReason::NotInCache => made(
            4,
            "",
            state,
            "all that is hashed is equal, and the cache did not have the result".to_owned(),
            Some("see that GOCACHE is restored, and that no `go clean -testcache` runs"),
        ),
        TestReason::NotRead => made(
            5,
            "",
            Some(Category::Unknown),
            "what the tests read cannot be told apart: they ran side by side".to_owned(),
            Some("record with `go test -p 1`"),
        ),
        TestReason::Executable { .. } => {
            made(6, "", None, "their executables changed, see the causes of their links".to_owned(), None)
        }
        TestReason::New => made(7, "", None, "the first build does not run them".to_owned(), None),
    }
}
