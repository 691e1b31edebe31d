//! Build IDs, action IDs and content IDs, as `go tool buildid` prints them.
