use std::sync::Arc;

use super::*;

fn spot() -> Spot {
    Spot::start(&Arc::from("x.sh"))
}

fn read(text: &str) -> Result<Vec<Step>, ShellError> {
    parse(&Text::literal(text, &spot()), &spot(), 0)
}

/// The words of each command, as they are written without quotes.
fn commands(text: &str) -> Vec<String> {
    let shown = |part: &Part| match &part.what {
        What::Literal(text, _) | What::Unknown(text) => text.clone(),
        What::Variable { name, default: None, .. } => format!("<{name}>"),
        What::Variable { name, default: Some(text), .. } => format!("<{name}:-{}>", text.shown()),
        What::Command(text) => format!("<({})>", text.shown().trim()),
        What::Array(words) => format!("<{} words>", words.len()),
    };
    let word = |word: &Word| word.parts.iter().map(shown).collect::<String>();
    let steps = read(text).unwrap().into_iter();
    steps
        .filter_map(|step| match step {
            Step::Command(command) => {
                let assigned = command.assignments.iter();
                let assigned = assigned.map(|a| format!("{}={}", a.name, word(&a.value)));
                Some(assigned.chain(command.words.iter().map(word)).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn quotes_and_expansions() {
    assert_eq!(
        commands("go build -o 'a b' \"c $D ${E:-f g}\""),
        ["go build -o a b c <D> <E:-f g>"]
    );
    assert_eq!(commands("a=$(b \"$(c ')')\" # )\n) d"), ["a=<(b \"$(c ')')\")> d"]);
    assert_eq!(commands("x `y \\`z\\``"), ["x <(y `z`)>"]);
    assert_eq!(
        commands("echo $((1 + (2 << 3))) ${x%/*} ${x:?no}"),
        ["echo $((…)) ${x%/*} ${x:?no}"]
    );
    assert_eq!(commands("flags=(-a \"b c\"\n  # no\n  -d) go x"), ["flags=<3 words> go x"]);
    assert_eq!(commands("echo a#b 'c' # d"), ["echo a#b c"]);
    assert_eq!(commands("a \\\n  b \\\r\n c\r\nd"), ["a b c", "d"]);
}

#[test]
fn commands_end_where_the_shell_ends_them() {
    assert_eq!(
        commands("a && b || c; d | e & f\ng >x 2>&1 <y h"),
        ["a", "b", "c", "d", "e", "f", "g h"]
    );
    assert_eq!(
        commands("if a; then b; elif c; then d; else e; fi >x; f"),
        ["a", "b", "c", "d", "e", "", "f"]
    );
    assert_eq!(
        commands("for x in a b; do c $x; done; while d; do e; done"),
        ["x=$x", "c <x>", "d", "e"]
    );
    assert_eq!(commands("case $a in b|c) d;; (e) f;; *) g; esac; h"), ["d", "f", "g", "h"]);
    assert_eq!(commands("f() { a; }; function g { b; }\n( c; { d; } )"), ["a", "b", "c", "d"]);
    assert_eq!(commands("[[ $a =~ ^(b|c)$ && ! -f d ]] && e; (( x > 1 )) && f"), ["[[", "e", "f"]);
    assert_eq!(commands("A=1 B=\"2 3\" go test; C+=4"), ["A=1 B=2 3 go test", "C=4"]);
}

#[test]
fn here_documents_are_passed_over() {
    assert_eq!(commands("cat <<EOF >x\ngo build 'a\nEOF\nb"), ["cat", "b"]);
    assert_eq!(commands("cat <<-'E F' | c\n\tit's\n\tE F\nd"), ["cat", "c", "d"]);
    assert_eq!(
        commands("x=$(cat <<EOF\nit's ) not\nEOF\n) y"),
        ["x=<(cat <<EOF\nit's ) not\nEOF)> y"]
    );
    assert_eq!(commands("cat <<<\"a b\" c"), ["cat c"]);
}

#[test]
fn what_is_not_closed_is_an_error_with_a_place() {
    for (text, column, what) in [
        ("echo 'a", 5, "' is not closed"),
        ("echo \"a $(b", 8, "$( is not closed"),
        ("echo \"a", 5, "\" is not closed"),
        ("echo `a", 5, "` is not closed"),
        ("a=(b", 2, "( is not closed"),
        ("${a:-b", 0, "${ is not closed"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!((error.spot.line, error.spot.column), (0, column), "{text}");
        assert_eq!(error.reason, what, "{text}");
    }
    assert!(read(&"$(".repeat(1000)).is_err());
    assert!(read(&"(".repeat(100_000)).is_ok());
    assert!(read(&"if ".repeat(100_000)).is_ok());
}

#[test]
fn words_know_their_places() {
    let steps = read("cd x &&\n  é go \\\n    -a").unwrap();
    let places: Vec<(usize, usize)> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Command(command) => Some(&command.words),
            _ => None,
        })
        .flatten()
        .map(|word| (word.spot.line, word.spot.column))
        .collect();
    assert_eq!(places, [(0, 0), (0, 3), (1, 2), (1, 4), (2, 4)]);
}
