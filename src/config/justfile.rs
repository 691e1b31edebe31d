//! Justfiles: recipes and variables.
//!
//! Source: the grammar of just 1.43.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::text::{Piece, Spot, Text};

/// Recipes of one file that are kept.
const MAX_RECIPES: usize = 2048;

#[derive(Debug, Clone, Default)]
pub(super) struct Justfile {
    pub variables: BTreeMap<String, Text>,
    pub exported: Vec<String>,
    pub exports_all: bool,
    pub imports: Vec<String>,
    pub recipes: Vec<Recipe>,
}

#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub name: String,
    pub spot: Spot,
    pub needs: Vec<String>,
    /// Parameters with their defaults.
    pub parameters: Vec<(String, Option<Text>)>,
    /// The lines as written, a continuation with its line end.
    pub lines: Vec<Text>,
    /// Whether the first line names a program that all lines are for.
    pub is_script: bool,
}

pub(super) fn is_justfile(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "justfile" | ".justfile")
        || name.ends_with(".just")
}

pub(super) fn parse(path: &str, text: &str) -> Justfile {
    let path: Arc<str> = Arc::from(path);
    let mut file = Justfile::default();
    let lines: Vec<&str> = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
    let mut is_body = false;
    let mut continues = false;
    for (index, line) in lines.iter().enumerate() {
        let spot = Spot { path: Arc::clone(&path), line: index, column: 0 };
        let is_indented = line.starts_with([' ', '\t']);
        if is_indented && is_body {
            if let Some(recipe) = file.recipes.last_mut() {
                continues = body_line(recipe, line, &spot, continues);
            }
            continue;
        }
        continues = false;
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with('[') {
            continue;
        }
        is_body = file.recipes.len() < MAX_RECIPES && statement(&mut file, trimmed, &spot);
    }
    for recipe in &mut file.recipes {
        recipe.is_script = recipe.lines.first().is_some_and(|line| line.shown().starts_with("#!"));
    }
    file
}

/// Adds a line to a recipe, and tells whether the next one belongs to it.
fn body_line(recipe: &mut Recipe, line: &str, spot: &Spot, continues: bool) -> bool {
    let text = line.trim_start();
    let indent = line.len().saturating_sub(text.len());
    let piece = Piece::literal(format!("{text}\n"), &spot.right(indent));
    match recipe.lines.last_mut() {
        Some(last) if continues => last.pieces.push(piece),
        _ => recipe.lines.push(Text { pieces: vec![piece] }),
    }
    text.ends_with('\\')
}

/// Reads a line that is no part of a recipe, and tells whether it begins one.
fn statement(file: &mut Justfile, line: &str, spot: &Spot) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let rest = line.get(word.len()..).unwrap_or_default().trim();
    match word {
        "set" => {
            let is_off = rest.ends_with("false");
            file.exports_all |= rest.starts_with("export") && !is_off;
            return false;
        }
        "import" | "import?" => {
            file.imports.push(rest.trim_matches(['\'', '"']).to_owned());
            return false;
        }
        "mod" | "mod?" | "alias" | "unexport" => return false,
        _ => {}
    }
    if let Some((name, value)) = line.split_once(":=") {
        let name = name.trim();
        let (name, is_exported) = match name.strip_prefix("export ") {
            Some(name) => (name.trim(), true),
            None => (name, false),
        };
        let at = line.len().saturating_sub(value.trim_start().len());
        if is_exported {
            file.exported.push(name.to_owned());
        }
        file.variables.insert(name.to_owned(), expression(value.trim(), &spot.right(at)));
        return false;
    }
    let Some((head, needs)) = line.split_once(':') else { return false };
    let mut words = head.split_whitespace();
    let name = words.next().unwrap_or_default().trim_start_matches('@');
    let parameters = words
        .map(|word| {
            let word = word.trim_start_matches(['+', '*', '$']);
            match word.split_once('=') {
                Some((name, default)) => (name.to_owned(), Some(expression(default, spot))),
                None => (word.to_owned(), None),
            }
        })
        .collect();
    let needs = needs.split('#').next().unwrap_or_default();
    let needs = needs.split_whitespace().filter(|word| *word != "&&");
    // `(name "argument")`
    let needs = needs.map(|word| word.trim_matches(['(', ')']).to_owned()).collect();
    file.recipes.push(Recipe {
        name: name.to_owned(),
        spot: spot.clone(),
        needs,
        parameters,
        lines: Vec::new(),
        is_script: false,
    });
    true
}

/// A string or a command; anything else is not known.
fn expression(text: &str, spot: &Spot) -> Text {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return Text::literal(inner, &spot.right(1));
        }
    }
    match text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        Some(command) => Text { pieces: vec![Piece::command(command, spot)] },
        None => Text::unknown(text, spot),
    }
}
