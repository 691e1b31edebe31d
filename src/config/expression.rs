//! Expressions of GitHub Actions: what stands between `${{` and `}}`.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>.

use std::fmt;

/// An expression, read far enough to say which values it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A string, number, boolean or null, as text.
    Literal(String),
    /// `github.event.after`: lower-case names, `*` where a name is computed.
    Context(Vec<String>),
    /// `hashFiles('go.sum')`, the name in lower case.
    Call { name: String, arguments: Vec<Self> },
    /// `a || b && !c == d`, one operator to a node.
    Operation { operator: &'static str, operands: Vec<Self> },
    /// What is not an expression, its whitespace collapsed.
    Unparsed(String),
}

/// Deeper nesting is not parsed: nobody writes it, and the parser recurses.
const MAX_DEPTH: usize = 32;

impl Expression {
    /// Parses the text between `${{` and `}}`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        tokens(text).and_then(|tokens| Parser { tokens: &tokens, depth: 0 }.whole()).unwrap_or_else(
            || Self::Unparsed(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        )
    }

    /// Returns the expressions whose value this one may take.
    ///
    /// `a && b || c` is `b` or `c`. Alone, `a && b` is `b` or something false.
    #[must_use]
    pub fn alternatives(&self) -> Vec<&Self> {
        const FALSE: &Expression = &Expression::Literal(String::new());
        match self {
            Self::Operation { operator: "||", operands } => {
                operands.iter().flat_map(Self::when_true).collect()
            }
            Self::Operation { operator: "&&", .. } => {
                self.when_true().into_iter().chain([FALSE]).collect()
            }
            _ => vec![self],
        }
    }

    fn when_true(&self) -> Vec<&Self> {
        match self {
            Self::Operation { operator: "&&", operands } => {
                operands.last().map(Self::when_true).unwrap_or_default()
            }
            Self::Operation { operator: "||", .. } => self.alternatives(),
            _ => vec![self],
        }
    }
}

/// The one spelling of an expression, so that equal ones are equal as text.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Context(path) => f.write_str(&path.join(".")),
            Self::Call { name, arguments } => write!(f, "{name}({})", joined(arguments, ", ")),
            Self::Operation { operator: "!", operands } => write!(f, "!{}", joined(operands, "")),
            Self::Operation { operator, operands } => {
                write!(f, "({})", joined(operands, &format!(" {operator} ")))
            }
            Self::Unparsed(text) => f.write_str(text),
        }
    }
}

fn joined(expressions: &[Expression], separator: &str) -> String {
    expressions.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Name(String),
    Symbol(&'static str),
}

/// Longest first: `<=` is not `<` and then `=`.
const SYMBOLS: &[&str] =
    &["||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "*"];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '\'' {
            quoted(rest)?
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Token::Symbol(symbol), rest.strip_prefix(symbol)?)
        } else {
            word(rest, first)?
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

/// Reads `'it''s'`: a quote in a string is doubled.
fn quoted(text: &str) -> Option<(Token, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        let Some(next) = after.strip_prefix('\'') else {
            return Some((Token::Text(value), after));
        };
        value.push('\'');
        rest = next;
    }
}

