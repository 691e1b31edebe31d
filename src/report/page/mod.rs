//! What all HTML pages share: a template, the policy that lets its own script run and no other,
//! the look, and how text is put into it.

#[cfg(test)]
pub(in crate::report) mod checks;
pub(in crate::report) mod escape;

use sha2::{Digest as _, Sha256};

/// A page that needs nothing but a browser.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Page {
    /// Markup with `{{name}}` where a value belongs.
    pub(in crate::report) template: &'static str,
    pub(in crate::report) style: &'static str,
    pub(in crate::report) script: &'static str,
}

impl Page {
    /// Fills the template. What is filled in is not looked at again, whatever it holds.
    ///
    /// `policy`, `style`, `script` and `version` are known; all other values are markup.
    pub(in crate::report) fn fill(&self, values: &[(&str, String)]) -> String {
        let policy = self.policy();
        let own = [
            ("policy", policy.as_str()),
            ("style", self.style),
            ("script", self.script),
            ("version", env!("CARGO_PKG_VERSION")),
        ];
        let given = values.iter().map(|(name, value)| (*name, value.as_str()));
        fill(self.template, &given.chain(own).collect::<Vec<_>>())
    }

    /// Returns the Content-Security-Policy of the page: this style, this script, no request.
    ///
    /// Source: <https://www.w3.org/TR/CSP3/#grammardef-hash-source>.
    fn policy(&self) -> String {
        let hash = |text: &str| escape::base64(&Sha256::digest(text));
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(self.script),
            hash(self.style)
        )
    }
}

/// Puts values where a template has `{{name}}`. What is put in is not looked at again.
pub(in crate::report) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        text.push_str(before);
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            text.push_str(value);
        }
        rest = after;
    }
    text.push_str(rest);
    text
}
