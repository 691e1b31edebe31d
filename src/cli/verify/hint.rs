//! What helps where go cannot build the module.

/// Says what go's own words leave out.
pub(super) fn hint(output: &str, offline: bool) -> Option<&'static str> {
    let says = |words: &str| output.contains(words);
    if says("checksum mismatch") {
        Some(
            "the files that were fetched are not those that the checksum database knows: do not trust them, and clear the module cache if it holds them",
        )
    } else if offline {
        Some("--offline takes from the module cache only: verify once without it")
    } else if says("contains one or more") || says("directives") {
        Some(
            "`go install MODULE@VERSION` takes no module whose go.mod replaces others: --source DIR names a checkout",
        )
    } else if says("toolchain not available") || says("download go1") {
        Some("the toolchain must be a release that GOPROXY has; GOTOOLCHAIN toolchains are modules")
    } else if says("403 Forbidden")
        || says("404 Not Found")
        || says("410 Gone")
        || says("unknown revision")
    {
        Some(
            "the version is not to be had from GOPROXY; a private module needs GOPRIVATE or GOAUTH as `go install` does",
        )
    } else {
        None
    }
}
