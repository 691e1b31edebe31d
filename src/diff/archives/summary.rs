//! One sentence of what two archives differ by.

use super::{ArchiveDiff, Class, FileChange, SymbolChange};
use crate::binary::goobj::{SymbolKind, SymbolName, aux_name};

/// Bytes of a name that a sentence holds.
const NAME: usize = 120;

/// Returns a name as a report shows it.
pub(super) fn name(name: &SymbolName<'_>) -> String {
    let text = shortened(name.name);
    match name.part {
        None if text.is_empty() => "a symbol without a name".to_owned(),
        None => text,
        Some((kind, _)) => format!("{} of {text}", aux_name(kind)),
    }
}

pub(super) fn shortened(name: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(name.get(..NAME).unwrap_or(name)).into_owned();
    if name.len() > NAME {
        text.push('…');
    }
    text
}

impl ArchiveDiff {
    /// Says in one sentence what differs, what matters most first: a fragment, no full stop.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Some((first, second)) = &self.toolchain {
            parts.push(format!("they are of other toolchains ({first} → {second})"));
        }
        parts.extend(self.code());
        parts.extend(self.members.iter().take(2).map(member));
        if self.members.len() > 2 {
            parts.push(format!("{} more members differ", self.members.len() - 2));
        }
        if let Some(files) = &self.files {
            parts.push(match files {
                FileChange::Moved { first, second } => {
                    format!("source files are named below {first} → {second}")
                }
                FileChange::Other { first, second } => {
                    format!("the lists of source files differ ({first} → {second} files)")
                }
            });
        }
        if let [import, rest @ ..] = self.imports.as_slice() {
            let more =
                if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            parts.push(format!("the import {import}{more} differs"));
        }
        if parts.is_empty() {
            parts.extend(self.data());
        }
        if self.moved > 0 {
            parts.push(format!("symbols are in another order ({} moved)", self.moved));
        }
        if self.export_data {
            parts.push("export data differs".to_owned());
        }
        if self.texts {
            parts.push("the text before the object differs".to_owned());
        }
        match parts.is_empty() {
            true if self.other => "bytes differ outside of symbols, files and imports".to_owned(),
            true => "nothing differs but the build ID".to_owned(),
            false => parts.join("; "),
        }
    }

    /// What is said of functions.
    fn code(&self) -> Option<String> {
        let code: Vec<_> =
            self.symbols.iter().filter(|symbol| symbol.kind == SymbolKind::Code).collect();
        let first = code.first()?;
        let more = match code.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(symbol(first, "function", "code") + &more)
    }

    /// What is said of all else that has a name.
    fn data(&self) -> Option<String> {
        let first = self.symbols.first()?;
        let (what, content) = match first.kind {
            SymbolKind::Debug => ("debug symbol", "content"),
            _ => ("symbol", "data"),
        };
        let more = match self.symbols_changed {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(symbol(first, what, content) + &more)
    }
}

fn symbol(change: &SymbolChange, what: &str, content: &str) -> String {
    let SymbolChange { name, first, second, .. } = change;
    match change.class {
        Class::Data if first == second => {
            format!("{what} {name} has other {content} ({first} bytes both)")
        }
        Class::Data => format!("{what} {name} has other {content} ({first} → {second} bytes)"),
        Class::Targets => format!("{what} {name} refers to other symbols"),
        Class::Attributes => format!("{what} {name} has other tables or attributes"),
        Class::OnlyFirst => format!("{what} {name} is only in the first"),
        Class::OnlySecond => format!("{what} {name} is only in the second"),
    }
}

fn member(change: &super::MemberChange) -> String {
    let name = &change.name;
    match (change.first, change.second, change.at) {
        (Some(first), Some(second), Some(at)) => {
            let sizes = if first == second {
                format!("{first} bytes both")
            } else {
                format!("{first} → {second} bytes")
            };
            format!("member {name} differs ({sizes}, from byte {at})")
        }
        (Some(_), ..) => format!("member {name} is only in the first"),
        _ => format!("member {name} is only in the second"),
    }
}
