//! The page as text; `tests/html.rs` opens it in a browser.

use super::timeline::Span;
use super::*;
use crate::diff::category::Category;
use crate::diff::tests::{TestCause, TestDifference, TestReason};
use crate::diff::{self, Unexplained};
use crate::golang::inputs::Inputs;
use crate::recording;
use crate::report::page::checks::{self, between, unbalanced};

struct Pair {
    comparison: Comparison,
    first: Recording,
    second: Recording,
}

/// Recordings of two builds of each module, by name.
const RECORDINGS: [(&str, &[u8]); 4] = [
    ("leaky-first", include_bytes!("../../../fixtures/recordings/leaky-first.goaudit")),
    ("leaky-second", include_bytes!("../../../fixtures/recordings/leaky-second.goaudit")),
    ("clean-first", include_bytes!("../../../fixtures/recordings/clean-first.goaudit")),
    ("clean-second", include_bytes!("../../../fixtures/recordings/clean-second.goaudit")),
];

fn pair(first: &str, second: &str) -> Pair {
    let mut inputs = Inputs::default();
    let mut read = |name: &str| {
        let (_, file) = RECORDINGS.iter().find(|(known, _)| *known == name).unwrap();
        recording::read(*file, &mut inputs).unwrap()
    };
    let (first, second) = (read(first), read(second));
    let comparison = diff::compare(&first, &second, &inputs);
    Pair { comparison, first, second }
}

impl Pair {
    fn page(&self) -> String {
        explain(&self.comparison, &self.first, &self.second)
    }
}

fn data(html: &str) -> serde_json::Value {
    let json = between(html, "<script type=\"application/json\" id=\"data\">", "</script>");
    serde_json::from_str(json).unwrap()
}

#[test]
fn every_tag_is_closed_in_its_turn() {
    for (first, second) in [
        ("leaky-first", "leaky-second"),
        ("clean-first", "clean-second"),
        ("clean-first", "leaky-second"),
    ] {
        assert_eq!(unbalanced(&pair(first, second).page()), None, "{first} {second}");
    }
}

#[test]
fn equal_input_gives_equal_bytes_and_no_path_of_this_machine() {
    let page = pair("leaky-first", "leaky-second").page();
    assert_eq!(page, pair("leaky-first", "leaky-second").page());
    assert!(!page.contains(env!("CARGO_MANIFEST_DIR")));
}

#[test]
fn the_page_runs_its_own_script_and_fetches_nothing() {
    let page = pair("leaky-first", "leaky-second").page();
    checks::admits_its_script_and_style(&page);
    checks::fetches_nothing(&page);
}

#[test]
fn what_is_equal_is_said_to_be_equal() {
    let page = pair("leaky-first", "leaky-first").page();
    assert!(page.contains("<h1>Nothing differs</h1>"));
    assert!(!page.contains("id=\"causes\""));
    assert_eq!(data(&page)["flow"], serde_json::Value::Null);
}

#[test]
fn what_was_not_compared_is_not_said_to_be_equal() {
    let mut pair = pair("leaky-first", "leaky-second");
    let empty = Comparison::default();
    pair.first.invocations.clear();
    pair.second.invocations.clear();
    let page = explain(&empty, &pair.first, &pair.second);
    assert!(page.contains("<h1>Nothing was compared</h1>"));
    assert!(!page.contains("Nothing differs"));
    assert_eq!(unbalanced(&page), None);
}

#[test]
fn tests_that_ran_are_told_where_nothing_else_differs() {
    let mut pair = pair("leaky-first", "leaky-first");
    let hostile = "x.org/<script>";
    pair.comparison.tests.found = 2;
    pair.comparison.tests.ran.push(TestDifference {
        package: hostile.to_owned(),
        args: String::new(),
        why: vec![TestReason::NotKept],
    });
    pair.comparison.tests.causes.push(TestCause {
        category: Some(Category::TestInput),
        title: format!("reads {hostile}"),
        tests: vec![hostile.to_owned()],
        files: Vec::new(),
        fix: Some("use -count=1 nowhere"),
    });
    let page = pair.page();
    assert!(page.contains("<h1>No compile or link differs; tests of 1 package ran</h1>"));
    assert!(page.contains("Those of 1 package ran; 2 results were found in the cache."));
    assert!(page.contains("<h3>reads x.org/&lt;script&gt;</h3>"));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(unbalanced(&page), None);
}

