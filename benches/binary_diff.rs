//! Compares two executables once and says what it found, for a clock outside of it: see `diff.py`.
//!
//! ```text
//! cargo bench --bench binary_diff -- FIRST SECOND [NAMES]
//! ```
//!
//! Printed are the functions, the bytes by owner, and as many names of changed functions as asked for.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reads its files and prints what it found"
)]

use std::{env, fs};

use goaudit::binary::image::Image;
use goaudit::binary_diff::{FunctionChange, Owner, compare};

fn main() {
    // cargo adds --bench; `cargo test --benches` gives no file, and then there is nothing to do.
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [first, second, rest @ ..] = words.as_slice() else { return };
    let names = rest.first().map_or(0, |names| names.parse().unwrap());
    let (first, second) = (fs::read(first).unwrap(), fs::read(second).unwrap());
    let diff = compare(&Image::parse(&first).unwrap(), &Image::parse(&second).unwrap());
    let (identical, moved, changed) = (diff.identical, diff.moved, diff.changed.len());
    let whole = if diff.is_whole { "whole" } else { "NOT WHOLE" };
    println!("{whole}: {identical} identical, {moved} moved, {changed} changed");
    let shown = |tally: &std::collections::BTreeMap<Owner, u64>| {
        let parts = tally.iter().map(|(owner, bytes)| format!("{bytes} {}", owner.name()));
        parts.collect::<Vec<_>>().join(", ")
    };
    println!("file: {}", shown(&diff.bytes));
    for (name, tally) in &diff.unpacked {
        println!("{name}: {}", shown(tally));
    }
    for (name, change) in diff.changed.iter().take(names) {
        let what = match change {
            FunctionChange::OnlyFirst => "only in the first",
            FunctionChange::OnlySecond => "only in the second",
            _ => "changed",
        };
        println!("{name} {what}");
    }
}
