//! The two lines of a go.mod that choose a toolchain.
//!
//! Source: <https://go.dev/ref/mod#go-mod-file>, <https://go.dev/doc/toolchain>.

use serde::{Deserialize, Serialize};

/// What a go.mod says of its module and of the Go version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoMod {
    pub module: Option<String>,
    /// The `go` line: the language version and the oldest toolchain.
    pub go: Option<String>,
    /// The `toolchain` line: `go1.25.5`, or `default`.
    pub toolchain: Option<String>,
}

/// Reads the `module`, `go` and `toolchain` lines. Everything else is left to the go command.
#[must_use]
pub fn parse(text: &str) -> GoMod {
    let mut go_mod = GoMod::default();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (Some(verb), Some(value), None) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let value = Some(value.trim_matches(['"', '`']).to_owned());
        match verb {
            "module" => go_mod.module = value,
            "go" => go_mod.go = value,
            "toolchain" => go_mod.toolchain = value,
            _ => {}
        }
    }
    go_mod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_and_no_others() {
        let text = "module example.com/m // comment\n\ngo 1.21\ntoolchain go1.25.5\nrequire (\n\tgo.uber.org/zap v1.0.0\n)\n";
        let expected = GoMod {
            module: Some("example.com/m".into()),
            go: Some("1.21".into()),
            toolchain: Some("go1.25.5".into()),
        };
        assert_eq!(parse(text), expected);
        assert_eq!(parse("\u{0}garbage go"), GoMod::default());
    }
}
