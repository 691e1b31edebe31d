//! Programs that start another one, taken off the front of a command: `sudo -u ci env A=b go build`.

use std::collections::BTreeMap;

use super::variables::assignment;
use crate::config::text::{Spot, Text};

/// Programs that start the one behind their options; of these options some take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("builtin", &[]),
    ("caffeinate", &["-t", "-w"]),
    ("chronic", &[]),
    ("command", &[]),
    ("doas", &["-u", "-C"]),
    ("exec", &["-a"]),
    ("ionice", &["-c", "-n"]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("sudo", &["-u", "-g", "-D", "-h", "-p", "-C", "-T", "-U"]),
    ("time", &["-f", "-o"]),
    ("unbuffer", &[]),
    ("xargs", &["-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s"]),
    ("xvfb-run", &["-s", "-n", "-e", "-w"]),
];

/// Takes one wrapper off a command whose program has a name. Variables that it sets come to `prefix`.
///
/// Tells whether there was one: then the words start with the next program.
pub(super) fn unwrap(
    name: &str,
    words: &mut Vec<Text>,
    prefix: &mut BTreeMap<String, Text>,
    spot: &Spot,
) -> bool {
    match name {
        "env" => {
            take_options(words, &["-u", "--unset", "-C", "--chdir"]);
            take_assignments(words, prefix);
        }
        "timeout" | "gtimeout" => {
            take_options(words, &["-s", "-k"]);
            remove_first(words);
        }
        name => {
            let Some((_, options)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) else {
                return false;
            };
            take_options(words, options);
            // `sudo A=b cmd`
            take_assignments(words, prefix);
            if name == "xargs" && !words.is_empty() {
                words.push(Text::unknown("", spot));
            }
        }
    }
    true
}

/// Takes a program and its options off; `with_value` are those that take the next word.
fn take_options(words: &mut Vec<Text>, with_value: &[&str]) {
    remove_first(words);
    while let Some(word) = words.first().and_then(Text::known) {
        if !word.starts_with('-') || word == "-" {
            return;
        }
        remove_first(words);
        if word == "--" {
            return;
        }
        if with_value.contains(&word.as_str()) {
            remove_first(words);
        }
    }
}

fn take_assignments(words: &mut Vec<Text>, prefix: &mut BTreeMap<String, Text>) {
    while let Some((name, value)) = words.first().and_then(assignment) {
        prefix.insert(name, value);
        remove_first(words);
    }
}

fn remove_first(words: &mut Vec<Text>) {
    if !words.is_empty() {
        words.remove(0);
    }
}
