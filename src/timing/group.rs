//! Actions by what they do.

use crate::golang::action_graph::GraphAction;

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Compile, assemble, pack; up to Go 1.25 with the C code of the package.
    Compile,
    Link,
    /// C code of a package, since Go 1.26.
    Cgo,
    Vet,
    Cover,
    Test,
    /// The command itself, installing, and what only keeps order.
    Other,
}

const GROUPS: &[Group] =
    &[Group::Compile, Group::Link, Group::Cgo, Group::Vet, Group::Cover, Group::Test, Group::Other];

impl Group {
    /// Returns the group of an action.
    ///
    /// Source: the `Mode` of actions in `cmd/go/internal/{work,test}`, Go 1.21 to 1.27.
    #[must_use]
    pub fn of(action: &GraphAction) -> Self {
        match action.mode.as_str() {
            "build" | "build-install" | "build check cache" | "built-in package" => Self::Compile,
            "preprocess PGO profile" => Self::Compile,
            "link" | "link-install" => Self::Link,
            "vet" => Self::Vet,
            "cover" => Self::Cover,
            "collect cgo" => Self::Cgo,
            mode if mode.starts_with("cgo ") => Self::Cgo,
            mode if mode.starts_with("test ") => Self::Test,
            _ => Self::Other,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Link => "link",
            Self::Cgo => "cgo",
            Self::Vet => "vet",
            Self::Cover => "cover",
            Self::Test => "test",
            Self::Other => "other",
        }
    }
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It executed a command.
    Ran,
    /// It executed a command and made nothing; known of compiles and links only.
    Failed,
    /// Its output was found: in the cache, or at its target. Known of compiles and links only.
    Cached,
    /// It executed no command of its own: it needed none, or was not reached. So does the run of a test.
    Idle,
}

impl Outcome {
    #[must_use]
    pub fn of(action: &GraphAction) -> Self {
        let keyed = action.action_id.is_some()
            && matches!(action.mode.as_str(), "build" | "build-install" | "link");
        match (action.ran, keyed, action.content_id.is_some()) {
            (true, true, false) => Self::Failed,
            (true, _, _) => Self::Ran,
            (false, true, true) => Self::Cached,
            (false, _, _) => Self::Idle,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Failed => "failed",
            Self::Cached => "cached",
            Self::Idle => "idle",
        }
    }
}

/// Whether an action starts a test binary, or finds that its result is cached: a graph does not
/// tell these apart. A `test run` with a command is of a package without tests, for its coverage.
#[must_use]
pub fn is_test_run(action: &GraphAction) -> bool {
    action.mode == "test run" && !action.ran
}

/// Sums over some of the actions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupTotals {
    pub actions: usize,
    /// Those that failed included.
    pub ran: usize,
    pub failed: usize,
    pub cached: usize,
    pub idle: usize,
    /// User and system time of all commands.
    pub cpu_ns: u64,
    /// From start to end of each command; of a `test run`, which has none, of the action.
    pub real_ns: u64,
    /// The part of it without CPU time in the graph: the runs of tests.
    pub unmeasured_ns: u64,
}

impl GroupTotals {
    fn add(&mut self, action: &GraphAction) {
        self.actions += 1;
        match Outcome::of(action) {
            Outcome::Ran => self.ran += 1,
            Outcome::Failed => {
                self.ran += 1;
                self.failed += 1;
            }
            Outcome::Cached => self.cached += 1,
            Outcome::Idle => self.idle += 1,
        }
        let unmeasured = if is_test_run(action) { action.elapsed_ns() } else { 0 };
        let real = action.real_ns.max(unmeasured);
        self.cpu_ns = self.cpu_ns.saturating_add(action.cpu_ns);
        self.real_ns = self.real_ns.saturating_add(real);
        self.unmeasured_ns = self.unmeasured_ns.saturating_add(unmeasured);
    }
}

/// Returns the sums of each group that has actions, and of all.
pub(super) fn totals(graph: &[GraphAction]) -> (Vec<(Group, GroupTotals)>, GroupTotals) {
    let mut all = GroupTotals::default();
    let mut groups: Vec<(Group, GroupTotals)> =
        GROUPS.iter().map(|&group| (group, GroupTotals::default())).collect();
    for action in graph {
        all.add(action);
        let group = Group::of(action);
        if let Some((_, totals)) = groups.iter_mut().find(|(known, _)| *known == group) {
            totals.add(action);
        }
    }
    groups.retain(|(_, totals)| totals.actions > 0);
    (groups, all)
}
