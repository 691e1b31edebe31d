//! What to do about each difference, by the kind of archive.
//!
//! Source of the keys of GoReleaser: <https://goreleaser.com/customization/archive/>. An `mtime` is a
//! template that gives RFC 3339, as `.CommitDate` is; without `builds_info` that of the binary is
//! taken, which `mod_timestamp` sets, in seconds since 1970.

use crate::packing::Kind;

/// One text for each kind of archive that has something to change.
pub(super) struct Fix {
    tar: &'static str,
    zip: &'static str,
}

impl Fix {
    pub(super) const fn get(&self, kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Tar => Some(self.tar),
            Kind::Zip => Some(self.zip),
            Kind::Single | Kind::Folder => None,
        }
    }
}

pub(super) const MODIFIED: Fix = Fix {
    tar: "tar --mtime=@$SOURCE_DATE_EPOCH; in GoReleaser mtime: '{{ .CommitDate }}' in archives[].builds_info and archives[].files[].info",
    zip: "TZ=UTC touch -d @$SOURCE_DATE_EPOCH on all files, then TZ=UTC zip -X; in GoReleaser mtime: '{{ .CommitDate }}' in archives[].builds_info and archives[].files[].info",
};

pub(super) const OWNER: Fix = Fix {
    tar: "tar --owner=0 --group=0 --numeric-owner; in GoReleaser owner: root and group: root in archives[].builds_info and archives[].files[].info",
    zip: "zip -X leaves owners out",
};

pub(super) const MODE: Fix = Fix {
    tar: "the same umask on both sides, or tar --mode=u=rwX,go=rX; in GoReleaser mode: 0755 in archives[].builds_info, mode: 0644 in archives[].files[].info",
    zip: "the same umask on both sides, or chmod before zip; in GoReleaser mode: 0755 in archives[].builds_info, mode: 0644 in archives[].files[].info",
};

pub(super) const ORDER: Fix =
    Fix { tar: "tar --sort=name", zip: "find . -type f | LC_ALL=C sort | zip -X -@ FILE" };

pub(super) const ZONE: &str = "TZ=UTC zip: it stores the local time of who packs";

pub(super) const LEVEL: &str =
    "pack both with the same version of the same program at the same level";

pub(super) const GZIP: &str = "gzip -n, which stores neither time nor name";

const PAX: &str = "tar --format=posix --pax-option=delete=atime,delete=ctime, or --format=ustar";
const ZIP_EXTRA: &str = "zip -X, which leaves extra fields out";
const FORMAT: &str = "the same --format on both sides";

pub(super) fn extra(kind: Kind, name: &str) -> Option<&'static str> {
    match (kind, name) {
        (Kind::Tar, "header format") => Some(FORMAT),
        (Kind::Tar, name) if name.starts_with("pax ") => Some(PAX),
        (Kind::Tar, "gnu atime" | "gnu ctime") => {
            Some("leave out --incremental and --atime-preserve")
        }
        (Kind::Zip, name) if name.contains("extra field") => Some(ZIP_EXTRA),
        (Kind::Zip, "method" | "made by" | "flags" | "attributes") => Some(LEVEL),
        _ => None,
    }
}
