//! Variables of a shell: how they are set, and which of them a program finds.

use std::collections::BTreeMap;

use super::{Frame, MAX_WORDS, State, Var};
use crate::config::sh::is_name;
use crate::config::text::{Piece, PieceKind, Text};

/// Splits `NAME=value`.
pub(super) fn assignment(word: &Text) -> Option<(String, Text)> {
    let (first, rest) = word.pieces.split_first()?;
    if first.kind != PieceKind::Literal {
        return None;
    }
    let (name, value) = first.text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let at = first.text.len().saturating_sub(value.len());
    let piece = Piece { text: value.to_owned(), spot: first.spot_at(at), ..first.clone() };
    let mut text = Text { pieces: vec![piece] };
    text.pieces.extend(rest.iter().cloned());
    Some((name.to_owned(), text))
}

/// Does what `export`, `local` and their kin do.
pub(super) fn declare(how: &str, arguments: &[Text], state: &mut State, frame: &Frame) {
    let exports =
        how == "export" || arguments.iter().any(|word| word.known().as_deref() == Some("-x"));
    for word in arguments {
        let name = match assignment(word) {
            Some((name, value)) => {
                assign(state, &name, vec![value], false, frame.is_maybe);
                name
            }
            None => match word.known() {
                Some(name) if is_name(&name) => name,
                _ => continue,
            },
        };
        if exports {
            // An export of a name without a value passes on what may be set.
            if let Some(var) = state.vars.get_mut(&name) {
                var.is_exported = true;
            }
        }
    }
}

/// Gives a variable a value. Where it may not happen, both the old words and the new ones count.
pub(super) fn assign(
    state: &mut State,
    name: &str,
    value: Vec<Text>,
    appends: bool,
    is_maybe: bool,
) {
    let old = state.vars.get(name);
    let is_exported = old.is_some_and(|var| var.is_exported);
    let value = match old {
        Some(old) if appends || is_maybe => {
            let mut all = old.value.clone();
            if value.len() == 1 && all.len() == 1 {
                // `FLAGS+=" -v"`
                for (text, more) in all.iter_mut().zip(value) {
                    let Some(spot) = more.spot().or(text.spot()).cloned() else { continue };
                    if is_maybe {
                        text.push(Piece::made(" ", &spot));
                    }
                    text.extend(more);
                    if is_maybe {
                        text.push(Piece::made(" ", &spot));
                        text.push(Piece::unknown("", &spot));
                    }
                }
            } else {
                all.extend(value);
                all.truncate(MAX_WORDS);
                if let Some(spot) = all.last().and_then(Text::spot).cloned().filter(|_| is_maybe) {
                    all.push(Text::unknown("", &spot));
                }
            }
            all
        }
        _ => value,
    };
    state.vars.insert(name.to_owned(), Var { value, is_exported });
}

/// Gives a script or a function its arguments: `$1`, `$2`, …, `$@` and `$*`.
pub(super) fn set_arguments(state: &mut State, arguments: &[Text]) {
    for (number, argument) in (1..10_usize).zip(arguments) {
        let var = Var { value: vec![argument.clone()], is_exported: false };
        state.vars.insert(number.to_string(), var);
    }
    let all = Var { value: arguments.to_vec(), is_exported: false };
    state.vars.insert("@".to_owned(), all.clone());
    state.vars.insert("*".to_owned(), all);
}

/// The state of a program that a shell starts.
pub(super) fn child(state: &State, prefix: &BTreeMap<String, Text>) -> State {
    let exported = state.vars.iter().filter(|(_, var)| var.is_exported);
    let mut vars: BTreeMap<String, Var> =
        exported.map(|(name, var)| (name.clone(), var.clone())).collect();
    for (name, value) in prefix {
        vars.insert(name.clone(), Var { value: vec![value.clone()], is_exported: true });
    }
    State { vars, dir: state.dir.clone(), root_at: state.root_at.clone(), ..State::default() }
}
