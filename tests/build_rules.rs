//! Every rule about builds on recordings of real builds, without Go.
//!
//! What a rule must notice and the recorded builds do not do is done to the
//! recording: an argument is added, a setting is changed.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read fixtures")]

use std::collections::BTreeSet;
use std::fs::File;

use goaudit::diff;
use goaudit::finding::Finding;
use goaudit::golang::hash_log::Proof;
use goaudit::golang::inputs::Inputs;
use goaudit::leaks::{Kind, Leak, Leaks, Origin, Searched};
use goaudit::recording::{self, Recording};
use goaudit::rules::{self, Builds};

struct Pair {
    first: Recording,
    second: Recording,
    inputs: Inputs,
}

fn pair(module: &str) -> Pair {
    let mut inputs = Inputs::default();
    let [first, second] = ["first", "second"].map(|side| {
        let root = env!("CARGO_MANIFEST_DIR");
        let file =
            File::open(format!("{root}/fixtures/recordings/{module}-{side}.goaudit")).unwrap();
        recording::read(file, &mut inputs).unwrap()
    });
    Pair { first, second, inputs }
}

impl Pair {
    fn findings(&self) -> Vec<Finding> {
        let Self { first, second, inputs } = self;
        let comparison = diff::compare(first, second, inputs);
        rules::check_builds(&Builds { first, second, comparison: &comparison, inputs })
    }

    fn rules(&self) -> BTreeSet<&'static str> {
        self.findings().iter().map(|finding| finding.rule).collect()
    }

    fn of(&self, rule: &str) -> Vec<Finding> {
        self.findings().into_iter().filter(|finding| finding.rule == rule).collect()
    }

    /// The go command that builds, on both sides.
    fn each_build(&mut self, change: impl Fn(&mut recording::InvocationInfo)) {
        for side in [&mut self.first, &mut self.second] {
            for invocation in &mut side.invocations {
                if invocation.info.command().is_build() {
                    change(&mut invocation.info);
                }
            }
        }
    }
}

#[test]
fn leaky_breaks_what_it_was_written_to_break_and_nothing_else() {
    let expected = [
        "action-id-differs",
        "cgo-enabled",
        "missing-trimpath",
        "not-reproducible",
        "stray-a",
        "unpinned-toolchain",
        "volatile-ldflags",
    ];
    assert_eq!(pair("leaky").rules(), BTreeSet::from(expected));
}

#[test]
fn clean_breaks_nothing_but_the_version_it_does_not_pin() {
    // No cgo package is linked into it, and its go.mod names no toolchain.
    assert_eq!(pair("clean").rules(), BTreeSet::from(["unpinned-toolchain"]));
}

#[test]
fn a_stray_a_is_found_on_the_command_line_and_in_goflags() {
    assert_eq!(pair("clean").of("stray-a"), []);
    let mut with_flag = pair("clean");
    with_flag.each_build(|info| info.args.insert(1, "-a".into()));
    assert_eq!(with_flag.of("stray-a")[0].subject, "go build ./...");
    let mut by_goflags = pair("clean");
    by_goflags.each_build(|info| drop(info.settings.insert("GOFLAGS".into(), "-a -v".into())));
    assert!(by_goflags.of("stray-a")[0].message.contains("GOFLAGS"));
    // A later flag takes it back.
    by_goflags.each_build(|info| info.args.insert(1, "-a=false".into()));
    assert_eq!(by_goflags.of("stray-a"), []);
}

#[test]
fn a_value_that_changes_is_volatile_and_one_that_does_not_is_not() {
    let gcflags = |first: &str, second: &str| {
        let mut pair = pair("clean");
        for (side, value) in [(&mut pair.first, first), (&mut pair.second, second)] {
            for invocation in &mut side.invocations {
                invocation.info.args.insert(1, format!("-gcflags={value}"));
            }
        }
        pair.of("volatile-gcflags")
    };
    assert_eq!(gcflags("all=-N -l", "all=-N -l"), []);
    assert!(gcflags("-d=x1", "-d=x2")[0].message.contains("differs between two builds"));
    assert!(
        gcflags("-trimpath=/home/ci/app", "-trimpath=/home/ci/app")[0]
            .message
            .contains("an absolute path")
    );
    let tags = |value: &str| {
        let mut pair = pair("clean");
        pair.each_build(|info| info.args.insert(1, format!("-tags={value}")));
        pair.of("volatile-gcflags")
    };
    assert_eq!(tags("netgo,osusergo"), []);
    assert!(tags("build20261120")[0].message.contains("a time"));
}

