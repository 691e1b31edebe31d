//! What each package of a program is made of, as hashes that do not know where the linker put it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::buckets::{Buckets, Print};
use super::code::{Meaning, Reader};
use super::hash::{Hash, Hasher};
use super::names::{package_of, short};
use super::places::{Places, Target, function_name, is_variable};
use crate::binary::image::Image;
use crate::binary::pclntab::{GoFunction, Pclntab};

/// What a package is made of, as far as it is linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Import path; of the main package that in the build info, or `main`.
    pub path: String,
    /// Number of its functions.
    pub functions: u32,
    /// Bytes of their code, with the padding between functions.
    pub bytes: u64,
    /// Over names and code of all functions. Addresses in the code are those of functions by name,
    /// strings and constants by content, and of anything else without a meaning.
    pub code: Hash,
    /// Over source file names without their directories, and the lines of each instruction.
    pub lines: Hash,
    /// What tells a changed function from one that is not linked.
    pub table: Buckets,
    /// Over the names of its variables; `None` in a stripped file, as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Hash>,
    /// Over the variables that its functions refer to, and what its own start with. In Mach-O and PE
    /// files, whose symbols have no sizes, over the texts of its strings alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Hash>,
    /// Over the values that `-ldflags=-X` set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamps: Option<Hash>,
    /// Names of its functions and their hashes; a file does not have them.
    #[serde(skip)]
    pub(super) names: Vec<(u64, String)>,
}

/// What is gathered of a package.
#[derive(Default)]
struct Gathered {
    prints: Vec<Print>,
    lines: Vec<(u64, u64)>,
    references: Vec<(u64, u64)>,
    bytes: u64,
    names: Vec<(u64, String)>,
    variables: Vec<(u64, u64)>,
    stamps: Vec<(u64, u64)>,
}

/// Reads the packages of a program, by path.
pub(super) fn read(image: &Image<'_>, lines: &Pclntab<'_>, main: Option<&str>) -> Vec<Package> {
    let places = Places::new(image, lines);
    let reader = Reader::of(image.format.arch.as_deref());
    let mut all: BTreeMap<String, Gathered> = BTreeMap::new();
    let mut meaning = Meaning::default();
    let mut last: Option<(String, Gathered)> = None;
    // C functions have no lines.
    for function in lines.functions.iter().filter(|function| function.file.is_some()) {
        let name = String::from_utf8_lossy(function.name);
        let Some(package) = package_of(&name) else { continue };
        let len = function.end.saturating_sub(function.address);
        let Some(bytes) = places.bytes(function.address, len) else { continue };
        // Functions of a package mostly follow each other.
        let mut slot = match last.take() {
            Some((path, slot)) if path == package => slot,
            other => {
                all.extend(other);
                all.remove(&package).unwrap_or_default()
            }
        };
        meaning.clear();
        meaning.code.extend(function.name);
        reader.read(bytes, function.address, &places, &mut meaning);
        slot.function(function, &name, &meaning);
        last = Some((package, slot));
    }
    all.extend(last);
    variables(image, &places, &mut all);
    let mut packages: Vec<_> = all
        .into_iter()
        .filter(|(_, gathered)| !gathered.prints.is_empty())
        .map(|(path, gathered)| gathered.package(path, main, places.has_symbols()))
        .collect();
    packages.sort_by(|one, other| one.path.cmp(&other.path));
    packages
}

impl Gathered {
    fn function(&mut self, function: &GoFunction<'_>, name: &str, meaning: &Meaning) {
        let key = function_name(function.name);
        // The table of functions has all instances of a generic function under one name.
        let is_shared = function.name.contains(&b'[');
        self.prints.push(Print { name: key, code: short(&meaning.code), is_shared });
        let mut lines = Vec::with_capacity(function.pcln.len() + 64);
        let file = function.file.unwrap_or_default();
        lines.extend(file.rsplit(|byte| *byte == b'/').next().unwrap_or_default());
        lines.push(0);
        lines.extend(function.start_line.to_le_bytes());
        lines.extend(function.pcln);
        // An instance of a generic function has the lines of the package that it was first needed in.
        if !is_shared {
            self.lines.push((key, short(&lines)));
        }
        self.references.push((key, short(&meaning.variables)));
        self.bytes += function.end.saturating_sub(function.address);
        self.names.push((key, name.to_owned()));
    }

