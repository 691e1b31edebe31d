//! What one go command leaves in the cache for another: as text, as JSON, as Markdown.

mod json;
mod markdown;
mod text;

use crate::diff::reuse::{NotBuilt, Reuse};

pub use json::render as json;
pub(in crate::report) use markdown::code;
pub use markdown::render as markdown;
pub use text::render as text;

/// Everything that a report of `goaudit reuse` says.
#[derive(Debug)]
pub struct ReuseReport {
    /// The two commands, as they were given.
    pub first: String,
    pub second: String,
    pub reuse: Reuse,
    pub warm_up: WarmUp,
    /// Whether the second command compiles again what it finds: `-a`.
    pub ignores_the_cache: bool,
}

/// The command that would leave what the second one needs.
#[derive(Debug)]
pub enum WarmUp {
    /// The first command leaves all.
    NotNeeded,
    /// Planned, and so known: it leaves that many of the compiles that are needed.
    Planned { command: String, left: usize },
    /// There is one, and its plan failed.
    Failed { command: String, why: String },
}

/// What a plan cannot know.
const CAVEAT: &str = "plans only: a compile that changes nothing in its output lets what imports it be found all the same, so the first may leave more";

fn headline(report: &ReuseReport) -> String {
    let (needed, left) = (report.reuse.needed.total(), report.reuse.left.total());
    let plural = if needed == 1 { "" } else { "s" };
    format!(
        "the second needs {needed} compile{plural}; the first leaves {left} of them ({})",
        percent(left, needed)
    )
}

/// Rounded down: 100 % is all of them.
fn percent(part: usize, whole: usize) -> String {
    match (part * 100).checked_div(whole) {
        Some(percent) => format!("{percent} %"),
        None => "100 %".to_owned(),
    }
}

/// Asks why compiles are not left; empty where all are.
fn question(reuse: &Reuse) -> Option<String> {
    match reuse.needed.total() - reuse.left.total() {
        0 => None,
        1 => Some("why 1 is not left".to_owned()),
        missing => Some(format!("why {missing} are not left")),
    }
}

/// Compiles of the first command that the second has no use for.
fn unused(reuse: &Reuse) -> usize {
    reuse.stored - reuse.left.total()
}

/// What the first command does not compile in any form: how many, and what they are.
fn not_built(not_built: &NotBuilt) -> Vec<(&'static str, &[String])> {
    let NotBuilt { tests, again, packages } = not_built;
    [
        ("of tests: test packages, test mains and what is compiled again for them", tests),
        ("once more: the first compiles the package less often", again),
        ("packages that the first does not compile", packages),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(what, names)| (what, names.as_slice()))
    .collect()
}

/// By where packages come from: name, needed, left.
fn origins(reuse: &Reuse) -> [(&'static str, usize, usize); 3] {
    let (needed, left) = (&reuse.needed, &reuse.left);
    [
        ("standard library", needed.standard, left.standard),
        ("dependencies", needed.dependencies, left.dependencies),
        ("this module", needed.module, left.module),
    ]
}

/// What is worth knowing beside the compiles, one sentence each.
fn notes(report: &ReuseReport) -> Vec<String> {
    let reuse = &report.reuse;
    let mut notes = Vec::new();
    if report.ignores_the_cache {
        notes.push("the second is given -a and compiles all of it again, whatever is left".into());
    }
    let unused = unused(reuse);
    if unused > 0 {
        notes.push(format!(
            "{unused} of the {} compiles that the first stores are of no use to the second",
            reuse.stored
        ));
    }
    if reuse.links > 0 {
        let links = if reuse.links == 1 { "link" } else { "links" };
        notes.push(format!(
            "{} {links} of the second: the cache of go build and go test holds none",
            reuse.links
        ));
    }
    if let Some((needed, left)) = reuse.vet {
        notes.push(format!("vet: the second needs {needed} results; the first leaves {left}"));
    }
    if reuse.left.total() < reuse.needed.total() {
        notes.push(CAVEAT.to_owned());
    }
    notes
}

/// At most four names, and how many more.
fn folded(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut names = names.to_vec();
    names.dedup();
    match names.len() {
        0..=SHOWN => names.join(", "),
        more => format!("{} and {} more", names[..SHOWN - 1].join(", "), more - SHOWN + 1),
    }
}
