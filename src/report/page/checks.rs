//! What holds of every page.

use sha2::{Digest as _, Sha256};

use super::escape;

/// What stands between two marks.
pub(in crate::report) fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = html.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// Elements that have no end tag.
const VOID: &[&str] = &["meta", "input", "br", "link", "img"];

/// Returns the first tag that closes what is not open, or that nothing closes.
pub(in crate::report) fn unbalanced(html: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        rest = after;
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            _ if name.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) => {}
            Some(name) if open.last() == Some(&name) => drop(open.pop()),
            Some(_) => return Some(tag.to_owned()),
            None => open.push(name),
        }
        if matches!(name, "script" | "style") {
            rest = &rest[rest.find(&format!("</{name}>"))?..];
        }
    }
    open.pop().map(str::to_owned)
}

/// The hashes are of what stands in the page, byte for byte, or a browser runs nothing of it.
pub(in crate::report) fn admits_its_script_and_style(page: &str) {
    let policy = between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        let text = between(page, &format!("<{element}>"), &format!("</{element}>"));
        let hash = escape::base64(&Sha256::digest(text));
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")), "{policy}");
    }
    assert!(policy.starts_with("default-src 'none'; "));
}

/// A name, never an address.
const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";

pub(in crate::report) fn fetches_nothing(page: &str) {
    let markup = page.replace(SVG_NAMESPACE, "");
    for part in ["src=", "href=", "@import", "url(", "fetch(", "http:", "innerHTML", "eval("] {
        assert!(!markup.contains(part), "{part}");
    }
}

#[test]
fn a_tag_that_is_not_closed_is_found() {
    assert_eq!(unbalanced("<p><b>x</p></b>").as_deref(), Some("/p"));
    assert_eq!(unbalanced("<p><br>").as_deref(), Some("p"));
}
