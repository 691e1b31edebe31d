//! Why two executables differ: every byte of the second accounted for, cause first.

mod account;
mod address_map;
mod align;
mod code;
mod compare;
mod functions;
mod marks;
mod matched;
mod owner;
mod pieces;
mod regions;
mod special;
mod targets;
mod walk;
mod words;

use crate::binary::image::Image;

/// For trying.
#[must_use]
pub fn try_it(first: &Image<'_>, second: &Image<'_>) -> String {
    use std::fmt::Write as _;
    let (one, other) = (compare::Opened::new(first), compare::Opened::new(second));
    let found = compare::compare(&one, &other);
    let mut text = String::new();
    let _ = writeln!(text, "{:?}", found.account.tally);
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for function in &found.functions {
        let name = format!("{:?}", function.change);
        let kind = name.split(' ').next().unwrap_or_default().to_owned();
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count < 12
            && !matches!(
                function.change,
                functions::FunctionChange::Identical | functions::FunctionChange::Moved
            )
        {
            let _ = writeln!(text, "{} {name}", String::from_utf8_lossy(function.name));
        }
    }
    let _ = writeln!(text, "{counts:?}");
    let mut per = std::collections::BTreeMap::<(String, owner::Owner), (usize, usize)>::new();
    for hunk in &found.account.hunks {
        let region = second
            .regions
            .iter()
            .find(|r| r.content.contains(&hunk.second.start) || r.content.end == hunk.second.start);
        let entry =
            per.entry((region.map_or(String::new(), |r| r.name.clone()), hunk.owner)).or_default();
        entry.0 += 1;
        entry.1 += hunk.first.len().max(hunk.second.len());
    }
    let _ = writeln!(text, "{per:#?}");
    for (name, account) in &found.unpacked {
        let _ = writeln!(text, "{name} {:?} {}", account.tally, account.hunks.len());
    }
    let made = found.account.apply(first.file);
    let _ = writeln!(text, "proof {}", made.is_some_and(|made| made == second.file));
    text
}
