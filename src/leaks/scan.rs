//! Goes through all that an artifact holds, unpacked.

use std::collections::BTreeMap;

use super::labels::Labels;
use super::needles::{Hit, Needles};
use super::{Kind, Leak, Leaks, Origin};
use crate::binary::debug::debug_sections;
use crate::binary::image::Image;
use crate::binary::universal_slices;
use crate::packing::{self, Budget, Contents, Member, MemberKind, Package, PackingError};

/// Places that are listed of one artifact.
const PLACES: usize = 256;

/// Bytes of debug information of one executable, once decompressed.
const DEBUG_LIMIT: u64 = 512 << 20;

/// Bytes of a path that are shown after the value.
const SHOWN: usize = 120;

/// What bytes outside of sections are said to be in.
const OUTSIDE: &str = "outside of sections";

/// Searches an artifact, and what it holds if it is an archive, for all values at once.
///
/// What is found is added to `to`, and so is what could not be looked into.
pub fn scan(artifact: &str, file: &[u8], needles: &Needles, budget: &mut Budget, to: &mut Leaks) {
    let mut scanner = Scanner { artifact, needles, places: BTreeMap::new(), to };
    scanner.file("", file, budget);
    let Scanner { places, to, .. } = scanner;
    to.found.extend(places.into_values());
}

/// What makes two finds one entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    member: String,
    kind: Kind,
    section: String,
    symbol: Option<String>,
    is_certain: bool,
}

struct Scanner<'s> {
    artifact: &'s str,
    needles: &'s Needles,
    places: BTreeMap<Key, Leak>,
    to: &'s mut Leaks,
}

/// Where some bytes are from.
#[derive(Clone, Copy)]
struct At<'p> {
    member: &'p str,
    section: &'p str,
    /// Of the first byte.
    offset: usize,
}

impl Scanner<'_> {
    fn file(&mut self, member: &str, bytes: &[u8], budget: &mut Budget) {
        match packing::open(bytes, budget) {
            Ok(Some(package)) => return self.package(member, bytes, &package, budget),
            Ok(None) => {}
            Err(error) => self.note(member, &error.to_string()),
        }
        match universal_slices(bytes) {
            None => self.image(member, bytes),
            Some(slices) => {
                for slice in slices.into_iter().filter_map(|slice| bytes.get(slice)) {
                    self.image(member, slice);
                }
            }
        }
    }

    fn package(&mut self, outer: &str, bytes: &[u8], package: &Package, budget: &mut Budget) {
        self.metadata(outer, "comment", &package.comment);
        let mut contents = Contents::new(bytes, package);
        for (index, member) in package.members.iter().enumerate() {
            let path = match outer {
                "" => member.name.to_string(),
                outer => format!("{outer}/{}", member.name),
            };
            self.of_member(&path, member);
            let opened = budget.inside(|budget| {
                let content = contents.get(index)?;
                self.file(&path, &content, budget);
                Ok::<_, PackingError>(())
            });
            if let Err(error) = opened {
                self.note(&path, &error.to_string());
            }
        }
    }

    fn of_member(&mut self, path: &str, member: &Member) {
        // An archive keeps `/home/bob/x` as `home/bob/x`.
        self.metadata(path, "name", &format!("/{}", member.name.trim_start_matches('/')));
        if let MemberKind::Symlink(to) | MemberKind::Hardlink(to) = &member.kind {
            self.metadata(path, "link", to);
        }
        if let Some(owner) = &member.owner {
            self.metadata(path, "owner", &owner.user);
            self.metadata(path, "group", &owner.group);
        }
    }

    fn metadata(&mut self, member: &str, what: &str, text: &str) {
        let at = At { member, section: what, offset: 0 };
        self.bytes(text.as_bytes(), at, |_| (Origin::Metadata, None));
    }

    fn image(&mut self, member: &str, bytes: &[u8]) {
        let Ok(image) = Image::parse(bytes) else {
            let at = At { member, section: "", offset: 0 };
            return self.bytes(bytes, at, |_| (Origin::Content, None));
        };
        let debug = debug_sections(&image, DEBUG_LIMIT);
        for note in &debug.notes {
            self.note(member, note);
        }
        let labels = Labels::new(&image);
        for (index, region) in image.regions.iter().enumerate() {
            let section = if region.name.is_empty() { OUTSIDE } else { region.name.as_str() };
            let unpacked = debug.sections.iter().find(|section| section.region == index);
            let at = At { member, section, offset: region.content.start };
            match unpacked {
                Some(unpacked) => {
                    let at = At { offset: 0, ..at };
                    self.bytes(&unpacked.content, at, |_| (Origin::Paths, None));
                }
                // Why a section of debug information could not be unpacked is noted.
                None if region.is_compressed && super::labels::is_debug(section) => {}
                None if region.is_compressed => {
                    self.note(member, &format!("section `{section}` is compressed"));
                }
                None => self.bytes(image.content(region), at, |offset| labels.of(region, offset)),
            }
        }
    }

    fn bytes(
        &mut self,
        bytes: &[u8],
        at: At<'_>,
        label: impl Fn(usize) -> (Origin, Option<String>),
    ) {
        let needles = self.needles;
        needles.each(bytes, |hit| {
            let (origin, symbol) = label(hit.start);
            let key = Key {
                member: needles.hidden(at.member),
                kind: hit.needle.kind,
                section: at.section.to_owned(),
                symbol,
                is_certain: hit.needle.is_marked,
            };
            self.add(key, origin, bytes, at, hit);
        });
    }

    fn add(&mut self, key: Key, origin: Origin, bytes: &[u8], at: At<'_>, hit: Hit<'_>) {
        if let Some(leak) = self.places.get_mut(&key) {
            leak.count = leak.count.saturating_add(1);
            return;
        }
        if self.places.len() >= PLACES {
            self.to.omitted = self.to.omitted.saturating_add(1);
            return;
        }
        let offset = at.offset.saturating_add(hit.start);
        let leak = Leak {
            kind: key.kind,
            origin,
            artifact: self.artifact.to_owned(),
            member: key.member.clone(),
            section: key.section.clone(),
            symbol: key.symbol.clone(),
            offset: u64::try_from(offset).unwrap_or(u64::MAX),
            count: 1,
            example: self.example(bytes, hit),
            is_certain: key.is_certain,
        };
        self.places.insert(key, leak);
    }

    fn example(&self, bytes: &[u8], hit: Hit<'_>) -> String {
        let mut shown = hit.needle.kind.placeholder().to_owned();
        let rest = bytes.get(hit.end..).unwrap_or_default();
        if hit.needle.kind.is_directory() && rest.first() == Some(&b'/') {
            let path = rest.iter().take(SHOWN).take_while(|byte| is_of_path(**byte));
            let path: Vec<u8> = path.copied().collect();
            shown.push_str(&self.needles.hidden(&String::from_utf8_lossy(&path)));
        }
        shown
    }

    fn note(&mut self, member: &str, what: &str) {
        /// More of one build are of no use to anybody.
        const NOTES: usize = 32;
        if self.to.notes.len() < NOTES {
            let place = if member.is_empty() { "" } else { "/" };
            let member = self.needles.hidden(member);
            self.to.notes.push(format!("{}{place}{member}: {what}", self.artifact));
        }
    }
}

const fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(byte, b'/' | b'_' | b'-' | b'.' | b'+' | b'@' | b'~' | b'!')
}
