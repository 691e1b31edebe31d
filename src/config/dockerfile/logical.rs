//! An instruction as it is written, over as many lines as it takes.

use crate::config::text::{Spot, Text};

/// An instruction with its continuation lines.
#[derive(Debug, Clone)]
pub(super) struct Logical {
    /// Lines as written, with the column where each begins.
    pub lines: Vec<(String, Spot)>,
    pub spot: Spot,
}

impl Logical {
    /// The name of the instruction, in upper case, and what follows it.
    pub(super) fn name(&self) -> (String, Self) {
        let Some((first, spot)) = self.lines.first() else { return (String::new(), self.clone()) };
        let name = first.split_whitespace().next().unwrap_or_default();
        let rest = first.get(name.len()..).unwrap_or_default();
        let blank = rest.len().saturating_sub(rest.trim_start().len());
        let spot = spot.right(name.chars().count().saturating_add(blank));
        let mut lines = vec![(rest.trim_start().to_owned(), spot)];
        lines.extend(self.lines.iter().skip(1).cloned());
        (name.to_ascii_uppercase(), Self { lines, spot: self.spot.clone() })
    }

    /// The words of all lines.
    pub(super) fn words(&self) -> Vec<(String, Spot)> {
        let mut words = Vec::new();
        for (line, spot) in &self.lines {
            let line = line.trim_end().trim_end_matches('\\');
            let text = Text::literal(line, spot);
            words.extend(text.words().iter().filter_map(|w| Some((w.known()?, w.spot()?.clone()))));
        }
        words
    }

    /// All lines as one.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|(line, _)| line.trim_end().trim_end_matches('\\'));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Takes words that start with `--` off the front.
    pub(super) fn options(&self) -> (Vec<(String, Spot)>, Self) {
        let mut rest = self.clone();
        let mut options = Vec::new();
        while let Some((line, spot)) = rest.lines.first_mut() {
            let trimmed = line.trim_start();
            let blank = line.len().saturating_sub(trimmed.len());
            let here = spot.right(blank);
            if trimmed.trim_end() == "\\" || trimmed.is_empty() {
                if rest.lines.len() == 1 {
                    break;
                }
                rest.lines.remove(0);
                continue;
            }
            if !trimmed.starts_with("--") {
                *line = trimmed.to_owned();
                *spot = here;
                break;
            }
            let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            let word = trimmed.get(..end).unwrap_or_default().to_owned();
            let after = here.right(word.chars().count());
            *line = trimmed.get(end..).unwrap_or_default().to_owned();
            *spot = after;
            options.push((word, here));
        }
        (options, rest)
    }
}
