//! What a script writes to `$GITHUB_OUTPUT` and `$GITHUB_ENV`, as far as single `echo`s say.

use std::collections::BTreeMap;

/// Where a step writes what later steps read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sink {
    Output,
    Env,
}

/// Returns the shell text written under each name; `None` where it cannot be
/// told: written twice, or under a condition.
pub(super) fn written(script: &str, sink: Sink) -> BTreeMap<String, Option<String>> {
    let (variable, legacy) = match sink {
        Sink::Output => ("GITHUB_OUTPUT", "::set-output name="),
        Sink::Env => ("GITHUB_ENV", "::set-env name="),
    };
    let script = script.replace("\\\n", " ");
    let conditional = is_conditional(&script);
    // `{ echo a=1; echo b=2; } >> "$GITHUB_OUTPUT"`
    let grouped = script.lines().any(|l| l.trim().starts_with('}') && l.contains(variable));
    let mut written = BTreeMap::new();
    for line in script.lines().map(str::trim) {
        let pair = match line.split_once(legacy) {
            Some((_, rest)) => rest.split_once("::"),
            None if line.contains(variable) || (grouped && !line.contains('>')) => echoed(line),
            None => None,
        };
        let Some((name, value)) = pair else { continue };
        let value = (!conditional).then(|| value.trim_end_matches(['"', '\'']).to_owned());
        let second = written.contains_key(name);
        written.insert(name.to_owned(), value.filter(|_| !second));
    }
    written
}

/// Returns the one value that a script assigns to a variable.
pub(super) fn assigned<'a>(script: &'a str, name: &str) -> Option<&'a str> {
    let mut values = script.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("export ");
        line.strip_prefix(name)?.strip_prefix('=')
    });
    let value = values.next()?;
    (values.next().is_none() && !is_conditional(script)).then_some(value)
}

fn is_conditional(script: &str) -> bool {
    let starts = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        matches!(word, "if" | "for" | "while" | "until" | "case" | "foreach")
            || line.contains("&& echo")
            || line.contains("|| echo")
    };
    script.lines().any(starts)
}

/// Reads `echo "name=value" >> $GITHUB_OUTPUT` and its PowerShell kin.
fn echoed(line: &str) -> Option<(&str, &str)> {
    let text = [">>", "| tee", "|tee", "| Out-File", "| out-file"]
        .iter()
        .find_map(|redirect| line.rsplit_once(redirect).map(|(before, _)| before))
        .unwrap_or(line)
        .trim();
    let text = ["echo ", "Write-Output ", "printf "]
        .iter()
        .find_map(|command| text.strip_prefix(command))
        .or_else(|| text.starts_with(['"', '\'']).then_some(text))?
        .trim_start()
        .trim_start_matches("-e ")
        .trim_start_matches("-n ");
    let (name, value) = text.trim_start_matches(['"', '\'']).split_once('=')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, value))
}

/// A piece of shell text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word<'a> {
    Literal(&'a str),
    Variable(&'a str),
    /// `$(…)` or backticks.
    Command(&'a str),
    /// What starts like one of these and does not end like it.
    Unclear(&'a str),
}

/// Cuts shell text at its substitutions.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let start = rest.find(['$', '`']).unwrap_or(rest.len());
        let (literal, at) = rest.split_at_checked(start).unwrap_or((rest, ""));
        if !literal.is_empty() {
            words.push(Word::Literal(literal));
        }
        let Some((word, after)) = substitution(at) else {
            if !at.is_empty() {
                words.push(Word::Unclear(at));
            }
            return words;
        };
        words.push(word);
        rest = after;
    }
    words
}

fn substitution(text: &str) -> Option<(Word<'_>, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        return rest.split_once('`').map(|(inner, after)| (Word::Command(inner), after));
    }
    let rest = text.strip_prefix('$')?;
    if let Some(rest) = rest.strip_prefix('(') {
        return closed(rest).map(|(inner, after)| (Word::Command(inner), after));
    }
    if let Some(rest) = rest.strip_prefix('{') {
        let (inner, after) = rest.split_once('}')?;
        let name = inner.strip_prefix("env:").unwrap_or(inner);
        return Some((
            if is_variable(name) { Word::Variable(name) } else { Word::Unclear(inner) },
            after,
        ));
    }
    let rest = rest.strip_prefix("env:").or_else(|| rest.strip_prefix("Env:")).unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(end)?;
    is_variable(name).then_some((Word::Variable(name), after))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Splits at the parenthesis that closes the one already open.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut open = 1_usize;
    let (end, _) = text.char_indices().find(|(_, c)| {
        match c {
            '(' => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    })?;
    Some((text.get(..end)?, text.get(end.saturating_add(1)..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(script: &str) -> Vec<(String, Option<String>)> {
        written(script, Sink::Output).into_iter().collect()
    }

    fn one(name: &str, value: &str) -> Vec<(String, Option<String>)> {
        vec![(name.to_owned(), Some(value.to_owned()))]
    }

    #[test]
    fn one_echo_to_a_name() {
        assert_eq!(
            output("echo \"a=$(go env GOCACHE)\" >> $GITHUB_OUTPUT"),
            one("a", "$(go env GOCACHE)")
        );
        assert_eq!(output("echo a=b >>\"${GITHUB_OUTPUT}\""), one("a", "b"));
        assert_eq!(output("echo 'a=b=c' | tee -a $GITHUB_OUTPUT"), one("a", "b=c"));
        assert_eq!(output("echo \"::set-output name=a::$(date +%s)\""), one("a", "$(date +%s)"));
        assert_eq!(
            output("\"a=b\" | Out-File -FilePath $env:GITHUB_OUTPUT -Append"),
            one("a", "b")
        );
        assert_eq!(output("{\n  echo a=b\n} >> $GITHUB_OUTPUT"), one("a", "b"));
        assert_eq!(output("echo a=b"), []);
        assert_eq!(output("echo a=b >> $GITHUB_ENV"), []);
    }

    #[test]
    fn two_values_or_a_condition_are_unknown() {
        let unknown = vec![("a".to_owned(), None)];
        assert_eq!(output("echo a=b >> $GITHUB_OUTPUT\necho a=c >> $GITHUB_OUTPUT"), unknown);
        assert_eq!(output("if x; then\n echo a=b >> $GITHUB_OUTPUT\nfi"), unknown);
        assert_eq!(assigned("A=1\nB=2", "B"), Some("2"));
        assert_eq!(assigned("A=1\nA=2", "A"), None);
    }

    #[test]
    fn substitutions() {
        use Word::{Command, Literal, Unclear, Variable};
        assert_eq!(words("a-$B-${C}"), [Literal("a-"), Variable("B"), Literal("-"), Variable("C")]);
        assert_eq!(words("$(a $(b))`c`"), [Command("a $(b)"), Command("c")]);
        assert_eq!(words("x$(a"), [Literal("x"), Unclear("$(a")]);
        assert_eq!(words("${A:-b}$"), [Unclear("A:-b"), Unclear("$")]);
    }
}
