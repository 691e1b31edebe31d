//! What two archives of one package differ by.

use std::collections::BTreeMap;

use crate::binary::goobj::{Archive, Member, MemberKind, Object, Symbol, SymbolKind, SymbolName};

mod summary;

/// What two archives of one package differ by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveDiff {
    /// Both, where these differ.
    pub toolchain: Option<(String, String)>,
    /// Whether importers see another package.
    pub export_data: bool,
    /// Members that only one has, or that are no Go objects and differ.
    pub members: Vec<MemberChange>,
    pub files: Option<FileChange>,
    /// Packages that only one imports, or by another fingerprint.
    pub imports: Vec<String>,
    /// Symbols that differ, code first, at most [`SHOWN`].
    pub symbols: Vec<SymbolChange>,
    /// All that differ.
    pub symbols_changed: usize,
    pub symbols_equal: usize,
    /// Symbols that both have and that stand elsewhere, in relation to each other.
    pub moved: usize,
    /// Whether the texts before the objects differ in more than the build ID.
    pub texts: bool,
    /// Whether the bytes differ in what none of the above tells.
    pub other: bool,
    /// Whether nothing differs but the build IDs, or nothing at all.
    pub only_build_id: bool,
}

/// Symbols that a difference names.
pub const SHOWN: usize = 64;

/// A member that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    pub name: String,
    /// Bytes in each archive that has it.
    pub first: Option<usize>,
    pub second: Option<usize>,
    /// Offset of the first byte that differs, where both have it.
    pub at: Option<usize>,
}

/// What became of the source files that positions name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// The same files below other directories.
    Moved {
        first: String,
        second: String,
    },
    Other {
        first: usize,
        second: usize,
    },
}

/// A symbol that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolChange {
    pub name: String,
    pub kind: SymbolKind,
    pub class: Class,
    /// Bytes of data in each archive that has it.
    pub first: usize,
    pub second: usize,
}

/// How two symbols of one name differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Other bytes.
    Data,
    /// The same bytes, and other symbols that they refer to.
    Targets,
    /// The same bytes and targets, and other flags, sizes or tables.
    Attributes,
    OnlyFirst,
    OnlySecond,
}

/// Compares two archives of one package.
#[must_use]
pub fn compare(first: &Archive<'_>, second: &Archive<'_>) -> ArchiveDiff {
    let mut diff = ArchiveDiff::default();
    if first.toolchain != second.toolchain {
        diff.toolchain = Some((first.toolchain.clone(), second.toolchain.clone()));
    }
    let (ours, theirs) = (by_name(&first.members), by_name(&second.members));
    for (key, member) in &ours {
        match theirs.get(key) {
            Some(other) => compare_members(member, other, &mut diff),
            None => diff.members.push(change(Some(member), None)),
        }
    }
    let new = theirs.iter().filter(|(key, _)| !ours.contains_key(*key));
    diff.members.extend(new.map(|(_, member)| change(None, Some(member))));
    diff.symbols.sort_by_key(|symbol| (symbol.kind != SymbolKind::Code, symbol.class));
    diff.symbols.truncate(SHOWN);
    diff.other |=
        first.members.iter().map(|it| &it.name).ne(second.members.iter().map(|it| &it.name))
            && diff.members.is_empty();
    diff.only_build_id =
        diff == ArchiveDiff { symbols_equal: diff.symbols_equal, ..ArchiveDiff::default() };
    diff
}

/// Members by name; those of one name in their order.
fn by_name<'m, 'a>(members: &'m [Member<'a>]) -> BTreeMap<(&'m str, usize), &'m Member<'a>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let key = |member: &'m Member<'a>| {
        let count = counts.entry(&member.name).or_default();
        *count += 1;
        ((member.name.as_str(), *count), member)
    };
    members.iter().map(key).collect()
}

fn change(first: Option<&Member<'_>>, second: Option<&Member<'_>>) -> MemberChange {
    let name = first.or(second).map(|member| member.name.clone()).unwrap_or_default();
    let at = first.zip(second).map(|(one, other)| {
        let same = one.content.iter().zip(other.content).take_while(|(one, other)| one == other);
        same.count()
    });
    let bytes = |member: Option<&Member<'_>>| member.map(|member| member.content.len());
    MemberChange { name, first: bytes(first), second: bytes(second), at }
}

fn compare_members(first: &Member<'_>, second: &Member<'_>, diff: &mut ArchiveDiff) {
    // The toolchain is told by itself.
    let texts = |member: &Member<'_>| {
        let lines = member.text_without_build_id().into_iter().skip(1);
        lines.map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    diff.texts |= texts(first) != texts(second);
    match (&first.kind, &second.kind) {
        (MemberKind::ExportData(one), MemberKind::ExportData(other)) => {
            diff.export_data |= one != other;
        }
        (MemberKind::Object(one), MemberKind::Object(other)) => compare_objects(one, other, diff),
        _ if first.content == second.content => {}
        _ => diff.members.push(change(Some(first), Some(second))),
    }
}

