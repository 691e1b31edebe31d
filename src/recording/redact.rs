//! What must not enter a recording.

use std::borrow::Cow;

use crate::golang::hash_log::{Line, REDACTED};
use crate::golang::test_log::{InputKind, TestRun};

/// Go's own build settings: the only environment values that a recording holds.
///
/// GOPROXY, GOAUTH, GONOSUMDB and the like are not among them: they decide
/// where modules come from, not what is built, and they hold credentials.
pub const SETTINGS: &[&str] = &[
    "AR",
    "CC",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_ENABLED",
    "CGO_FFLAGS",
    "CGO_LDFLAGS",
    "CXX",
    "FC",
    "GCCGO",
    "GO111MODULE",
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOMIPS",
    "GOMIPS64",
    "GOMOD",
    "GOMODCACHE",
    "GOOS",
    "GOPATH",
    "GOPPC64",
    "GORISCV64",
    "GOROOT",
    "GOTOOLCHAIN",
    "GOVERSION",
    "GOWASM",
    "GOWORK",
    "PKG_CONFIG",
];

/// Takes `user:password` out of every URL of a text.
#[must_use]
pub fn credentials(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|char: char| "/\"'\\ \t\n,|".contains(char)).unwrap_or(after.len());
        let authority = after.get(..end).unwrap_or(after);
        kept.push_str(before);
        kept.push_str("://");
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                kept.push_str(REDACTED);
                kept.push('@');
                kept.push_str(host);
            }
            None => kept.push_str(authority),
        }
        rest = after.get(end..).unwrap_or_default();
    }
    if kept.is_empty() {
        return Cow::Borrowed(text);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Returns a line of a hash log as it may be recorded, `None` for one that may not.
///
/// What tests read is not among the lines: `getenv` blocks hold the values of
/// variables, and the sums of these, of `testInputs` and of its subkeys are
/// hashes without a salt, from which a short value can be guessed. What a
/// recording holds in their place are [`TestRun`]s, see [`test_run`].
#[must_use]
pub fn hash_line(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    match Line::classify(line) {
        Line::Open { name } | Line::Write { name, .. } | Line::Sum { name, .. }
            if name == b"getenv" || name == b"testInputs" =>
        {
            return None;
        }
        Line::Subkey if line.get(76..).is_some_and(|rest| rest.starts_with(b" \"inputs:")) => {
            return None;
        }
        _ => {}
    }
    if memchr::memmem::find(line, b"://").is_none() {
        return Some(Cow::Borrowed(line));
    }
    Some(match credentials(&String::from_utf8_lossy(line)) {
        Cow::Borrowed(_) => Cow::Borrowed(line),
        Cow::Owned(text) if text.as_bytes() == line => Cow::Borrowed(line),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Hex digits that a recording keeps of the hash of a variable's value.
///
/// Two values differ in them in 4,095 of 4,096 cases, which is enough to say
/// that a variable differs. That is also all that they tell: whoever has a list
/// of passwords is left with each 4,096th of them.
const KEPT_OF_SUM: usize = 3;

/// Takes out of the run of a test what tells too much of the variables that it read.
pub fn test_run(run: &mut TestRun) {
    for input in run.inputs.iter_mut().flatten().filter(|input| input.kind == InputKind::Env) {
        input.sum.truncate(KEPT_OF_SUM);
    }
    run.args = credentials(&run.args).into_owned();
    run.exec = credentials(&run.exec).into_owned();
}

/// Returns a word of a command line as it may be recorded: `NAME=value` keeps its value only where
/// NAME is one of Go's settings. A word may be a whole line for a shell.
#[must_use]
pub fn command_word(word: &str) -> String {
    let mut kept = String::new();
    let mut rest = word;
    while let Some((name, value)) = rest.split_once('=') {
        kept.push_str(name);
        kept.push('=');
        // `NAME+=value` adds to a variable.
        let name = name.strip_suffix('+').unwrap_or(name);
        let start = name.rfind(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        let assigned = start.map_or(name, |at| name.get(at + 1..).unwrap_or_default());
        // `-X main.v=1` and `--flag=1` assign no variable.
        let is_variable = start.is_none_or(|at| {
            name[at..].starts_with([' ', '\t', '\n', ';', '&', '|', '(', '"', '\'', '`', '{', '$'])
        });
        let is_secret = is_variable && !assigned.is_empty() && !SETTINGS.contains(&assigned);
        // What a word starts with may hold spaces: `make "TOKEN=a b"`.
        let end = if is_secret && start.is_none() && rest.len() == word.len() {
            value.len()
        } else {
            value_end(value)
        };
        kept.push_str(if is_secret { REDACTED } else { &value[..end] });
        rest = &value[end..];
    }
    kept.push_str(rest);
    credentials(&kept).into_owned()
}

/// Where the value of an assignment ends, as a shell takes it. A lone word has no end but its own.
fn value_end(value: &str) -> usize {
    let mut quote = None;
    let mut chars = value.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            // It takes from the next character what that would mean.
            (None | Some('"'), '\\') => {
                chars.next();
            }
            (Some(open), _) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(char),
            (None, ' ' | '\t' | '\n' | ';' | '&' | '|' | ')') => return at,
            (None, _) => {}
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::build_id::ShortId;
    use crate::golang::test_log::{TestInput, TestOutcome};

    #[test]
    fn a_url_keeps_its_host_and_loses_its_credentials() {
        assert_eq!(
            credentials("-X a=https://bob:s3cret@host/x?y=@z https://plain/@v"),
            "-X a=https://goaudit-redacted@host/x?y=@z https://plain/@v"
        );
        assert_eq!(credentials("git://tok@h"), "git://goaudit-redacted@h");
    }

    #[test]
    fn what_a_test_read_is_left_out() {
        let hex = "0".repeat(64);
        for line in [
            r#"HASH[getenv]: "hunter2""#.to_owned(),
            format!("HASH[getenv]: {hex}"),
            format!(r#"HASH[testInputs]: "env TOKEN {hex}\n""#),
            format!("HASH[testInputs]: {hex}"),
            format!(r#"HASH subkey {hex} "inputs:{hex}" = {hex}"#),
        ] {
            assert_eq!(hash_line(line.as_bytes()), None, "{line}");
        }
        for line in [
            r#"HASH[build x]: "dir /src/x\n""#.to_owned(),
            format!(r#"HASH subkey {hex} "stdout" = {hex}"#),
            format!("HASH[testResult]: {hex}"),
        ] {
            assert_eq!(hash_line(line.as_bytes()).as_deref(), Some(line.as_bytes()));
        }
    }

    #[test]
    fn of_the_hash_of_a_variable_little_is_kept() {
        let input = |kind| TestInput {
            kind,
            name: "TOKEN".to_owned(),
            sum: "0123456789abcdef".repeat(4),
            file: None,
            content: None,
        };
        let mut run = TestRun {
            package: "example.com/m".to_owned(),
            link: ShortId::of(&[0; 32]),
            args: r#"["-test.run=x://a:b@h"]"#.to_owned(),
            exec: "[]".to_owned(),
            outcome: TestOutcome::Ran,
            inputs: Some(vec![input(InputKind::Env), input(InputKind::Open)]),
        };
        test_run(&mut run);
        let sums: Vec<usize> = run.inputs.iter().flatten().map(|input| input.sum.len()).collect();
        assert_eq!(sums, [3, 64]);
        assert_eq!(run.args, r#"["-test.run=x://goaudit-redacted@h"]"#);
    }

    #[test]
    fn only_settings_of_go_keep_their_value() {
        assert_eq!(command_word("TOKEN=abc"), "TOKEN=goaudit-redacted");
        assert_eq!(command_word("CGO_ENABLED=0"), "CGO_ENABLED=0");
        assert_eq!(command_word("-ldflags=-s -w"), "-ldflags=-s -w");
        assert_eq!(command_word("-ldflags=-X main.v=1"), "-ldflags=-X main.v=1");
    }

    #[test]
    fn a_line_for_a_shell_is_looked_into() {
        assert_eq!(
            command_word("cd x && TOKEN='a b' CGO_ENABLED=0 make KEY=c; go build -tags=d"),
            "cd x && TOKEN=goaudit-redacted CGO_ENABLED=0 make KEY=goaudit-redacted; go build -tags=d"
        );
        for line in [
            r"cd x; T=abc\ SECRET",
            r#"cd x; T="a\"b SECRET""#,
            "cd x; T+=SECRET",
            "echo `T=SECRET make`",
        ] {
            assert!(!command_word(line).contains("SECRET"), "{}", command_word(line));
        }
        assert_eq!(command_word("A=1=2"), "A=goaudit-redacted");
        assert_eq!(command_word("TOKEN=a b; c"), "TOKEN=goaudit-redacted");
        assert_eq!(command_word("CGO_ENABLED=0 T=x make"), "CGO_ENABLED=0 T=goaudit-redacted make");
        assert_eq!(command_word("PASSWORD=\"x"), "PASSWORD=goaudit-redacted");
    }
}
