#![doc = include_str!("volatile_gcflags.md")]

use super::{Builds, Check, Rule, commands, volatility};
use crate::config::Repository;
use crate::detect;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "volatile-gcflags",
    summary: "a changing value in -gcflags, -asmflags or -tags",
    explanation: include_str!("volatile_gcflags.md"),
    level: Level::Error,
    check: Check::Both { builds: check, files: check_files },
};

/// Flags whose value is hashed into the packages that they match.
const FLAGS: &[&str] = &["gcflags", "asmflags", "tags"];

/// Variables whose value is hashed into packages with C code.
const VARIABLES: &[&str] = &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"];

/// What a changed value compiles again. Tags are in the key of no package but `main`.
fn compiled(name: &str) -> &'static str {
    match name {
        "tags" => "main and the packages whose files it chooses",
        name if VARIABLES.contains(&name) => "packages with C code",
        _ => "packages that it matches",
    }
}

fn check_files(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in commands::builds(repository) {
        let flags = command.flags.iter().filter(|flag| FLAGS.contains(&flag.name.as_str()));
        let flags =
            flags.filter_map(|flag| Some((format!("-{}", flag.name), flag.value.as_ref()?)));
        let env = VARIABLES.iter().filter_map(|name| {
            // A directory in them is what they are for.
            Some(((*name).to_owned(), command.at.env.get(*name)?))
        });
        for (name, value) in flags.chain(env) {
            let Some((why, piece)) = volatility::first(value) else { continue };
            if !name.starts_with('-') && why == volatility::Volatile::Directory {
                continue;
            }
            let message = format!(
                "{name} holds {}: {} are compiled again whenever it changes",
                why.what(),
                compiled(name.trim_start_matches('-'))
            );
            let place = piece.spot.place();
            let fix = match why {
                volatility::Volatile::Directory => {
                    "use -trimpath, which needs no directory".to_owned()
                }
                _ => format!("take it out of {name}; stamp with -ldflags=-X where it is needed"),
            };
            findings.push(commands::finding(&RULE, command, Some(&place), message).with_fix(fix));
        }
    }
    findings
}

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (first, second) in builds.commands() {
        let command = first.command();
        for name in FLAGS {
            let value = command.value(name);
            let again = second.map(|info| info.command().value(name).to_owned());
            let what = match again {
                Some(again) if again != value => {
                    "differs between two builds of one tree".to_owned()
                }
                _ => match detect::look(value) {
                    Some(look) => format!("holds {look}"),
                    None => continue,
                },
            };
            let message = format!(
                "-{name} {what}: {} are compiled again whenever it changes",
                compiled(name)
            );
            let finding = RULE
                .finding(format!("-{name} of {}", builds.subject(first)), message)
                .with_evidence(format!("-{name}={value}"))
                .with_fix(format!("take the changing value out of -{name}; stamp with -ldflags=-X where it is needed"));
            findings.push(finding);
        }
    }
    findings
}