fn compare_objects(first: &Object<'_>, second: &Object<'_>, diff: &mut ArchiveDiff) {
    let before = (diff.symbols_changed, diff.moved, diff.imports.len(), diff.files.is_some());
    compare_imports(first, second, diff);
    if first.files != second.files {
        diff.files = Some(file_change(&first.files, &second.files));
    }
    let (ours, theirs) = (by_symbol(&first.symbols), by_symbol(&second.symbols));
    // The linker places by content what it knows by content, and the order of
    // these follows that of their users.
    let (mut places, mut of_content) = (Vec::new(), Vec::new());
    for (key, (place, symbol)) in &ours {
        match theirs.get(key) {
            None => note(symbol, Class::OnlyFirst, symbol.data.len(), 0, diff),
            Some((other_place, other)) => {
                let by_content = symbol.name.hash.is_some();
                let list = if by_content { &mut of_content } else { &mut places };
                list.push((*place, *other_place));
                match class(symbol, other) {
                    None => diff.symbols_equal += 1,
                    Some(class) => note(symbol, class, symbol.data.len(), other.data.len(), diff),
                }
            }
        }
    }
    for (key, (_, symbol)) in &theirs {
        if !ours.contains_key(key) {
            note(symbol, Class::OnlySecond, 0, symbol.data.len(), diff);
        }
    }
    diff.moved += moved(places);
    if (diff.symbols_changed, diff.moved) == (before.0, before.1) {
        diff.moved += moved(of_content);
    }
    let after = (diff.symbols_changed, diff.moved, diff.imports.len(), diff.files.is_some());
    let told = before != after || diff.export_data;
    diff.other |= first.bytes != second.bytes && !told;
}

/// Symbols by name; those of one name in their order.
fn by_symbol<'s, 'a>(
    symbols: &'s [Symbol<'a>],
) -> BTreeMap<(SymbolName<'a>, usize), (usize, &'s Symbol<'a>)> {
    let mut counts: BTreeMap<SymbolName<'a>, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (place, symbol) in symbols.iter().enumerate() {
        let mut name = symbol.name;
        if name.hash.is_some() {
            // Which of its users comes first is no matter of what it is.
            name = SymbolName { name: b"", abi: 0, part: None, hash: name.hash };
        }
        let count = counts.entry(name).or_default();
        all.insert((name, *count), (place, symbol));
        *count += 1;
    }
    all
}

fn class(first: &Symbol<'_>, second: &Symbol<'_>) -> Option<Class> {
    let sites = |symbol: &Symbol<'_>| {
        let site = |it: &crate::binary::goobj::Relocation<'_>| (it.offset, it.size, it.kind);
        symbol.relocations.iter().map(site).collect::<Vec<_>>()
    };
    let attributes = |symbol: &Symbol<'_>| (symbol.kind, symbol.flags, symbol.size, symbol.align);
    if first.data != second.data || sites(first) != sites(second) {
        Some(Class::Data)
    } else if first.relocations != second.relocations {
        Some(Class::Targets)
    } else if attributes(first) != attributes(second) || first.aux != second.aux {
        Some(Class::Attributes)
    } else {
        None
    }
}

fn note(symbol: &Symbol<'_>, class: Class, first: usize, second: usize, diff: &mut ArchiveDiff) {
    diff.symbols_changed += 1;
    // Enough to sort out of, and no more than a report can hold.
    let is_code = symbol.kind == SymbolKind::Code;
    if diff.symbols.len() < SHOWN || (is_code && diff.symbols.len() < 4 * SHOWN) {
        let name = summary::name(&symbol.name);
        diff.symbols.push(SymbolChange { name, kind: symbol.kind, class, first, second });
    }
}

/// Returns how many symbols stand in another order: those off the longest run
/// of the second order that rises in the first.
fn moved(mut places: Vec<(usize, usize)>) -> usize {
    places.sort_unstable();
    // The last places of the best rising runs, by their length.
    let mut ends: Vec<usize> = Vec::new();
    for (_, place) in &places {
        let at = ends.partition_point(|end| end < place);
        match ends.get_mut(at) {
            Some(end) => *end = *place,
            None => ends.push(*place),
        }
    }
    places.len() - ends.len()
}

fn compare_imports(first: &Object<'_>, second: &Object<'_>, diff: &mut ArchiveDiff) {
    if first.imports == second.imports {
        return;
    }
    let of = |object: &Object<'_>| {
        let pairs = object.imports.iter().map(|it| (it.package.to_vec(), it.fingerprint.to_vec()));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let (ours, theirs) = (of(first), of(second));
    let mut names: Vec<&Vec<u8>> = ours
        .keys()
        .chain(theirs.keys())
        .filter(|name| ours.get(*name) != theirs.get(*name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let shown = names.into_iter().take(SHOWN);
    diff.imports.extend(shown.map(|name| summary::shortened(name)));
    // The same packages in another order.
    diff.other |= ours == theirs;
}

/// Finds the directories that all differing files are below.
fn file_change(first: &[&[u8]], second: &[&[u8]]) -> FileChange {
    let other = FileChange::Other { first: first.len(), second: second.len() };
    if first.len() != second.len() {
        return other;
    }
    let mut prefixes: Option<(&[u8], &[u8])> = None;
    for (one, two) in first.iter().zip(second).filter(|(one, two)| one != two) {
        let tail = one.iter().rev().zip(two.iter().rev()).take_while(|(a, b)| a == b).count();
        // Whole elements of the path only.
        let common = one.get(one.len() - tail..).unwrap_or_default();
        let slash = common.iter().position(|byte| *byte == b'/').unwrap_or(common.len());
        let rest = common.len() - slash;
        let pair = (&one[..one.len() - rest], &two[..two.len() - rest]);
        // Files in subdirectories of one name share more than those above them.
        prefixes = match prefixes {
            None => Some(pair),
            Some(known) if known.0.len() <= pair.0.len() => {
                if pair.0.starts_with(known.0) && pair.1.starts_with(known.1) {
                    Some(known)
                } else {
                    return other;
                }
            }
            Some(known) if known.0.starts_with(pair.0) && known.1.starts_with(pair.1) => Some(pair),
            Some(_) => return other,
        };
    }
    let Some((one, two)) = prefixes else { return other };
    FileChange::Moved { first: summary::shortened(one), second: summary::shortened(two) }
}
