//! Artifacts of two recordings: which are identical, and what the others say of their difference.

use std::collections::BTreeMap;

use crate::binary::{Format, ObjectSummary};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::files::FilePair;
use crate::diff::sections::{self, SectionChange};
use crate::golang::mod_info::{self, SettingChange};
use crate::recording::Artifact;

/// One path in either recording, and how the two files there compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactPair {
    /// Relative to the output folder or the audited root, with `/`.
    pub path: String,
    pub first: Option<Side>,
    pub second: Option<Side>,
    pub outcome: Outcome,
}

/// What is known of every file, also of one that is no executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// In lowercase hex.
    pub sha256: String,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Equal bytes; whether they could be parsed does not matter.
    Identical,
    Differs(Box<Differences>),
    OnlyFirst,
    OnlySecond,
}

/// What two files of different bytes say of their difference, by what is recorded of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences {
    pub build_id: BuildIdMeaning,
    /// Set when the two files are for different machines or systems.
    pub format: Option<Change<Format>>,
    /// Set when both state their Go version and it is not the same.
    pub go_version: Option<Change<String>>,
    /// Build info, key by key. Empty when either file has none; `unreadable` says so then.
    pub settings: Vec<SettingChange>,
    pub sections: Vec<SectionChange>,
    /// What the files themselves say, byte for byte; `None` where they are gone, as of recordings.
    pub inside: Option<Box<FilePair>>,
    /// What could not be read or compared, such as `second: no Go build ID: …`.
    /// As long as it is not empty, nothing missing above means "the same".
    pub unreadable: Vec<String>,
}

/// Two values that are not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    pub first: T,
    pub second: T,
}

/// Compares the artifacts of two recordings, matched by path, in the order of paths.
#[must_use]
pub fn compare(first: &[Artifact], second: &[Artifact]) -> Vec<ArtifactPair> {
    let mut paths: BTreeMap<&str, (Option<&Artifact>, Option<&Artifact>)> = BTreeMap::new();
    for artifact in first {
        paths.entry(&artifact.path).or_default().0 = Some(artifact);
    }
    for artifact in second {
        paths.entry(&artifact.path).or_default().1 = Some(artifact);
    }
    paths.into_iter().filter_map(|(path, (first, second))| pair(path, first, second)).collect()
}

/// `None` only when there is no artifact on either side.
fn pair(path: &str, first: Option<&Artifact>, second: Option<&Artifact>) -> Option<ArtifactPair> {
    let outcome = match (first, second) {
        (Some(first), Some(second)) if first.sha256 == second.sha256 => Outcome::Identical,
        (Some(first), Some(second)) => Outcome::Differs(Box::new(differences(first, second))),
        (Some(_), None) => Outcome::OnlyFirst,
        (None, Some(_)) => Outcome::OnlySecond,
        (None, None) => return None,
    };
    let path = path.to_owned();
    Some(ArtifactPair { path, first: first.map(side), second: second.map(side), outcome })
}

fn side(artifact: &Artifact) -> Side {
    Side { sha256: artifact.sha256.clone(), bytes: artifact.bytes }
}

fn differences(first: &Artifact, second: &Artifact) -> Differences {
    match (&first.object, &second.object) {
        (Ok(first), Ok(second)) => object_differences(first, second),
        (first, second) => {
            let unreadable = [("first", first.as_ref().err()), ("second", second.as_ref().err())];
            Differences {
                build_id: BuildIdMeaning::Unknown { why: "a file could not be parsed" },
                format: None,
                go_version: None,
                settings: Vec::new(),
                sections: Vec::new(),
                inside: None,
                unreadable: unreadable
                    .into_iter()
                    .filter_map(|(side, why)| Some(format!("{side}: {}", why?)))
                    .collect(),
            }
        }
    }
}

/// Compares what two executables say of themselves.
#[must_use]
pub fn object_differences(first: &ObjectSummary, second: &ObjectSummary) -> Differences {
    let notes = |side: &'static str, object: &ObjectSummary| -> Vec<String> {
        object.notes.iter().map(|note| format!("{side}: {note}")).collect()
    };
    let (go_version, settings) = match (&first.build_info, &second.build_info) {
        (Some(first), Some(second)) => (
            change(&first.go_version, &second.go_version),
            mod_info::diff(&first.mod_info, &second.mod_info),
        ),
        _ => (None, Vec::new()),
    };
    Differences {
        build_id: BuildIdMeaning::of(first.build_id.as_ref(), second.build_id.as_ref()),
        format: change(&first.format, &second.format),
        go_version,
        settings,
        sections: sections::compare(first, second),
        inside: None,
        unreadable: [notes("first", first), notes("second", second)].concat(),
    }
}

