//! Exactly the packages that truly differ are named, and how.

use std::collections::BTreeMap;

use goaudit::binary::image::Image;
use goaudit::evidence::{
    Artifact, ArtifactDiff, Evidence, Order, Origin, Outcome, PackageChange, compare,
};

use crate::pairs::TARGETS;
use crate::{Edit, LONGER_AREA, artifact, built, evidence};

/// Edits, and the packages that differ then and how.
type Case<'a> = (&'a [Edit<'a>], &'a [(&'a str, &'a str)]);

/// Packages that differ and how, the functions of a change left out.
fn changes(diff: &ArtifactDiff) -> BTreeMap<&str, &'static str> {
    let name = |change: &PackageChange| match change {
        PackageChange::OnlyFirst => "only first",
        PackageChange::OnlySecond => "only second",
        PackageChange::Code { .. } => "code",
        PackageChange::Data => "data",
        PackageChange::Lines => "lines",
        PackageChange::Stamp => "stamp",
        PackageChange::Linked => "linked",
    };
    diff.packages.iter().map(|package| (package.path.as_str(), name(&package.change))).collect()
}

#[test]
fn exactly_what_was_edited_differs() {
    let label = "internal/label/label.go";
    let area = ("internal/shape/shape.go", "{ return width * height }", LONGER_AREA);
    let edits: [Case<'_>; 6] = [
        (&[area], &[("example.com/app/internal/shape", "code")]),
        (
            &[(label, "// Package", "// One line more.\n// Package")],
            &[("example.com/app/internal/label", "lines")],
        ),
        (
            &[(label, "a lucky number", "an odd number!")],
            &[("example.com/app/internal/label", "code")],
        ),
        (&[(label, "13, 14", "13, 41")], &[("example.com/app/internal/label", "data")]),
        (&[(label, "\"single\"", "\"simple\"")], &[("example.com/app/internal/label", "data")]),
        (
            &[("dep/deep/deep.go", "+ 1 }", "+ 1<<(len(word)%7) }"), area],
            &[("example.com/app/internal/shape", "code"), ("example.com/dep/deep", "code")],
        ),
    ];
    for target in TARGETS {
        let first = evidence(&built(&[], target, &[]));
        let same = artifact(&first, &first);
        assert_eq!((same.outcome, same.packages.len()), (Outcome::Identical, 0));
        for (edit, expected) in edits {
            let second = evidence(&built(edit, target, &[]));
            let diff = artifact(&first, &second);
            assert_eq!(diff.outcome, Outcome::Differs);
            // Without sizes of symbols, numbers in variables are not seen.
            let is_seen = target.0 == "linux" || edit[0].1 != "13, 14";
            let expected = expected.iter().copied().filter(|_| is_seen).collect();
            assert_eq!(changes(&diff), expected, "{target:?} {edit:?}");
            assert!(diff.same_packages > 30, "{}", diff.same_packages);
            assert!(
                diff.sections.iter().any(|section| section.name.contains("text"))
                    || edit.len() == 1
            );
        }
        // Other modules come before the one that uses them.
        let both = evidence(&built(edits[5].0, target, &[]));
        let diverged = compare(&first, &both).first_diverged.unwrap();
        assert_eq!(
            (diverged.package.as_str(), diverged.order),
            ("example.com/dep/deep", Order::Names)
        );
        let of_dep = &artifact(&first, &both).packages[0];
        assert_eq!(
            (of_dep.module.as_deref(), of_dep.origin),
            (Some("example.com/dep"), Origin::Dependency)
        );
    }
}

#[test]
fn a_file_with_names_says_which_function() {
    let file = built(&[], TARGETS[0], &[]);
    let edited = built(
        &[("internal/shape/shape.go", "{ return width * height }", LONGER_AREA)],
        TARGETS[0],
        &[],
    );
    let image = Image::parse(&edited).unwrap();
    let second = Evidence::of_binary(&image, "app", "00");
    let functions = vec!["example.com/app/internal/shape.Area".to_owned()];
    let diff = artifact(&evidence(&file), &second);
    assert_eq!(diff.packages[0].change, PackageChange::Code { functions });
}

#[test]
fn a_stamp_is_no_divergence() {
    for target in TARGETS {
        let stamped = |value: &str| {
            let flag = format!("-ldflags=-X example.com/app/internal/label.Version={value}");
            evidence(&built(&[], target, &[&flag]))
        };
        let diff = compare(&stamped("1.0"), &stamped("1.0-rc1-with-more"));
        assert_eq!(
            changes(&diff.artifacts[0]),
            [("example.com/app/internal/label", "stamp")].into()
        );
        assert_eq!(diff.first_diverged, None, "{target:?}");
    }
}

#[test]
fn a_stripped_file_is_compared_with_a_whole_one() {
    let edit = [("internal/shape/shape.go", "{ return width * height }", LONGER_AREA)];
    for target in TARGETS {
        let (whole, stripped) = (built(&[], target, &[]), built(&[], target, &["-ldflags=-s -w"]));
        let diff = artifact(&evidence(&whole), &evidence(&stripped));
        assert_eq!((changes(&diff), diff.one_is_stripped), (BTreeMap::new(), true), "{target:?}");
        let edited = evidence(&built(&edit, target, &["-ldflags=-s -w"]));
        for first in [whole, stripped] {
            let diff = artifact(&evidence(&first), &edited);
            assert_eq!(changes(&diff), [("example.com/app/internal/shape", "code")].into());
        }
    }
}

#[test]
fn what_is_linked_of_a_package_is_not_the_package() {
    let more = ("main.go", "label.Version)", "label.Version, strings.ToTitle(os.Args[0]))");
    let import = ("main.go", "\"os\"\n", "\"os\"\n\t\"strings\"\n");
    let (first, second) = (built(&[], TARGETS[0], &[]), built(&[more, import], TARGETS[0], &[]));
    let diff = artifact(&evidence(&first), &evidence(&second));
    let mut found = changes(&diff);
    found.retain(|_, change| *change != "linked" && *change != "only second");
    assert_eq!(found, [("example.com/app", "code")].into());
}

#[test]
fn two_formats_are_not_compared() {
    let (first, second) = (built(&[], TARGETS[0], &[]), built(&[], TARGETS[3], &[]));
    let diff = artifact(&evidence(&first), &evidence(&second));
    let Outcome::NotComparable(why) = diff.outcome else { panic!("{:?}", diff.outcome) };
    assert_eq!(
        why,
        "one is ELF 64-bit little-endian amd64, the other PE 64-bit little-endian amd64"
    );
    assert_eq!(diff.packages, []);
    let other = Evidence::new(vec![Artifact::of_file(3, "app", "00")], None);
    let diff = artifact(&evidence(&first), &other);
    assert_eq!(diff.outcome, Outcome::NotComparable("they are not two executables".into()));
}
