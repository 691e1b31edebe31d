//! GoReleaser: each build as the go command that it runs.

use std::collections::BTreeMap;
use std::slice;

use super::directory::{join, parent};
use super::variables::assignment;
use super::{Follow, Frame, State, Var};
use crate::config::SourceFile;
use crate::config::go_command::{Context, GoCommand};
use crate::config::goreleaser::{self, ReleaseBuild};
use crate::config::text::{Piece, Spot, Text};

impl Follow<'_> {
    pub(super) fn goreleaser(&mut self, path: &str, text: &str) {
        let builds = match goreleaser::builds(path, text) {
            Ok(builds) => builds,
            Err(unread) => {
                self.found.unread.push(unread);
                return;
            }
        };
        // It is run in the root of the repository.
        for build in builds {
            self.release_build(path, &build);
        }
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        for (line, dir) in goreleaser::hooks(&file) {
            let frame = Frame::new(Context::GoReleaser, format!("{path}, hook"));
            self.run_line(&without_templates(line), &frame, &dir);
        }
    }

    fn release_build(&mut self, path: &str, build: &ReleaseBuild) {
        let spot = super::roots::spot_of(&build.place);
        let mut words = vec![Text::made("go", &spot), Text::made("build", &spot)];
        let mut values: Vec<Text> = Vec::new();
        for flag in &build.flags {
            // A flag may be built from a template that is empty for some targets.
            values.push(without_templates(flag.clone()));
        }
        words.extend(values);
        if let Some(ldflags) = &build.ldflags {
            words.push(joined("-ldflags=", ldflags, " ", &spot));
        }
        for (name, items) in build.lists.iter().filter(|(_, items)| !items.is_empty()) {
            match *name {
                "tags" => words.push(joined("-tags=", items, ",", &spot)),
                name => {
                    let flag = format!("-{name}=");
                    words.extend(
                        items.iter().map(|item| joined(&flag, slice::from_ref(item), "", &spot)),
                    );
                }
            }
        }
        words.push(Text::made(&build.main, &spot));
        let mut state = State { dir: join(parent(""), &build.dir), ..State::default() };
        let mut env: BTreeMap<String, Text> = BTreeMap::new();
        for entry in &build.env {
            if let Some((name, value)) = assignment(entry) {
                env.insert(name, without_templates(value));
            }
        }
        for (name, value) in env {
            state.vars.insert(name, Var { value: vec![value], is_exported: true });
        }
        let subject = format!("{path}, build {}", build.name);
        let frame = Frame::new(Context::GoReleaser, subject);
        let at = self.at(&spot, &state, &BTreeMap::new(), &frame);
        let mut command = GoCommand::new(words, 1, at);
        command.is_open |= build.has_overrides;
        let index = self.found.go.len();
        self.found.go.push(command);
        self.found.releases.push((index, build.clone()));
    }
}

/// A flag with its values in one word.
fn joined(flag: &str, values: &[Text], separator: &str, spot: &Spot) -> Text {
    let mut word = Text::made(flag, spot);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            word.push(Piece::made(separator, spot));
        }
        word.extend(value.clone());
    }
    word
}

/// A text with a template in it cannot be told.
fn without_templates(text: Text) -> Text {
    let mut out = Text::default();
    for piece in text.pieces {
        if !piece.text.contains("{{") {
            out.push(piece);
            continue;
        }
        let mut rest = piece.text.as_str();
        let mut at = 0_usize;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, behind)) = after.split_once("}}") else { break };
            let spot = piece.spot_at(at);
            if !before.is_empty() {
                out.push(Piece { text: before.to_owned(), spot: spot.clone(), ..piece.clone() });
            }
            out.push(Piece::unknown(format!("{{{{{inside}}}}}"), &spot));
            at = at.saturating_add(before.len()).saturating_add(inside.len()).saturating_add(4);
            rest = behind;
        }
        if !rest.is_empty() {
            let spot = piece.spot_at(at);
            out.push(Piece { text: rest.to_owned(), spot, ..piece.clone() });
        }
    }
    out
}

/// The same for the other tools that use these templates.
pub(super) fn templates(text: Text, value_of: &dyn Fn(&str) -> Option<Text>) -> Text {
    let mut out = Text::default();
    for piece in without_templates(text).pieces {
        let inner = piece.text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
        match inner.map(|inner| inner.trim().trim_matches('-').trim()).and_then(value_of) {
            Some(value) => out.extend(value),
            None => out.push(piece),
        }
    }
    out
}
