//! A go command as a person types it: `cd DIR && NAME=value go test ./...`.

use crate::golang::flags::GoCommand;

/// A go command, split as a shell splits it. Nothing in it is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// That of a leading `cd DIR &&`.
    pub(super) dir: Option<String>,
    /// The leading `NAME=value` words.
    pub(super) variables: Vec<(String, String)>,
    /// Arguments after `go`.
    pub(super) args: Vec<String>,
}

/// Why a text is no go command that has a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoGoCommand {
    #[error("a quote is not closed")]
    Quote,
    #[error("`{word}` is for a shell; one go command is planned, such as go test ./...")]
    Shell { word: String },
    #[error(
        "it starts with `{word}` and not with go; one go command is planned, such as go test ./..."
    )]
    NotGo { word: String },
    #[error("`go {verb}` has no plan; build, install, run, test, vet and list -export have one")]
    NoPlan { verb: String },
}

/// Splits a go command that has a plan.
///
/// # Errors
///
/// Fails when it is another command, several, or one that a shell must run.
pub(super) fn parse(text: &str) -> Result<CommandLine, NoGoCommand> {
    let mut words = shlex::split(text).ok_or(NoGoCommand::Quote)?;
    let mut dir = None;
    if words.first().is_some_and(|word| word == "cd") {
        match words.get(2).map(String::as_str) {
            Some("&&") => dir = words.get(1).cloned(),
            other => {
                return Err(NoGoCommand::Shell { word: other.unwrap_or("cd").to_owned() });
            }
        }
        words.drain(..3);
    }
    let assigned = |word: &String| {
        let (name, value) = word.split_once('=')?;
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        (!name.is_empty() && name.chars().all(is_name)).then(|| (name.to_owned(), value.to_owned()))
    };
    let variables: Vec<(String, String)> = words.iter().map_while(assigned).collect();
    let mut words = words.split_off(variables.len());
    if let Some(word) = words.iter().find(|word| is_operator(word)) {
        return Err(NoGoCommand::Shell { word: word.clone() });
    }
    if words.first().is_none_or(|word| word != "go") {
        let word = words.into_iter().next().unwrap_or_default();
        return Err(NoGoCommand::NotGo { word });
    }
    let args = words.split_off(1);
    let moved = crate::capture::verb_first(args.clone());
    let command = GoCommand::parse(&moved, "");
    if !command.is_build() {
        return Err(NoGoCommand::NoPlan { verb: command.verb });
    }
    Ok(CommandLine { dir, variables, args })
}

/// Whether a shell would not hand the word to the command.
fn is_operator(word: &str) -> bool {
    let plain = word.trim_start_matches(|char: char| char.is_ascii_digit());
    matches!(word, "&&" | "||" | "|" | ";" | "&" | "!")
        || word.ends_with(';')
        || plain.starts_with('>')
        || plain == "<"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let line = parse("cd 'a b' && GOFLAGS='-x -v' CGO_ENABLED=0 go test \"-run=^$\" ./...");
        let line = line.unwrap();
        assert_eq!(line.dir.as_deref(), Some("a b"));
        let variables = [("GOFLAGS", "-x -v"), ("CGO_ENABLED", "0")];
        assert_eq!(line.variables, variables.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(line.args, ["test", "-run=^$", "./..."]);
        assert_eq!(parse("go -C sub build .").unwrap().args, ["-C", "sub", "build", "."]);
    }

    #[test]
    fn what_has_no_plan_is_refused() {
        let shell = |word: &str| Err(NoGoCommand::Shell { word: word.to_owned() });
        assert_eq!(parse("go test ./... | tee log"), shell("|"));
        assert_eq!(parse("go test ./... 2>&1"), shell("2>&1"));
        assert_eq!(parse("go build ./...; go vet ./..."), shell("./...;"));
        assert_eq!(parse("cd a; go test"), shell("go"));
        assert_eq!(parse("cd"), shell("cd"));
        assert_eq!(parse("go test '"), Err(NoGoCommand::Quote));
        assert_eq!(parse("make test"), Err(NoGoCommand::NotGo { word: "make".to_owned() }));
        assert_eq!(parse("A=1"), Err(NoGoCommand::NotGo { word: String::new() }));
        let no_plan = |verb: &str| Err(NoGoCommand::NoPlan { verb: verb.to_owned() });
        assert_eq!(parse("go generate ./..."), no_plan("generate"));
        assert_eq!(parse("go list ./..."), no_plan("list"));
        assert_eq!(parse("go"), no_plan(""));
    }
}
