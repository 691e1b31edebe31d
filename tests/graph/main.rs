//! `goaudit graph`: what it says of graphs whose answer is known, and of files that nobody wrote
//! in good faith.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit")]

mod arbitrary;
mod builds;
#[path = "../edge/mod.rs"]
mod edge;
mod files;
mod traces;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use goaudit::golang::action_graph::{self, GraphAction};
use goaudit::timing::{self, State, Timing, lanes};
use serde_json::{Value, json};
use traces::assert_trace;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn graph(args: &[&str], stdin: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goaudit"));
    command.arg("graph").args(args).env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // goaudit may have seen enough before the end.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn on(file: &str, args: &[&str]) -> Output {
    let output = graph(&[args, &[fixture(file).to_str().unwrap()]].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn report(file: &str) -> Value {
    let report: Value = serde_json::from_slice(&on(file, &["--format", "json"]).stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.graph.v1");
    report
}

/// Whole graphs that Go wrote.
const SAMPLES: &[&str] = &[
    "golang/1.21.13-cold-whole.graph.zst",
    "golang/1.25.5-cold-whole.graph.zst",
    "golang/1.25.5-warm.graph.zst",
    "golang/1.27.3-cold-whole.graph.zst",
    "graphs/1.27.3-test-warm.json.gz",
    "graphs/small.json",
];

fn parsed(file: &str) -> Vec<GraphAction> {
    let bytes = fs::read(fixture(file)).unwrap();
    let json = match file.rsplit('.').next() {
        Some("zst") => zstd::decode_all(&bytes[..]).unwrap(),
        Some("gz") => {
            let mut json = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
            std::io::Read::read_to_end(&mut decoder, &mut json).unwrap();
            json
        }
        _ => bytes,
    };
    action_graph::parse(&json).unwrap()
}

fn steps(path: &Value) -> Vec<(String, f64, f64)> {
    let name = |step: &Value| {
        let package = step["package"].as_str().unwrap().trim_start_matches("example.com/");
        format!("{} {package}", step["mode"].as_str().unwrap())
    };
    let number = |step: &Value, key: &str| step[key].as_f64().unwrap();
    let steps = path["steps"].as_array().unwrap().iter();
    steps.map(|s| (name(s), number(s, "own_seconds"), number(s, "saving_seconds"))).collect()
}

/// The answers are those of the fixture's README.
#[test]
fn a_small_graph_has_the_path_and_the_savings_that_a_person_finds() {
    let report = report("graphs/small.json");
    let expected = [
        ("build base".to_owned(), 2.0, 2.0),
        ("build left".to_owned(), 3.0, 2.0),
        ("vet app".to_owned(), 4.0, 1.0),
    ];
    assert_eq!(steps(&report["cpu_path"]), expected);
    assert_eq!(steps(&report["elapsed_path"]), expected);
    assert_eq!(report["cpu_path"]["seconds"], 9.0);
    let command = &report["commands"][0];
    for (key, expected) in [
        ("actions", json!(9)),
        ("ran", json!(7)),
        ("cached", json!(1)),
        ("idle", json!(1)),
        ("failed", json!(0)),
        ("cpu_seconds", json!(17.0)),
        ("real_seconds", json!(17.0)),
        ("elapsed_seconds", json!(10.0)),
        ("useful_parallelism", json!(17.0 / 9.0)),
        ("effective_cores", json!(1.7)),
        ("state", json!("built")),
    ] {
        assert_eq!(command[key], expected, "{key}");
    }
    assert_eq!(report["replay"], json!({"workers": 2, "elapsed_seconds": 10.0}));
    let savings: BTreeMap<String, f64> = report["slowest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| {
            let package = action["package"].as_str().unwrap().rsplit('/').next().unwrap();
            let name = format!("{} {package}", action["mode"].as_str().unwrap());
            (name, action["replay_saving_seconds"].as_f64().unwrap())
        })
        .collect();
    assert_eq!((savings["build base"], savings["build left"], savings["vet app"]), (2.0, 1.0, 0.0));
    assert_eq!(report["concurrency"]["peak"], 2);
    assert_eq!(report["concurrency"]["peak_runnable"], 1);
    assert_eq!(report["warnings"], json!([]));
}

#[test]
fn the_text_of_a_small_graph() {
    insta::assert_snapshot!(text(&on("graphs/small.json", &[]).stdout), @r#"
    go build
      9 actions: 7 ran, 1 cached, 1 with no command of their own
      17.0 CPU s, 10.0 s elapsed: 1.7 cores busy on average; no more than 1.9 could be of use

                CPU s  share  command s   ran  cached  actions
      compile    11.0    65%       11.0     5       1        6
      link       2.00    12%       2.00     1       0        1
      vet        4.00    24%       4.00     1       0        1

    critical path in CPU time: 9.00 of 17.0 s, over 3 steps
          CPU s  path without it  elapsed s
           2.00            -2.00       2.00  build example.com/base
           3.00            -2.00       3.00  build example.com/left
           4.00            -1.00       4.00  vet example.com/app

    critical path in elapsed time: 9.00 of 10.0 s, over 3 steps
      elapsed s  path without it      CPU s
           2.00            -2.00       2.00  build example.com/base
           3.00            -2.00       3.00  build example.com/left
           4.00            -1.00       4.00  vet example.com/app

    slowest actions
          CPU s  elapsed s  build without it
           4.00       4.00                 0  vet example.com/app
           3.00       3.00             -1.00  build example.com/left
           3.00       3.00             -1.00  build example.com/other
           2.00       2.00             -1.00  link example.com/app
           2.00       2.00             -1.00  build example.com/right
           2.00       2.00             -2.00  build example.com/base

    actions over time, 0.18 s a column: running, and waiting for nothing but a worker
      running  ███▄▄▄▄▄▄▄▄███████████████████████████████████████▆▄▄▄▄▄  at most 2
      waiting             ▇████████████████                              at most 1
    "#);
}

/// The README shows a fixture; … stands for what it leaves out.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.unwrap();
    let (_, example) = readme.split_once("$ goaudit graph fixtures/").unwrap();
    let (file, example) = example.split_once('\n').unwrap();
    let printed = text(&on(file, &[]).stdout);
    let mut rest = printed.as_str();
    for part in example.split("```").next().unwrap().split("…\n").filter(|part| !part.is_empty())
    {
        (_, rest) = rest.split_once(part).unwrap_or_else(|| panic!("{part}\nis not in\n{rest}"));
    }
}

#[test]
fn the_markdown_of_a_small_graph() {
    insta::assert_snapshot!(text(&on("graphs/small.json", &["--format", "markdown"]).stdout), @r#"
    ### Where the time of `go build` went

    **17.0 CPU s**, 10.0 s elapsed; 9 actions: 7 ran, 1 cached. 1.7 cores were busy on average; no more than 1.9 could be of use.

    | | CPU s | command s | ran | cached |
    | --- | ---: | ---: | ---: | ---: |
    | compile | 11.0 | 11.0 | 5 | 1 |
    | link | 2.00 | 2.00 | 1 | 0 |
    | vet | 4.00 | 4.00 | 1 | 0 |

    <details><summary>Critical path in CPU time: 9.00 s over 3 steps</summary>

    | CPU s | path without it | action |
    | ---: | ---: | --- |
    | 2.00 | -2.00 | `build example.com/base` |
    | 3.00 | -2.00 | `build example.com/left` |
    | 4.00 | -1.00 | `vet example.com/app` |

    </details>

    <details><summary>Critical path in elapsed time: 9.00 s over 3 steps</summary>

    | elapsed s | path without it | action |
    | ---: | ---: | --- |
    | 2.00 | -2.00 | `build example.com/base` |
    | 3.00 | -2.00 | `build example.com/left` |
    | 4.00 | -1.00 | `vet example.com/app` |

    </details>

    <details><summary>Slowest actions</summary>

    | CPU s | elapsed s | build without it | ran | action |
    | ---: | ---: | ---: | ---: | --- |
    | 4.00 | 4.00 | 0 |  | `vet example.com/app` |
    | 3.00 | 3.00 | -1.00 |  | `build example.com/left` |
    | 3.00 | 3.00 | -1.00 |  | `build example.com/other` |
    | 2.00 | 2.00 | -1.00 |  | `link example.com/app` |
    | 2.00 | 2.00 | -1.00 |  | `build example.com/right` |
    | 2.00 | 2.00 | -2.00 |  | `build example.com/base` |
    | 1.00 | 1.00 | -1.00 |  | `build example.com/app` |

    </details>
    "#);
}

#[test]
fn a_report_fits_a_screen_unless_all_is_asked_for() {
    for file in SAMPLES {
        let lines = text(&on(file, &[]).stdout).lines().count();
        assert!((10..=40).contains(&lines), "{file}: {lines} lines");
    }
    let all = text(&on(SAMPLES[3], &["-v"]).stdout).lines().count();
    assert!(all > 100, "{all}");
}

/// Checks what must be true of every graph.
fn check(graph: &[GraphAction]) -> Timing {
    let timing = timing::measure(graph, None);
    let cpu: u64 = graph.iter().map(|action| action.cpu_ns).sum();
    assert_eq!(timing.totals.cpu_ns, cpu);
    let groups = || timing.groups.iter().map(|(_, totals)| totals);
    assert_eq!(groups().map(|totals| totals.cpu_ns).sum::<u64>(), cpu);
    assert_eq!(groups().map(|totals| totals.real_ns).sum::<u64>(), timing.totals.real_ns);
    assert_eq!(groups().map(|totals| totals.actions).sum::<usize>(), graph.len());
    let totals = &timing.totals;
    assert_eq!(totals.ran + totals.cached + totals.idle, totals.actions);
    assert_eq!(totals.ran, graph.iter().filter(|action| action.ran).count());
    let cpu_of: fn(&GraphAction) -> u64 = |action| action.cpu_ns;
    for (path, weight) in
        [(&timing.cpu_path, cpu_of), (&timing.elapsed_path, GraphAction::elapsed_ns)]
    {
        assert_eq!(path.steps.iter().map(|step| step.own_ns).sum::<u64>(), path.total_ns);
        for pair in path.steps.windows(2) {
            let (dep, user) = (&graph[pair[0].action], &graph[pair[1].action]);
            assert!(user.deps.contains(&dep.id), "{} does not need {}", user.id, dep.id);
        }
        for step in &path.steps {
            assert_eq!(step.own_ns, weight(&graph[step.action]));
            assert!(step.saving_ns <= step.own_ns);
        }
    }
    assert!(timing.cpu_path.total_ns <= cpu);
    assert_lanes(graph, timing.concurrency.peak);
    assert_buckets(graph, &timing);
    timing
}

fn assert_lanes(graph: &[GraphAction], peak: usize) {
    let lanes = lanes::assign(graph);
    let mut by_lane: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
    for (action, lane) in graph.iter().zip(&lanes) {
        assert_eq!(action.span().is_some(), lane.is_some());
        if let (Some(span), Some(lane)) = (action.span(), lane) {
            by_lane.entry(lane.0).or_default().push(span);
        }
    }
    assert_eq!(by_lane.len(), peak);
    for spans in by_lane.values_mut() {
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{spans:?}");
    }
}

/// The area under the curve is the time of all actions together.
fn assert_buckets(graph: &[GraphAction], timing: &Timing) {
    let over_time = &timing.concurrency;
    let area: f64 = over_time.running.iter().map(|n| n * over_time.bucket_ns as f64).sum();
    let spans: u64 = graph.iter().map(GraphAction::elapsed_ns).sum();
    assert!((area - spans as f64).abs() <= 1e-6 * spans as f64, "{area} {spans}");
    assert!(over_time.running.iter().all(|&n| n <= over_time.peak as f64 + 1e-9));
}

/// A measure of a chain that shares nothing with goaudit's: by recursion, over all chains.
fn longest(graph: &[GraphAction], weights: &[u64]) -> u64 {
    fn to(at: usize, graph: &[GraphAction], weights: &[u64], known: &mut [Option<u64>]) -> u64 {
        if let Some(known) = known[at] {
            return known;
        }
        let deps = graph[at].deps.iter();
        let deps = deps.map(|dep| graph.iter().position(|action| action.id == *dep).unwrap());
        let before = deps.map(|dep| to(dep, graph, weights, known)).max().unwrap_or(0);
        known[at] = Some(before + weights[at]);
        before + weights[at]
    }
    let mut known = vec![None; graph.len()];
    (0..graph.len()).map(|at| to(at, graph, weights, &mut known)).max().unwrap_or(0)
}

fn assert_savings(graph: &[GraphAction], path: &timing::path::CriticalPath, weights: &[u64]) {
    let whole = longest(graph, weights);
    assert_eq!(path.total_ns, whole);
    for step in &path.steps {
        let mut without = weights.to_vec();
        without[step.action] = 0;
        assert_eq!(step.saving_ns, whole - longest(graph, &without), "step {}", step.action);
    }
}

#[test]
fn real_graphs_keep_the_invariants() {
    for file in SAMPLES {
        let graph = parsed(file);
        let timing = check(&graph);
        assert_eq!(timing.state, State::Built, "{file}");
        assert_eq!(timing.oddities, timing::Oddities::default(), "{file}");
        let cpu: Vec<u64> = graph.iter().map(|action| action.cpu_ns).collect();
        assert_savings(&graph, &timing.cpu_path, &cpu);
        let elapsed: Vec<u64> = graph.iter().map(GraphAction::elapsed_ns).collect();
        assert_savings(&graph, &timing.elapsed_path, &elapsed);
        // The way in which go chooses what is next is the one that is replayed.
        let off = timing.replay.elapsed_ns.abs_diff(timing.elapsed_ns);
        assert!(off * 50 <= timing.elapsed_ns, "{file}: {off} of {}", timing.elapsed_ns);
    }
}

#[test]
fn what_ran_and_what_was_cached_is_told_from_the_graph() {
    let counts = |file: &str| {
        let totals = timing::measure(&parsed(file), None).totals;
        (totals.actions, totals.ran, totals.cached)
    };
    assert_eq!(counts("golang/1.25.5-cold-whole.graph.zst"), (74, 68, 0));
    assert_eq!(counts("golang/1.25.5-warm.graph.zst"), (74, 2, 66));
    assert_eq!(counts("graphs/1.27.3-test-warm.json.gz"), (402, 0, 139));
    let cold = report("golang/1.27.3-cold-whole.graph.zst");
    let groups = cold["groups"].as_array().unwrap().iter();
    let groups: Vec<_> = groups.map(|g| (g["name"].as_str().unwrap(), g["ran"].as_u64())).collect();
    let expected =
        [("compile", Some(65)), ("link", Some(2)), ("cgo", Some(20)), ("other", Some(0))];
    assert_eq!(groups, expected);
    assert!(cold["warnings"][0].as_str().unwrap().contains("times their CPU time"), "{cold}");
}
