//! The action graph that `-debug-actiongraph=FILE` writes.
//!
//! Source: `actionJSON` in `cmd/go/internal/work/action.go`, the same from Go 1.21 to 1.27.

use jiff::Timestamp;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::golang::build_id::ShortId;

/// One action of a finished go command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphAction {
    /// What [`GraphAction::deps`] name; the index in the array, as the go command writes it.
    pub id: u64,
    /// `build`, `link`, `link-install`, `vet`, `test run`, `cgo compile x.c`, ….
    pub mode: String,
    pub package: String,
    /// IDs of the actions that must be done before this one starts. What a file
    /// says, unchecked: they may name nothing, or each other.
    pub deps: Vec<u64>,
    /// Of two actions that could start the lower one does.
    pub priority: i64,
    /// File that the action installs, where it installs one.
    pub target: Option<String>,
    /// Short form of the sum that the hash log prints.
    pub action_id: Option<ShortId>,
    /// Hash of what the action made; absent where it failed or did not run.
    pub content_id: Option<ShortId>,
    /// Whether its output is needed: `go vet` knows compiles that it only takes the key of.
    pub need_build: bool,
    /// Whether a command was executed. A cache hit executes none; the program
    /// that a `test run` starts is no command either.
    pub ran: bool,
    /// Whether it belongs to a plan, `go build -n`: its times are those of planning.
    pub planned: bool,
    /// User and system time of its commands, in nanoseconds.
    pub cpu_ns: u64,
    /// Time from start to end of its commands, in nanoseconds.
    pub real_ns: u64,
    /// When all of its dependencies were done, in nanoseconds since the Unix epoch.
    /// This and the next two are `None` where the action was not reached.
    pub ready_ns: Option<i64>,
    /// When a worker took it up.
    pub start_ns: Option<i64>,
    pub done_ns: Option<i64>,
}

impl GraphAction {
    /// Returns when it started and was done, in nanoseconds since the Unix
    /// epoch; `None` where it was not reached, or was done before it started.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.start_ns?, self.done_ns?)).filter(|(start, done)| start <= done)
    }

    /// Returns the nanoseconds from start to done, 0 where there is no [`GraphAction::span`].
    #[must_use]
    pub fn elapsed_ns(&self) -> u64 {
        self.span().map_or(0, |(start, done)| done.abs_diff(start))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    #[serde(default, rename = "ID")]
    id: u64,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    deps: Option<Vec<u64>>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    objdir: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default, rename = "ActionID")]
    action_id: Option<String>,
    #[serde(default, rename = "BuildID")]
    build_id: Option<String>,
    #[serde(default)]
    need_build: bool,
    #[serde(default)]
    cmd: Option<IgnoredAny>,
    #[serde(default)]
    cmd_user: u64,
    #[serde(default)]
    cmd_sys: u64,
    #[serde(default)]
    cmd_real: u64,
    #[serde(default, deserialize_with = "nanoseconds")]
    time_ready: Option<i64>,
    #[serde(default, deserialize_with = "nanoseconds")]
    time_start: Option<i64>,
    #[serde(default, deserialize_with = "nanoseconds")]
    time_done: Option<i64>,
}

/// Parses an action graph.
///
/// # Errors
///
/// Fails when the text is not the JSON array that the go command writes, which
/// is what a go command that was killed leaves, and on a time that is none. The
/// error has line and column.
pub fn parse(json: &[u8]) -> Result<Vec<GraphAction>, serde_json::Error> {
    let nodes: Vec<Node> = serde_json::from_slice(json)?;
    Ok(nodes.into_iter().map(GraphAction::from).collect())
}

/// Go writes year 1 for a time that was not noted.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

fn nanoseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = match Option::<String>::deserialize(deserializer)? {
        Some(text) if text != ZERO_TIME => text,
        _ => return Ok(None),
    };
    let time: Timestamp =
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no time of RFC 3339")))?;
    // 64 bits of nanoseconds reach from 1677 to 2262.
    i64::try_from(time.as_nanosecond())
        .map(Some)
        .map_err(|_| D::Error::custom(format!("`{text}` is no time at which a build ran")))
}

impl From<Node> for GraphAction {
    fn from(node: Node) -> Self {
        let short = |text: &str| ShortId::parse(text).ok();
        let content = node.build_id.as_deref().and_then(|id| id.rsplit('/').next());
        Self {
            id: node.id,
            mode: node.mode,
            package: node.package,
            deps: node.deps.unwrap_or_default(),
            priority: node.priority,
            target: node.target.filter(|target| !target.is_empty()),
            action_id: node.action_id.as_deref().and_then(short),
            content_id: content.and_then(short),
            need_build: node.need_build,
            ran: node.cmd.is_some(),
            // A plan has no directory to work in; it prints this name for it.
            planned: node.objdir.starts_with("$WORK"),
            cpu_ns: node.cmd_user.saturating_add(node.cmd_sys),
            real_ns: node.cmd_real,
            ready_ns: node.time_ready,
            start_ns: node.time_start,
            done_ns: node.time_done,
        }
    }
}