fn change<T: PartialEq + Clone>(first: &T, second: &T) -> Option<Change<T>> {
    (first != second).then(|| Change { first: first.clone(), second: second.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{Container, Endian, Section};
    use crate::golang::build_info::BuildInfo;
    use crate::golang::mod_info::ModInfo;

    fn object(setting: &str, text: &str) -> ObjectSummary {
        let section = |name: &str, hash: &str| Section {
            name: name.into(),
            bytes: 4,
            sha256: Some(hash.into()),
        };
        ObjectSummary {
            format: Format {
                container: Container::Elf,
                bits: 64,
                endian: Endian::Little,
                arch: Some("amd64".into()),
            },
            build_id: None,
            gnu_build_id: None,
            build_info: Some(BuildInfo {
                go_version: "go1.26.1".into(),
                mod_info: ModInfo::parse(setting),
            }),
            sections: vec![section(".text", text)],
            outside: section("outside of sections", "0"),
            notes: vec!["no Go build ID".into()],
        }
    }

    fn artifact(path: &str, sha256: &str, object: Result<ObjectSummary, String>) -> Artifact {
        Artifact { path: path.into(), sha256: sha256.into(), bytes: 9, object }
    }

    fn unparsed(path: &str, sha256: &str) -> Artifact {
        artifact(path, sha256, Err("not an executable but a text file".into()))
    }

    fn differing(first: Artifact, second: Artifact) -> Differences {
        let pair = compare(&[first], &[second]).remove(0);
        let Outcome::Differs(differences) = pair.outcome else { panic!("{:?}", pair.outcome) };
        *differences
    }

    #[test]
    fn matched_by_path_in_the_order_of_paths() {
        let first = [unparsed("z", "1"), unparsed("both", "1"), unparsed("a", "1")];
        let second = [unparsed("both", "1"), unparsed("new", "1")];
        let pairs = compare(&first, &second);
        let shown: Vec<_> = pairs.iter().map(|pair| (pair.path.as_str(), &pair.outcome)).collect();
        assert_eq!(
            shown,
            [
                ("a", &Outcome::OnlyFirst),
                ("both", &Outcome::Identical),
                ("new", &Outcome::OnlySecond),
                ("z", &Outcome::OnlyFirst),
            ]
        );
        assert_eq!(pairs[0].first, Some(Side { sha256: "1".into(), bytes: 9 }));
        assert_eq!(pairs[0].second, None);
    }

    #[test]
    fn a_file_that_was_not_parsed_is_never_the_same() {
        let differences = differing(unparsed("x", "1"), unparsed("x", "2"));
        assert_eq!(
            differences.unreadable,
            [
                "first: not an executable but a text file",
                "second: not an executable but a text file"
            ]
        );
        assert!(matches!(differences.build_id, BuildIdMeaning::Unknown { .. }));
        let one = differing(artifact("x", "1", Ok(object("", "t"))), unparsed("x", "2"));
        assert_eq!(one.unreadable, ["second: not an executable but a text file"]);
    }

    #[test]
    fn settings_and_sections_are_compared() {
        let first = artifact("x", "1", Ok(object("build\tGOAMD64=v1\n", "t")));
        let second = artifact("x", "2", Ok(object("build\tGOAMD64=v3\n", "u")));
        let differences = differing(first, second);
        assert_eq!(differences.settings[0].key.to_string(), "build GOAMD64");
        assert_eq!(differences.sections[0].name, ".text");
        assert_eq!(differences.unreadable, ["first: no Go build ID", "second: no Go build ID"]);
        assert_eq!((differences.format, differences.go_version), (None, None));
    }

    #[test]
    fn missing_build_info_on_one_side_is_said_and_not_compared() {
        let mut without = object("", "t");
        without.build_info = None;
        without.notes = vec!["no Go build info".into()];
        let first = artifact("x", "1", Ok(object("build\tGOAMD64=v1\n", "t")));
        let differences = differing(first, artifact("x", "2", Ok(without)));
        assert_eq!(differences.settings, []);
        assert!(differences.unreadable.contains(&"second: no Go build info".to_owned()));
    }
}
