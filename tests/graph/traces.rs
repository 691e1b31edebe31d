//! Traces for a timeline viewer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{SAMPLES, on, parsed};

/// Holds a trace against the trace event format.
pub(crate) fn assert_trace(bytes: &[u8]) -> Vec<Value> {
    let trace: Value = serde_json::from_slice(bytes).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut lanes: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    let mut named = Vec::new();
    for event in events {
        let number = |key: &str| event[key].as_u64().unwrap_or_else(|| panic!("{key}: {event}"));
        assert!(!event["name"].as_str().unwrap().is_empty());
        assert!(event["args"].is_object());
        let (ts, lane) = (number("ts"), (number("pid"), number("tid")));
        match event["ph"].as_str().unwrap() {
            "X" => lanes.entry(lane).or_default().push((ts, ts + number("dur"))),
            "C" => assert!(event["args"].as_object().unwrap().values().all(Value::is_u64)),
            "M" if event["name"] == "thread_name" => named.push(lane),
            "M" => {
                assert!(event["args"]["name"].is_string() || event["args"]["sort_index"].is_u64())
            }
            other => panic!("{other}"),
        }
    }
    for (lane, spans) in &mut lanes {
        assert!(named.contains(lane), "{lane:?} has no name");
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{lane:?}");
    }
    events.clone()
}

#[test]
fn a_trace_has_every_action_once_and_no_two_at_one_place() {
    for file in SAMPLES {
        let events = assert_trace(&on(file, &["--format", "chrome-trace"]).stdout);
        let of = |ph: &'static str| events.iter().filter(move |event| event["ph"] == ph);
        let graph = parsed(file);
        assert_eq!(of("X").count(), graph.len(), "{file}");
        let cpu: f64 = of("X").map(|event| event["args"]["cpu_ms"].as_f64().unwrap()).sum();
        let expected: u64 = graph.iter().map(|action| action.cpu_ns).sum();
        assert!((cpu * 1e6 - expected as f64).abs() < 1000.0, "{file}");
        // All is done in the end.
        assert_eq!(of("C").next_back().unwrap()["args"], json!({"running": 0, "waiting": 0}));
    }
    let events = assert_trace(&on("graphs/small.json", &["--format", "chrome-trace"]).stdout);
    let left = events.iter().find(|event| event["name"] == "build example.com/left").unwrap();
    assert_eq!((left["ts"].clone(), left["dur"].clone()), (json!(2_000_000), json!(3_000_000)));
    assert_eq!(left["cat"], "compile");
    assert_eq!(left["args"]["action_id"], "F".repeat(20));
    assert_eq!(left["args"]["on_critical_path_in_cpu"], true);
}
