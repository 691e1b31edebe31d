//! Graphs that nobody wrote.

use goaudit::golang::action_graph::GraphAction;
use goaudit::timing;
use proptest::prelude::*;

use crate::{assert_lanes, assert_savings};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any graph without circles, in any order of IDs.
    #[test]
    fn savings_are_what_is_saved(
        weights in prop::collection::vec(0_u64..6, 1..14),
        edges in prop::collection::vec((0_usize..14, 0_usize..14), 0..40),
        turn in 0_usize..14,
    ) {
        let count = weights.len();
        let place = |at: usize| (at + turn) % count;
        let graph: Vec<GraphAction> = (0..count)
            .map(|at| {
                let deps = edges.iter().filter(|(user, dep)| *user < count && *dep < count
                    && place(*user) == at && place(*dep) != at && *dep < *user);
                GraphAction {
                    id: at as u64,
                    deps: deps.map(|(_, dep)| place(*dep) as u64).collect(),
                    cpu_ns: weights[at],
                    start_ns: Some(0),
                    done_ns: Some(0),
                    ..GraphAction::default()
                }
            })
            .collect();
        let timing = timing::measure(&graph, None);
        assert_savings(&graph, &timing.cpu_path, &weights);
    }

    /// Any graph at all: circles, IDs twice and not there, times in any order.
    #[test]
    fn no_graph_is_too_odd(
        nodes in prop::collection::vec(
            (0_u64..8, prop::collection::vec(0_u64..10, 0..5), any::<u64>(), prop::option::of(any::<i64>()),
                prop::option::of(any::<i64>()), prop::option::of(any::<i64>()), any::<bool>()),
            0..12),
    ) {
        let graph: Vec<GraphAction> = nodes
            .into_iter()
            .map(|(id, deps, cpu_ns, ready_ns, start_ns, done_ns, ran)| GraphAction {
                id, deps, cpu_ns, real_ns: cpu_ns, ready_ns, start_ns, done_ns, ran,
                mode: if ran { "build" } else { "link" }.to_owned(),
                package: "p".to_owned(),
                ..GraphAction::default()
            })
            .collect();
        let timing = timing::measure(&graph, None);
        assert_lanes(&graph, timing.concurrency.peak);
        for path in [&timing.cpu_path, &timing.elapsed_path] {
            for step in &path.steps {
                prop_assert!(step.saving_ns <= step.own_ns);
            }
        }
    }
}
