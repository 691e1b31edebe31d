//! The values of a build that its artifacts should not hold.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::capture::side::text;
use crate::leaks::{Kind, Needle, Needles};
use crate::recording::Places;

/// A variable that nothing reads; its value is this check's.
pub(super) const VARIABLE: &str = "GOAUDIT_CANARY";

/// Gathers the values of one build. What holds `mark` was made for it and is equal to nothing else.
///
/// The mark is in the name of the folder that a check works in, so it is in every directory there.
pub(super) fn needles(
    env: &BTreeMap<OsString, OsString>,
    places: &Places,
    mark: Option<&str>,
) -> Needles {
    let variable = |name: &str| env.get(OsStr::new(name)).map(text).unwrap_or_default();
    // A build that writes its own `..` still names the folder of the copy.
    let above = Path::new(&places.root).parent().map(text).unwrap_or_default();
    let above = if mark.is_some_and(|mark| above.contains(mark)) { above } else { String::new() };
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let values = [
        (Kind::Workdir, places.workdir.clone()),
        (Kind::Workdir, places.root.clone()),
        (Kind::Gomodcache, places.gomodcache.clone()),
        (Kind::Gocache, places.gocache.clone()),
        (Kind::Goroot, places.goroot.clone()),
        (Kind::Home, places.home.clone()),
        (Kind::Tmpdir, variable("GOTMPDIR")),
        (Kind::Tmpdir, places.tmpdir.clone()),
        (Kind::Workdir, above),
        (Kind::User, variable("USER")),
        (Kind::User, variable("LOGNAME")),
        (Kind::Host, variable("HOSTNAME")),
        (Kind::Host, host),
        (Kind::Environment, variable(VARIABLE)),
    ];
    Needles::new(values.into_iter().map(|(kind, text)| Needle {
        is_marked: mark.is_some_and(|mark| text.contains(mark)),
        kind,
        text,
    }))
}
