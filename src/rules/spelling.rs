//! How each CI system writes what a rule about caches asks for.

use crate::config::pipeline::{CachedBy, System};

/// Lines that add a restore key: a text that ends before a part of the key.
pub(super) fn restore_key(one: &CachedBy<'_>, prefix: &str) -> String {
    let key = &one.cache.key.text;
    match one.pipeline.system {
        System::GitHub => match prefix {
            "" => format!("key: go-{key}\nrestore-keys: go-"),
            prefix => format!("restore-keys: {prefix}"),
        },
        System::CircleCi => match prefix {
            "" => format!("keys:\n  - go-{key}\n  - go-\nand go- before the key of save_cache"),
            prefix => format!("keys:\n  - {key}\n  - {prefix}"),
        },
        System::Azure => match prefix.trim_end_matches([' ', '|', '\t', '\n']) {
            "" => format!("key: '\"go\" | {key}'\nrestoreKeys: '\"go\"'"),
            prefix => format!("restoreKeys: '{prefix}'"),
        },
        // An entry is found by its whole key and saved again by each job, so that
        // one for each branch stays fresh.
        System::GitLab => "key: go-$CI_COMMIT_REF_SLUG\n\
                           fallback_keys: [go-$CI_DEFAULT_BRANCH]"
            .to_owned(),
        System::Buildkite => "restore: pipeline\nsave: [file, pipeline]\nforce: true".to_owned(),
        System::Drone | System::Woodpecker | System::CloudBuild => match prefix {
            "" => "cache_key: go".to_owned(),
            prefix => format!("cache_key: '{}'", prefix.trim_end_matches(['-', '_'])),
        },
    }
}