#[test]
fn stamps_are_told_one_by_one() {
    let mut pair = pair("clean");
    let flag = "-ldflags=-s -X main.version=v1.2.3 -X main.commit=0123456789abcdef0123456789abcdef01234567";
    pair.each_build(|info| info.args.insert(1, flag.into()));
    let subjects: Vec<String> =
        pair.of("volatile-ldflags").into_iter().map(|f| f.subject).collect();
    assert_eq!(subjects, ["main.commit"]);
}

#[test]
fn trimpath_counts_wherever_it_is_given() {
    let mut pair = pair("leaky");
    assert_eq!(pair.of("missing-trimpath")[0].subject, "go build ./cmd/leaky");
    pair.each_build(|info| drop(info.settings.insert("GOFLAGS".into(), "-trimpath".into())));
    assert_eq!(pair.of("missing-trimpath"), []);
}

#[test]
fn cgo_is_told_by_package() {
    let subjects: BTreeSet<String> =
        pair("leaky").of("cgo-enabled").into_iter().map(|finding| finding.subject).collect();
    let expected = ["example.com/leaky/internal/native", "runtime/cgo"].map(str::to_owned);
    assert_eq!(subjects, BTreeSet::from(expected));
}

#[test]
fn a_toolchain_is_pinned_by_go_mod_or_by_gotoolchain() {
    let mut by_line = pair("clean");
    let version = by_line.first.go_version().unwrap().to_owned();
    by_line.first.manifest.go_mod.toolchain = Some(version.clone());
    assert_eq!(by_line.of("unpinned-toolchain"), []);
    let mut by_setting = pair("clean");
    by_setting.each_build(|info| drop(info.settings.insert("GOTOOLCHAIN".into(), version.clone())));
    assert_eq!(by_setting.of("unpinned-toolchain"), []);
    let mut older = pair("clean");
    older.first.manifest.go_mod.toolchain = Some("go1.21.0".into());
    assert!(older.of("unpinned-toolchain")[0].message.contains("go1.21.0 or newer"));
}

#[test]
fn an_artifact_of_one_side_only_is_not_reproducible() {
    let mut pair = pair("clean");
    pair.second.manifest.artifacts.clear();
    assert_eq!(pair.of("not-reproducible")[0].message, "only the first build made it");
}

/// The causes that are named are those that reach its link.
#[test]
fn an_artifact_names_the_causes_that_reach_it() {
    let finding = pair("leaky").of("not-reproducible").remove(0);
    assert_eq!(finding.subject, "bin/leaky");
    let fix = finding.fix.unwrap();
    for cause in ["workdir", "cgo", "link-flags", "goroot"] {
        assert!(fix.contains(cause), "{fix}");
    }
    let mut of_another_link = pair("leaky");
    for artifact in &mut of_another_link.second.manifest.artifacts {
        artifact.object.as_mut().unwrap().build_id = None;
    }
    assert_eq!(of_another_link.of("not-reproducible")[0].fix, None);
}

#[test]
fn equal_inputs_with_another_output_are_told_as_such() {
    let mut pair = pair("clean");
    let builds = pair.second.invocations.iter_mut();
    let node = builds
        .flat_map(|invocation| &mut invocation.graph)
        .find(|node| node.mode == "build" && node.package == "fmt")
        .unwrap();
    node.content_id = node.action_id;
    let findings = pair.of("nondeterministic-output");
    assert_eq!(findings[0].subject, "build fmt");
}

#[test]
fn nothing_compared_is_no_pass() {
    let reasons = |change: fn(&mut Pair)| {
        let mut pair = pair("clean");
        change(&mut pair);
        pair.of("nothing-compared").into_iter().map(|finding| finding.subject).collect::<Vec<_>>()
    };
    assert_eq!(reasons(|_| {}), Vec::<String>::new());
    let no_artifacts = reasons(|pair| {
        pair.first.manifest.artifacts.clear();
        pair.second.manifest.artifacts.clear();
    });
    assert_eq!(no_artifacts, ["artifacts"]);
    let no_go = reasons(|pair| pair.second.invocations.clear());
    assert_eq!(no_go, ["build"]);
    let one_place =
        reasons(|pair| pair.second.manifest.places = pair.first.manifest.places.clone());
    assert!(one_place.contains(&"workdir".to_owned()), "{one_place:?}");
    let from_a_cache = reasons(|pair| {
        for invocation in &mut pair.second.invocations {
            invocation.info.settings.insert("GOCACHE".into(), "/home/owner/.cache/go-build".into());
            for node in &mut invocation.graph {
                node.ran = false;
            }
        }
    });
    assert_eq!(from_a_cache, ["second build"]);
}

