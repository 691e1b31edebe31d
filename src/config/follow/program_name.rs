//! Which program a word starts.

use crate::config::text::Text;

/// The name of a program. A variable that is named after one stands for it.
pub(super) fn program_name(word: &Text) -> String {
    if let Some(known) = word.known() {
        let name = known.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name.strip_suffix(".exe").unwrap_or(name);
        return match name {
            "gotip" | "richgo" | "xx-go" | "grc" => "go".to_owned(),
            name if is_versioned_go(name) => "go".to_owned(),
            name => name.to_owned(),
        };
    }
    let shown = word.shown();
    let inner = shown.trim_matches(['"', '$', '(', ')', '{', '}', ' ']).trim();
    let is_go =
        matches!(inner, "GO" | "GOCMD" | "GO_CMD" | "GOCOMMAND" | "GO_BIN" | "GOEXE" | "GO_EXE")
            || shown.ends_with("/bin/go")
            || shown.ends_with("/go")
            || is_lookup(inner, "go");
    let is_make = matches!(inner, "MAKE") || is_lookup(inner, "make");
    match (is_go, is_make) {
        (true, _) => "go".to_owned(),
        (_, true) => "make".to_owned(),
        _ => shown,
    }
}

/// `which go`, `command -v go`, with what follows it.
fn is_lookup(command: &str, name: &str) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['(', ')', ';']));
    let asks = |word: &str| matches!(word, "which" | "command" | "type" | "shell");
    if !words.next().is_some_and(asks) {
        return false;
    }
    words.find(|word| !word.starts_with('-') && !asks(word)) == Some(name)
}

/// `go1.22.5`
fn is_versioned_go(name: &str) -> bool {
    name.strip_prefix("go1.")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'))
}
