//! The policies that come with goaudit.

/// Names and texts of the policies that come with goaudit, sorted by name.
pub const SHIPPED: &[(&str, &str)] = &[
    ("ci", include_str!("../../policies/ci.yaml")),
    ("default", include_str!("../../policies/default.yaml")),
    ("pedantic", include_str!("../../policies/pedantic.yaml")),
    ("release", include_str!("../../policies/release.yaml")),
];

/// What a policy of a project extends when it does not say.
pub(super) const DEFAULT: &str = "default";

/// The text of a shipped policy.
pub(super) fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

/// The names of the shipped policies.
pub(super) fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}