/// Everything that a recording holds is text of somebody else.
#[test]
fn hostile_text_stays_text() {
    let hostile = "</script><img src=x onerror=alert(1)>\u{202e}\"'{{script}}\n";
    let mut pair = pair("leaky-first", "leaky-second");
    for row in &mut pair.comparison.actions {
        row.package.push_str(hostile);
    }
    for cause in &mut pair.comparison.causes {
        cause.title.push_str(hostile);
        cause.about.push_str(hostile);
        for root in &mut cause.roots {
            root.action.push_str(hostile);
            root.change.subject.push_str(hostile);
            root.change.first = Some(hostile.to_owned());
        }
    }
    let change = pair.comparison.causes[0].roots[0].change.clone();
    pair.comparison
        .unexplained
        .push(Unexplained { action: hostile.to_owned(), changes: vec![change] });
    pair.second.manifest.command.push(hostile.to_owned());
    let page = pair.page();
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(unbalanced(&page), None);
    let package = data(&page)["rows"][0]["package"].as_str().unwrap().to_owned();
    assert!(package.ends_with("onerror=alert(1)>\\u{202e}\"'{{script}}\\n"), "{package}");
}

/// The shares of the flow are those of the causes, and so is every action counted once for each.
#[test]
fn the_flow_adds_up_to_the_causes() {
    let pair = pair("leaky-first", "leaky-second");
    let flow = &data(&pair.page())["flow"];
    assert_eq!(flow["unit"], "cpu");
    let bands = flow["bands"].as_array().unwrap();
    for (index, cause) in pair.comparison.causes.iter().enumerate() {
        let of_cause = || bands.iter().filter(|band| band["nodes"][0] == index);
        let weight: f64 = of_cause().map(|band| band["weight"].as_f64().unwrap()).sum();
        let actions: u64 = of_cause().map(|band| band["actions"].as_u64().unwrap()).sum();
        assert!((weight - cause.share_cpu_seconds.unwrap()).abs() < 1e-9, "{index}");
        assert_eq!(actions, cause.reach_total as u64);
    }
    let nodes: usize = flow["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column.as_array().unwrap().len())
        .sum();
    assert!(nodes <= 21);
}

/// Each step of a way leads to an action that has the cause, and the last shows it itself.
#[test]
fn every_way_ends_where_its_cause_starts() {
    let page = pair("leaky-first", "leaky-second").page();
    let data = data(&page);
    let rows = data["rows"].as_array().unwrap();
    let mut followed = 0;
    for row in rows {
        for (at, cause) in row["causes"].as_array().into_iter().flatten().enumerate() {
            let mut here = row;
            let mut place = at;
            while let Ok(next) = usize::try_from(here["via"][place].as_i64().unwrap()) {
                here = &rows[next];
                place = here["causes"].as_array().unwrap().iter().position(|c| c == cause).unwrap();
                followed += 1;
                assert!(followed < 1000);
            }
            assert_eq!(here["via"][place], -1);
            let shown = here["inputs"].as_array().unwrap().iter();
            assert_eq!(shown.filter(|input| input["cause"] == *cause).count(), 1, "{here}");
        }
    }
    assert!(followed > 0);
}

#[test]
fn spans_stand_in_the_page_as_they_are() {
    let Pair { comparison, first, second } = pair("leaky-first", "leaky-second");
    let span = |lane, start_ms, row| Span { lane, start_ms, end_ms: start_ms + 1.5, row };
    let timeline = Timeline { first: Vec::new(), second: vec![span(0, 0.0, 3), span(1, 0.25, 4)] };
    let page = page(&comparison, &first, &second, timeline);
    assert_eq!(
        data(&page)["timeline"],
        serde_json::json!({"first": [], "second": [[0, 0.0, 1.5, 3], [1, 0.25, 1.75, 4]]})
    );
}

/// No worker does two things at once, and what has an action graph has all its actions there.
#[test]
fn the_timeline_is_that_of_the_action_graph() {
    let pair = pair("leaky-first", "leaky-second");
    let timeline = timeline::of(&pair.comparison, &pair.first, &pair.second);
    for (spans, actions) in [
        (&timeline.first, pair.comparison.counts.first),
        (&timeline.second, pair.comparison.counts.second),
    ] {
        let rows: std::collections::BTreeSet<usize> = spans.iter().map(|span| span.row).collect();
        assert_eq!(rows.len(), actions);
        assert_eq!(spans[0].start_ms, 0.0);
        for (at, span) in spans.iter().enumerate() {
            assert!(span.start_ms <= span.end_ms);
            let before = spans[..at].iter().rfind(|other| other.lane == span.lane);
            assert!(before.is_none_or(|before| before.end_ms <= span.start_ms));
        }
    }
}

#[test]
fn without_times_there_is_no_timeline() {
    let mut pair = pair("leaky-first", "leaky-second");
    for invocation in pair.first.invocations.iter_mut().chain(&mut pair.second.invocations) {
        invocation.graph.clear();
    }
    assert_eq!(data(&pair.page())["timeline"], serde_json::json!({"first": [], "second": []}));
}
