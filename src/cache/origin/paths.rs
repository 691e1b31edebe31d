//! Import paths, and how the module cache writes them.

pub(super) fn first_element(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Returns the elements that two paths start with.
pub(super) fn common(one: &str, other: &str) -> String {
    let pairs = one.split('/').zip(other.split('/'));
    pairs.take_while(|(one, other)| one == other).map(|(one, _)| one).collect::<Vec<_>>().join("/")
}

/// Returns two paths without the elements that both end with.
pub(super) fn without_common_end<'a>(mut one: &'a str, mut other: &'a str) -> (&'a str, &'a str) {
    while let (Some((a, x)), Some((b, y))) = (one.rsplit_once('/'), other.rsplit_once('/'))
        && x == y
    {
        (one, other) = (a, b);
    }
    (one, other)
}

pub(super) fn joined(path: &str, rest: &str) -> String {
    if rest.is_empty() { path.to_owned() } else { format!("{path}/{rest}") }
}

/// Writes a module path as the module cache does: `!a` for `A`.
///
/// Source: <https://go.dev/ref/mod#module-cache>.
pub(super) fn escaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for char in path.chars() {
        if char.is_ascii_uppercase() {
            text.push('!');
        }
        text.push(char.to_ascii_lowercase());
    }
    text
}

pub(super) fn unescaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut chars = path.chars();
    while let Some(char) = chars.next() {
        match char {
            '!' => text.extend(chars.next().map(|next| next.to_ascii_uppercase())),
            char => text.push(char),
        }
    }
    text
}