fn word(text: &str, first: char) -> Option<(Token, &str)> {
    // A number may hold a dot; a name may not.
    let number = first.is_ascii_digit() || matches!(first, '-' | '+');
    let inside = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (number && matches!(c, '.' | '+'))
    };
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    match word {
        "" => None,
        _ if number => Some((Token::Text(word.to_owned()), rest)),
        _ => Some((Token::Name(word.to_ascii_lowercase()), rest)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    fn whole(mut self) -> Option<Expression> {
        let expression = self.binary(LEVELS)?;
        self.tokens.is_empty().then_some(expression)
    }

    fn take(&mut self, symbol: &str) -> bool {
        match self.tokens.split_first() {
            Some((Token::Symbol(found), rest)) if *found == symbol => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    /// Parses operators of the first level and all that bind more tightly.
    fn binary(&mut self, levels: &[&[&'static str]]) -> Option<Expression> {
        let Some((level, tighter)) = levels.split_first() else { return self.unary() };
        let mut first = self.binary(tighter)?;
        while let Some(operator) = level.iter().find(|operator| self.take(operator)) {
            let second = self.binary(tighter)?;
            first = match first {
                Expression::Operation { operator: same, mut operands } if same == *operator => {
                    operands.push(second);
                    Expression::Operation { operator, operands }
                }
                other => Expression::Operation { operator, operands: vec![other, second] },
            };
        }
        Some(first)
    }

    fn unary(&mut self) -> Option<Expression> {
        self.depth = self.depth.checked_add(1).filter(|depth| *depth <= MAX_DEPTH)?;
        let expression = if self.take("!") {
            Expression::Operation { operator: "!", operands: vec![self.unary()?] }
        } else if self.take("(") {
            let inner = self.binary(LEVELS)?;
            self.take(")").then_some(inner)?
        } else {
            self.primary()?
        };
        self.depth = self.depth.saturating_sub(1);
        Some(expression)
    }

    fn primary(&mut self) -> Option<Expression> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match token {
            Token::Text(text) => Some(Expression::Literal(text.clone())),
            Token::Name(name) if self.take("(") => self.call(name.clone()),
            Token::Name(name) if matches!(name.as_str(), "true" | "false" | "null") => {
                Some(Expression::Literal(name.clone()))
            }
            Token::Name(name) => self.context(vec![name.clone()]).map(Expression::Context),
            Token::Symbol(_) => None,
        }
    }

    fn call(&mut self, name: String) -> Option<Expression> {
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() && !self.take(",") {
                return None;
            }
            arguments.push(self.binary(LEVELS)?);
        }
        // `fromJSON(x).y`: the path into a result says nothing about its class.
        self.context(Vec::new())?;
        Some(Expression::Call { name, arguments })
    }

    /// Parses what follows a name: `.sha`, `.*`, `['sha']`, `[0]`.
    fn context(&mut self, mut path: Vec<String>) -> Option<Vec<String>> {
        loop {
            if self.take(".") {
                let (token, rest) = self.tokens.split_first()?;
                self.tokens = rest;
                path.push(match token {
                    Token::Name(name) => name.clone(),
                    Token::Symbol("*") => "*".to_owned(),
                    Token::Text(_) | Token::Symbol(_) => return None,
                });
            } else if self.take("[") {
                path.push(match self.binary(LEVELS)? {
                    Expression::Literal(text) => text.to_ascii_lowercase(),
                    _ => "*".to_owned(),
                });
                self.take("]").then_some(())?;
            } else {
                return Some(path);
            }
        }
    }
}

/// Binary operators, loosest first.
const LEVELS: &[&[&str]] = &[&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"]];

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        Expression::parse(text).to_string()
    }

    #[test]
    fn equal_expressions_have_one_spelling() {
        assert_eq!(
            canonical(" hashFiles( '**/go.sum','go.mod' ) "),
            "hashfiles('**/go.sum', 'go.mod')"
        );
        assert_eq!(canonical("GITHUB['sha']"), "github.sha");
        assert_eq!(canonical("matrix.go.*.x[0][env.a]"), "matrix.go.*.x.0.*");
        assert_eq!(canonical("format('it''s {0}', 1.5)"), "format('it''s {0}', '1.5')");
        assert_eq!(canonical("a||b && !c == -1"), "(a || (b && (!c == '-1')))");
        assert_eq!(canonical("fromJSON(x).y[1]"), "fromjson(x)");
    }

    #[test]
    fn what_is_no_expression_is_kept() {
        for text in ["", "'open", "a b", "a.", "f(", "f(a b)", "(a", "a §", ")"] {
            let trimmed = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(Expression::parse(text), Expression::Unparsed(trimmed), "{text}");
        }
        let deep = format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(matches!(Expression::parse(&deep), Expression::Unparsed(_)));
        let deep = format!("{}a", "!".repeat(10_000));
        assert!(matches!(Expression::parse(&deep), Expression::Unparsed(_)));
    }

    #[test]
    fn a_condition_is_no_alternative() {
        let alternatives = |text: &str| {
            let expression = Expression::parse(text);
            expression.alternatives().into_iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(alternatives("a == 'x' && b || c"), ["b", "c"]);
        assert_eq!(alternatives("a && b"), ["b", "''"]);
        assert_eq!(alternatives("a || b || c"), ["a", "b", "c"]);
        assert_eq!(alternatives("a"), ["a"]);
    }
}
