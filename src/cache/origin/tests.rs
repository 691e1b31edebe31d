use super::*;

fn peek(package: &str, directory: &str, is_std: Option<bool>) -> Peek {
    Peek {
        toolchain: "linux amd64 go1.26.8 GOAMD64=v1".to_owned(),
        build_id: None,
        package: Some(package.to_owned()).filter(|package| !package.is_empty()),
        flags: Vec::new(),
        is_covered: false,
        has_tests: package.ends_with("_test"),
        directory: Some(directory.to_owned()).filter(|directory| !directory.is_empty()),
        is_std,
    }
}

/// Package, directory, whether it is of Go's distribution; and what is said of it.
type Case = (&'static str, &'static str, Option<bool>, &'static str);

/// Directories as go 1.21 to 1.27 write them, with and without -trimpath.
const CASES: &[Case] = &[
    ("fmt", "fmt", Some(true), "std: fmt"),
    ("fmt", "$GOROOT/src/fmt", None, "std: fmt"),
    (
        "vendor/golang.org/x/net/idna",
        "vendor/golang.org/x/net/idna",
        None,
        "std: vendor/golang.org/x/net/idna",
    ),
    ("cmp", "", Some(true), "std: cmp"),
    ("demo/b", "demo/b", Some(false), "local demo: demo/b"),
    ("main", "$GOROOT/src/cmd/nm", Some(true), "std: cmd/nm"),
    (
        "github.com/ProtonMail/x/y",
        "/root/go/pkg/mod/github.com/!proton!mail/x@v1.0.0/y",
        Some(false),
        "github.com/ProtonMail/x v1.0.0: github.com/ProtonMail/x/y",
    ),
    (
        "github.com/ProtonMail/x/y",
        "github.com/ProtonMail/x@v1.0.0/y",
        Some(false),
        "github.com/ProtonMail/x v1.0.0: github.com/ProtonMail/x/y",
    ),
    (
        "golang.org/x/term",
        "golang.org/x/term@v0.26.0",
        None,
        "golang.org/x/term v0.26.0: golang.org/x/term",
    ),
    (
        "golang.org/x/term_test",
        "golang.org/x/term@v0.26.0",
        Some(false),
        "golang.org/x/term v0.26.0: golang.org/x/term_test",
    ),
    // Only functions of another package are inlined in it.
    (
        "github.com/skeema/knownhosts",
        "golang.org/x/crypto@v0.25.0/ssh/knownhosts",
        Some(false),
        "unknown: github.com/skeema/knownhosts",
    ),
    ("example.com/demo/lib", "sync/atomic", Some(false), "unknown: example.com/demo/lib"),
    ("example.com/demo/lib", "", Some(false), "unknown: example.com/demo/lib"),
    (
        "example.com/demo/lib",
        "/home/me/m/lib",
        Some(false),
        "local example.com/demo: example.com/demo/lib",
    ),
    (
        "example.com/demo/lib",
        "example.com/demo/lib",
        Some(false),
        "local example.com/demo: example.com/demo/lib",
    ),
    (
        "main",
        "/home/me/m/tools/gen",
        Some(false),
        "local example.com/demo: main in /home/me/m/tools/gen",
    ),
    ("main", "/home/me/mm", Some(false), "unknown: main in /home/me/mm"),
    (
        "main",
        "example.com/demo/cmd/y",
        Some(false),
        "local example.com/demo: example.com/demo/cmd/y",
    ),
    (
        "main",
        "/root/go/pkg/mod/m.org/!t@v2.0.0+incompatible/cmd/t",
        Some(false),
        "m.org/T v2.0.0+incompatible: m.org/T/cmd/t",
    ),
    (
        "main",
        "/elsewhere/m.org/t@v2.0.0/cmd/t",
        Some(false),
        "unknown: main in /elsewhere/m.org/t@v2.0.0/cmd/t",
    ),
    ("", "internal/abi", Some(false), "unknown: (not named)"),
];

#[test]
fn a_package_is_of_the_module_that_its_archive_says() {
    let peeks = [
        peek("example.com/demo/lib", "/home/me/m/lib", Some(false)),
        peek("example.com/demo/cmd/x", "example.com/demo/cmd/x", Some(false)),
        peek("m.org/a", "/root/go/pkg/mod/m.org@v1.0.0/a", Some(false)),
    ];
    let mut places = Places::default();
    let mut local = BTreeSet::new();
    peeks.iter().for_each(|peek| places.note_archive(peek, &mut local));
    places.prefixes.insert("example.com".to_owned(), "example.com/demo".to_owned());
    let of = |package: &str, directory: &str, is_std: Option<bool>| {
        let named = places.of_archive(&peek(package, directory, is_std));
        let origin = match named.origin {
            Origin::Std => "std".to_owned(),
            Origin::Module { path, version } => format!("{path} {version}"),
            Origin::Local { prefix } => format!("local {prefix}"),
            Origin::Unknown => "unknown".to_owned(),
            Origin::NoPackage => "none".to_owned(),
        };
        format!("{origin}: {}", named.package)
    };
    for (package, directory, is_std, expected) in CASES {
        assert_eq!(of(package, directory, *is_std), *expected, "{package} {directory}");
    }
}

#[test]
fn paths_have_elements_in_common() {
    assert_eq!(common("a/b/c", "a/b/d"), "a/b");
    assert_eq!(common("a/bc", "a/b"), "a");
    assert_eq!(without_common_end("e.com/demo/lib", "/x/m/lib"), ("e.com/demo", "/x/m"));
    assert_eq!(unescaped(&escaped("github.com/BurntSushi/toml")), "github.com/BurntSushi/toml");
}
