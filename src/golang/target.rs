//! What Go builds for.

/// The variables that name a target: its platform, its instruction set, and what changes the toolchain
/// or the library that it is built with. Source: `go help environment` of Go 1.27.
pub const VARIABLES: &[&str] = &[
    "GOOS",
    "GOARCH",
    "GO386",
    "GOAMD64",
    "GOARM",
    "GOARM64",
    "GOMIPS",
    "GOMIPS64",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
    "GOEXPERIMENT",
    "GOFIPS140",
];