#[test]
fn an_unproven_key_is_said_and_explains_nothing() {
    let mut pair = pair("leaky");
    let keys = pair.second.invocations.iter_mut().flat_map(|invocation| &mut invocation.log.keys);
    let key =
        keys.into_iter().find(|key| key.package == "example.com/leaky/internal/greet").unwrap();
    key.proof = Proof::Mismatch;
    assert!(pair.of("hash-log-incomplete")[0].message.starts_with("1 of "));
    let unknown = pair.of("action-id-differs").into_iter().map(|finding| finding.subject);
    assert!(
        unknown
            .collect::<Vec<_>>()
            .contains(&"unknown build example.com/leaky/internal/greet".to_owned())
    );
}

#[test]
fn an_artifact_that_cannot_be_read_is_said() {
    let mut pair = pair("leaky");
    for artifact in &mut pair.second.manifest.artifacts {
        artifact.object = Err("not an executable but a text file".into());
    }
    let finding = pair.of("artifact-not-parsed").remove(0);
    assert!(finding.evidence.iter().any(|line| line.contains("a text file")), "{finding:?}");
}

impl Pair {
    /// Has both builds searched for GOROOT, the second by a value of its own, and the first find it.
    fn with_leak(mut self, kind: Kind, origin: Origin, second_has_it: bool) -> Self {
        for (index, side) in [&mut self.first, &mut self.second].into_iter().enumerate() {
            let is_certain = index == 1;
            let leak = Leak {
                kind,
                origin,
                artifact: side.manifest.artifacts[0].path.clone(),
                member: String::new(),
                section: ".rodata".into(),
                symbol: None,
                offset: 0,
                count: 2,
                example: kind.placeholder().into(),
                is_certain,
            };
            side.manifest.leaks = Some(Leaks {
                searched: vec![Searched { kind, is_certain }],
                found: if index == 0 || second_has_it { vec![leak] } else { Vec::new() },
                ..Leaks::default()
            });
        }
        self
    }
}

#[test]
fn each_kind_of_value_has_its_rule() {
    for (kind, rule) in [
        (Kind::Workdir, "leaked-path"),
        (Kind::Gocache, "leaked-path"),
        (Kind::Goroot, "leaked-goroot"),
        (Kind::User, "leaked-user"),
        (Kind::Host, "leaked-host"),
        (Kind::Environment, "leaked-environment"),
    ] {
        let pair = pair("clean").with_leak(kind, Origin::Content, true);
        assert_eq!(pair.rules(), BTreeSet::from([rule, "unpinned-toolchain"]), "{kind:?}");
        assert_eq!(
            pair.of(rule)[0].evidence[0],
            format!(".rodata: {} (2 in each build)", kind.placeholder())
        );
    }
}

/// A program may name `/usr/local/go` by itself; where Go was elsewhere it does so still.
#[test]
fn text_that_is_equal_to_a_value_by_chance_is_no_leak() {
    let pair = pair("clean").with_leak(Kind::Goroot, Origin::Content, false);
    assert_eq!(pair.rules(), BTreeSet::from(["unpinned-toolchain"]));
}

#[test]
fn what_trimpath_keeps_out_is_evidence_of_its_own_rule() {
    for origin in [Origin::Paths, Origin::BuildInfo] {
        let leaky = pair("leaky").with_leak(Kind::Workdir, origin, true);
        assert_eq!(leaky.of("leaked-path"), []);
        let evidence = &leaky.of("missing-trimpath")[0].evidence;
        assert!(evidence.contains(&"bin/leaky: .rodata: $WORKDIR (2 in each build)".to_owned()));
        // With -trimpath it is there for another reason.
        assert_eq!(pair("clean").with_leak(Kind::Workdir, origin, true).of("leaked-path").len(), 1);
    }
    let stamped = pair("leaky").with_leak(Kind::Workdir, Origin::Content, true);
    assert_eq!(stamped.of("leaked-path").len(), 1);
}