    fn package(mut self, path: String, main: Option<&str>, has_symbols: bool) -> Package {
        self.prints.sort_unstable();
        // A function and its wrapper for another calling convention have one name, and not both are
        // linked everywhere.
        let copies: Vec<bool> = (0..self.prints.len())
            .map(|at| {
                let name = |at: usize| self.prints.get(at).map(|print| print.name);
                let is_like = |other: Option<usize>| other.is_some_and(|o| name(o) == name(at));
                is_like(at.checked_sub(1)) || is_like(Some(at + 1))
            })
            .collect();
        for (print, copy) in self.prints.iter_mut().zip(copies) {
            print.is_shared |= copy;
        }
        let prints: Vec<_> = self.prints.iter().map(|print| (print.name, print.code)).collect();
        let main = main.filter(|_| path == "main").map(str::to_owned);
        let data = [self.references, self.variables.clone()].concat();
        let names = self.variables.iter().map(|(name, _)| (*name, 0)).collect();
        Package {
            path: main.unwrap_or(path),
            functions: u32::try_from(self.prints.len()).unwrap_or(u32::MAX),
            bytes: self.bytes,
            code: hash(prints),
            lines: hash(self.lines),
            table: Buckets::of(&self.prints),
            variables: has_symbols.then(|| hash(names)),
            data: has_symbols.then(|| hash(data)),
            stamps: (!self.stamps.is_empty()).then(|| hash(self.stamps)),
            names: self.names,
        }
    }
}

/// The order of functions and variables is the linker's.
fn hash(mut pairs: Vec<(u64, u64)>) -> Hash {
    pairs.sort_unstable();
    let mut hasher = Hasher::default();
    for (name, content) in pairs {
        hasher.number(name);
        hasher.number(content);
    }
    hasher.finish()
}

/// What a variable that `-X` sets is called with its text behind it.
const STAMP: &[u8] = b".str";

/// Gathers the variables of each package that has functions.
fn variables(image: &Image<'_>, places: &Places<'_>, all: &mut BTreeMap<String, Gathered>) {
    let mut stamped: Vec<&[u8]> =
        image.symbols.iter().filter_map(|symbol| symbol.name.strip_suffix(STAMP)).collect();
    stamped.sort_unstable();
    let groups: Vec<_> =
        image.symbols.chunk_by(|one, other| one.address == other.address).collect();
    let ends = groups.iter().skip(1).filter_map(|group| group.first()).map(|next| next.address);
    for (group, next) in groups.iter().zip(ends.chain([0])) {
        let Some(symbol) = group.iter().max_by_key(|symbol| (symbol.size, symbol.name)) else {
            continue;
        };
        let text =
            symbol.name.strip_suffix(STAMP).filter(|name| stamped.binary_search(name).is_ok());
        let Some(size) = symbol.size.or_else(|| next.checked_sub(symbol.address)) else { continue };
        if matches!(places.target(symbol.address), Target::Function { .. }) {
            continue;
        }
        let Some(package) = variable_package(symbol.name) else { continue };
        let Some(slot) = all.get_mut(&package) else { continue };
        let Some(content) = places.bytes(symbol.address, size) else { continue };
        let key = short(symbol.name);
        if text.is_some() {
            // The linker stamps the runtime itself, with what is in the build info.
            if package == "runtime" {
                continue;
            }
            slot.stamps.push((key, short(content)));
        } else if stamped.binary_search(&symbol.name).is_err() {
            let content = match symbol.size {
                Some(_) => content_of(content, places),
                None => texts_of(content, places),
            };
            slot.variables.push((key, content));
        }
    }
}

/// The package of a variable that it declares, and not of what the compiler makes for others as well.
fn variable_package(name: &[u8]) -> Option<String> {
    if !is_variable(name) {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?;
    let package = package_of(name)?;
    // `a..dict.F` is there for each instance that is linked, `a..stmp_1` is part of a variable.
    let is_made = name.contains("..") && !name.contains("..stmp_");
    (!is_made).then_some(package)
}

/// Hashes the texts that a variable starts with, where it is a string or a slice of strings: without
/// sizes what follows may be another's.
fn texts_of(content: &[u8], places: &Places<'_>) -> u64 {
    let mut words = content.chunks_exact(places.word).map(|word| places.number(word));
    let pair = words.next().zip(words.next()).filter(|(address, _)| places.is_loaded(*address));
    let text = pair.and_then(|(address, len)| {
        places.text(address, len).map(<[u8]>::to_vec).or_else(|| places.texts(address, len))
    });
    short(&text.unwrap_or_default())
}

/// Hashes what a variable starts with. Addresses in it are strings, functions and variables, or of no
/// meaning; so are numbers that look like one.
fn content_of(content: &[u8], places: &Places<'_>) -> u64 {
    let mut meaning = Vec::with_capacity(content.len());
    let mut words = content.chunks(places.word).peekable();
    while let Some(word) = words.next() {
        let number = places.number(word);
        if word.len() < places.word || !places.is_loaded(number) {
            meaning.extend(word);
            continue;
        }
        let len = words.peek().map(|next| places.number(next));
        let text = len.and_then(|len| places.text(number, len));
        // What a slice points to has no name.
        if let Some(texts) = len.and_then(|len| places.texts(number, len)) {
            meaning.extend(texts);
            continue;
        }
        let name = match places.target(number) {
            Target::Function { name, offset: 0 } => Some(name),
            _ => places.variable(number).filter(|(_, offset)| *offset == 0).map(|(name, _)| name),
        };
        match (text, name) {
            (Some(text), _) => meaning.extend(text),
            (None, Some(name)) => meaning.extend(name.to_le_bytes()),
            (None, None) => meaning.push(b'a'),
        }
    }
    short(&meaning)
}
