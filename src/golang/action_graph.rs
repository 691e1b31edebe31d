//! The action graph that `-debug-actiongraph=FILE` writes.
//!
//! Source: `actionJSON` in `cmd/go/internal/work/action.go`, the same from Go 1.21 to 1.27.

use serde::Deserialize;

use crate::golang::build_id::ShortId;

/// One action of a finished go command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphAction {
    /// `build`, `link`, `link-install`, `vet`, `test run`, `cgo compile x.c`, ….
    pub mode: String,
    pub package: String,
    /// File that the action installs, where it installs one.
    pub target: Option<String>,
    /// Short form of the sum that the hash log prints.
    pub action_id: Option<ShortId>,
    /// Hash of what the action made; absent where it failed or did not run.
    pub content_id: Option<ShortId>,
    /// Whether its output is needed: `go vet` knows compiles that it only takes the key of.
    pub need_build: bool,
    /// Whether a command was executed. A cache hit executes none.
    pub ran: bool,
    /// User and system time of its commands, in nanoseconds.
    pub cpu_ns: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    #[serde(default)]
    mode: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default, rename = "ActionID")]
    action_id: Option<String>,
    #[serde(default, rename = "BuildID")]
    build_id: Option<String>,
    #[serde(default)]
    need_build: bool,
    #[serde(default)]
    cmd: Option<Vec<String>>,
    #[serde(default)]
    cmd_user: u64,
    #[serde(default)]
    cmd_sys: u64,
}

/// Parses an action graph.
///
/// # Errors
///
/// Fails when the text is not the JSON array that the go command writes, which
/// is what a go command that was killed leaves.
pub fn parse(json: &[u8]) -> Result<Vec<GraphAction>, serde_json::Error> {
    let nodes: Vec<Node> = serde_json::from_slice(json)?;
    Ok(nodes.into_iter().map(GraphAction::from).collect())
}

impl From<Node> for GraphAction {
    fn from(node: Node) -> Self {
        let Node { mode, package, target, action_id, build_id, need_build, cmd, cmd_user, cmd_sys } =
            node;
        let short = |text: &str| ShortId::parse(text).ok();
        let content = build_id.as_deref().and_then(|id| id.rsplit('/').next()).and_then(short);
        Self {
            mode,
            package,
            target: target.filter(|target| !target.is_empty()),
            action_id: action_id.as_deref().and_then(short),
            content_id: content,
            need_build,
            ran: cmd.is_some(),
            cpu_ns: cmd_user.saturating_add(cmd_sys),
        }
    }
}
