//! The members of archives and folders, one line each.

use std::fmt::Write as _;

use super::text::{executable, functions, grouped, leftover};
use crate::diff::executable::{ExecutableDiff, Functions};
use crate::diff::files::{FilePair, Outcome};
use crate::diff::packages::PackageDiff;
use crate::diff::packages::lines::TextDiff;
use crate::report::text::{Paint, Style};

/// Members that fit on a screen with all else.
const ROWS: usize = 24;

/// Lists what became of the files in a package, those in archives inside of it included.
pub(super) fn render(name: &str, package: &PackageDiff, style: Style, paint: Paint) -> String {
    let mut list = List { rows: Vec::new(), counts: Counts::default(), style, paint };
    list.package(name, package);
    let List { rows, counts, .. } = list;
    let mut text = format!("\n{}\n  {}\n", paint.bold("files"), counts.line());
    let shown = if style.verbose { usize::MAX } else { ROWS };
    rows.iter().take(shown).for_each(|row| text.push_str(row));
    if rows.len() > shown {
        let _ = writeln!(text, "  … and {} more (-v shows them)", rows.len() - shown);
    }
    text
}

/// Lists the lines of two texts that differ.
pub(super) fn lines(text: &TextDiff, indent: &str) -> String {
    if text.is_line_ends {
        return format!("{indent}  the line ends differ: \\n here, \\r\\n there\n");
    }
    let mut shown = String::new();
    for change in &text.changes {
        for (sign, line) in [('-', &change.first), ('+', &change.second)] {
            if let Some(line) = line {
                let _ = writeln!(shown, "{indent}  line {} {sign} {line}", change.line);
            }
        }
    }
    if text.more > 0 {
        let _ = writeln!(shown, "{indent}  … and {} more lines", text.more);
    }
    shown
}

struct List {
    rows: Vec<String>,
    counts: Counts,
    style: Style,
    paint: Paint,
}

#[derive(Default)]
struct Counts {
    identical: usize,
    differing: usize,
    following: usize,
    only_first: usize,
    only_second: usize,
    unread: usize,
}

impl Counts {
    fn line(&self) -> String {
        let counts = [
            (self.identical, "identical"),
            (self.differing, "differ"),
            (self.following, "follow from others"),
            (self.only_first, "in FIRST only"),
            (self.only_second, "in SECOND only"),
            (self.unread, "not compared"),
        ];
        let counts = counts.into_iter().filter(|(count, name)| *count > 0 || *name == "differ");
        counts
            .map(|(count, name)| {
                format!("{} {name}", grouped(u64::try_from(count).unwrap_or_default()))
            })
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl List {
    fn package(&mut self, name: &str, package: &PackageDiff) {
        self.counts.identical += package.identical;
        for note in &package.notes {
            self.row("note", note, "");
        }
        if package.parts.is_empty() && !package.causes.is_empty() && !name.is_empty() {
            let same = "its members are the same, not how they are packed";
            self.row("differs", name, same);
        }
        for part in &package.parts {
            self.part(part);
        }
    }

    fn part(&mut self, part: &FilePair) {
        let name = match &part.first_name {
            Some(first) => format!("{first} → {}", part.name),
            None => part.name.clone(),
        };
        match &part.outcome {
            Outcome::Identical => self.counts.identical += 1,
            Outcome::OnlyFirst => {
                self.counts.only_first += 1;
                self.row("in FIRST only", &name, "");
            }
            Outcome::OnlySecond => {
                self.counts.only_second += 1;
                self.row("in SECOND only", &name, "");
            }
            Outcome::Follows { why } => {
                self.counts.following += 1;
                self.row("follows", &name, why);
            }
            Outcome::Unread { why } => {
                self.counts.unread += 1;
                self.row("not compared", &name, why);
            }
            Outcome::Content { offset, text } => {
                self.counts.differing += 1;
                match text {
                    Some(text) => {
                        self.row("differs", &name, "");
                        self.more(&lines(text, "    "));
                    }
                    None => {
                        let from =
                            format!("from byte {} on; no executable and no text", offset + 1);
                        self.row("differs", &name, &from);
                    }
                }
            }
            // But for its signature.
            Outcome::Executable(_) if part.is_same() => self.counts.identical += 1,
            Outcome::Executable(diff) => {
                self.counts.differing += 1;
                self.executable(&name, diff);
            }
            Outcome::Parts(parts) => parts.iter().for_each(|part| self.part(part)),
            Outcome::Package(package) => {
                if package.parts.is_empty() {
                    self.counts.differing += 1;
                }
                self.package(&name, package);
            }
        }
    }

    fn executable(&mut self, name: &str, diff: &ExecutableDiff) {
        let mut what = Vec::new();
        if diff.bytes.is_proven.is_some() {
            let [explained, differing] = [diff.bytes.explained, diff.bytes.differing].map(grouped);
            what.push(format!("{explained} of {differing} differing bytes explained"));
        }
        if diff.functions != Functions::default() && !self.style.verbose {
            what.push(format!("functions: {}", functions(&diff.functions)));
        }
        self.row("differs", name, &what.join("; "));
        if self.style.verbose {
            return self.more(&executable(diff, self.style, self.paint, "    "));
        }
        for left in &diff.unexplained {
            self.more(&format!("    unexplained:{}", leftover(left, "")));
        }
        for note in &diff.notes {
            self.more(&format!("      not compared: {note}\n"));
        }
    }

    fn row(&mut self, what: &str, name: &str, why: &str) {
        let colon = if why.is_empty() { "" } else { ": " };
        self.rows.push(format!("  {what}  {name}{colon}{why}\n"));
    }

    fn more(&mut self, lines: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.push_str(lines);
        }
    }
}
