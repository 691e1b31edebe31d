//! What differs around the contents, each once for all members.

use super::pairs::Pairing;
use super::{Algorithm, Compression, Kind, Member, Package};

mod fixes;
mod wrapper;

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Another kind of archive.
    Format,
    /// Around all: a header, a level, a comment, padding.
    Container,
    Order,
    /// A folder around all members, or a version in names.
    Name,
    /// A file here, a link there, or a link to elsewhere.
    Kind,
    Modified,
    Owner,
    Mode,
    /// Whatever else the archive says of a member.
    Extra,
    /// Other packed bytes of the same content.
    Packed,
}

/// One difference of metadata, gathered over all members that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataDifference {
    pub aspect: Aspect,
    /// What differs without the members that have it, such as `modification time`.
    pub what: String,
    /// What differs, such as `modification time of 41 of 41 members`.
    pub title: String,
    /// Of the first member in [`MetadataDifference::example`], where several are gathered.
    pub first: String,
    pub second: String,
    /// A member that has it; `None` for what is around all.
    pub example: Option<String>,
    /// Members that have it, of those in both; 1 of 1 for what is around all.
    pub count: usize,
    pub of: usize,
    pub fix: Option<&'static str>,
}

/// Different values past which the rest is told together.
const GROUPS: usize = 4;

/// Compares all but the contents.
///
/// A folder has neither owners, times nor an order: of it only modes and kinds
/// are compared, and with an archive only where both have them.
#[must_use]
pub fn metadata_differences(
    first: &Package,
    second: &Package,
    pairing: &Pairing,
) -> Vec<MetadataDifference> {
    let members = Members::new(first, second, pairing);
    let mut found = Vec::new();
    wrapper::format(first, second, &mut found);
    renamed(pairing, &mut found);
    members.order(&mut found);
    members.kinds(&mut found);
    members.times(&mut found);
    let fix = fixes::OWNER.get(first.kind);
    members.each(Aspect::Owner, "owner", fix, &mut found, |member| {
        member.owner.as_ref().map(ToString::to_string)
    });
    members.each(Aspect::Mode, "mode", fixes::MODE.get(first.kind), &mut found, |member| {
        member.mode.map(|mode| format!("{mode:04o}"))
    });
    members.extras(&mut found);
    members.packed(&mut found);
    wrapper::compare(first, second, &members, &mut found);
    found
}

fn renamed(pairing: &Pairing, found: &mut Vec<MetadataDifference>) {
    let Some((first, second)) = &pairing.tops else { return };
    let named = |top: &String| if top.is_empty() { "none".to_owned() } else { top.clone() };
    found.push(MetadataDifference {
        fix: None,
        ..around(Aspect::Name, "folder around all members", named(first), named(second))
    });
}

/// A difference of what is around all members.
fn around(aspect: Aspect, title: &str, first: String, second: String) -> MetadataDifference {
    MetadataDifference {
        aspect,
        what: title.to_owned(),
        title: title.to_owned(),
        first,
        second,
        example: None,
        count: 1,
        of: 1,
        fix: None,
    }
}

/// The members of both, side by side.
struct Members<'a> {
    pairs: Vec<(usize, &'a Member, usize, &'a Member)>,
    kinds: (Kind, Kind),
    /// Whether neither side has a member that the other has not.
    complete: bool,
}

struct Group<'a> {
    values: (String, String),
    example: &'a Member,
    count: usize,
}

impl<'a> Members<'a> {
    fn new(first: &'a Package, second: &'a Package, pairing: &Pairing) -> Self {
        let pairs = pairing.pairs.iter().filter_map(|pair| {
            let (one, other) = (pair.first?, pair.second?);
            Some((one, first.members.get(one)?, other, second.members.get(other)?))
        });
        let pairs: Vec<_> = pairs.collect();
        let complete = pairs.len() == pairing.pairs.len();
        Self { pairs, kinds: (first.kind, second.kind), complete }
    }

    fn same_content(&self) -> bool {
        self.complete
            && self
                .pairs
                .iter()
                .all(|(_, first, _, second)| first.same_content(second) == Some(true))
    }

    /// Gathers the members for which `value` differs; those for which a side has none are left out.
    fn each(
        &self,
        aspect: Aspect,
        what: &str,
        fix: Option<&'static str>,
        found: &mut Vec<MetadataDifference>,
        value: impl Fn(&Member) -> Option<String>,
    ) {
        let values = |first: &Member, second: &Member| value(first).zip(value(second));
        self.gather(aspect, what, fix, found, values);
    }

    fn gather(
        &self,
        aspect: Aspect,
        what: &str,
        fix: Option<&'static str>,
        found: &mut Vec<MetadataDifference>,
        values: impl Fn(&Member, &Member) -> Option<(String, String)>,
    ) {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (_, first, _, second) in &self.pairs {
            let Some(values) = values(first, second).filter(|(one, other)| one != other) else {
                continue;
            };
            let full = groups.len() >= GROUPS;
            let last = groups.len().saturating_sub(1);
            let slot = groups.iter().position(|group| group.values == values);
            match slot.or(full.then_some(last)).and_then(|slot| groups.get_mut(slot)) {
                Some(group) => group.count = group.count.saturating_add(1),
                None => groups.push(Group { values, example: first, count: 1 }),
            }
        }
        let of = self.pairs.len();
        found.extend(groups.into_iter().map(|group| {
            let Group { values: (first, second), example, count } = group;
            let title = title(what, example, count, of);
            let example = Some(example.name.to_string());
            let what = what.to_owned();
            MetadataDifference { aspect, what, title, first, second, example, count, of, fix }
        }));
    }

    fn order(&self, found: &mut Vec<MetadataDifference>) {
        if self.kinds.0 == Kind::Folder || self.kinds.1 == Kind::Folder {
            return;
        }
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_by_key(|(first, ..)| *first);
        let mut sorted: Vec<usize> = pairs.iter().map(|(_, _, second, _)| *second).collect();
        sorted.sort_unstable();
        let moved = pairs.iter().zip(&sorted).filter(|(pair, rank)| pair.2 != **rank).count();
        let swapped = pairs.windows(2).find_map(|pair| match pair {
            [before, after] if before.2 > after.2 => Some([*before, *after]),
            _ => None,
        });
        let Some([before, after]) = swapped else { return };
        let of = self.pairs.len();
        let names = (&before.1.name, &after.1.name);
        found.push(MetadataDifference {
            aspect: Aspect::Order,
            what: "order".to_owned(),
            title: format!("order of {moved} of {of} members"),
            first: format!("`{}` before `{}`", names.0, names.1),
            second: format!("`{}` before `{}`", names.1, names.0),
            example: Some(names.0.to_string()),
            count: moved,
            of,
            fix: fixes::ORDER.get(self.kinds.0),
        });
    }

    fn kinds(&self, found: &mut Vec<MetadataDifference>) {
        self.each(Aspect::Kind, "kind", None, found, |member| Some(member.kind.to_string()));
    }

    /// Times once for all: they differ from member to member, for one reason.
    fn times(&self, found: &mut Vec<MetadataDifference>) {
        let differing: Vec<_> = self
            .pairs
            .iter()
            .filter_map(|(_, first, _, second)| {
                let times = first.modified.zip(second.modified)?;
                (times.0 != times.1).then_some((*first, times))
            })
            .collect();
        let Some((example, (one, other))) = differing.first() else { return };
        let shift = other.seconds.checked_sub(one.seconds);
        let shifted = differing.iter().all(|(_, (one, other))| {
            other.seconds.checked_sub(one.seconds) == shift && one.nanoseconds == other.nanoseconds
        });
        // Zones are quarters of an hour apart; a zip holds the time of a clock on the wall.
        let zone = self.kinds == (Kind::Zip, Kind::Zip)
            && shifted
            && differing.len() == self.pairs.len()
            && shift.is_some_and(|shift| shift % 900 == 0 && shift.unsigned_abs() <= 26 * 3600);
        let (what, fix) = if zone {
            ("time zone of the modification time", Some(fixes::ZONE))
        } else {
            ("modification time", fixes::MODIFIED.get(self.kinds.0))
        };
        found.push(MetadataDifference {
            aspect: Aspect::Modified,
            what: what.to_owned(),
            title: title(what, example, differing.len(), self.pairs.len()),
            first: one.to_string(),
            second: other.to_string(),
            example: Some(example.name.to_string()),
            count: differing.len(),
            of: self.pairs.len(),
            fix,
        });
    }

    /// Each name of what an archive says besides, one after the other.
    fn extras(&self, found: &mut Vec<MetadataDifference>) {
        if self.kinds.0 != self.kinds.1 {
            return;
        }
        let mut names: Vec<&str> = Vec::new();
        for (_, first, _, second) in &self.pairs {
            if first.extra == second.extra {
                continue;
            }
            for (name, _) in first.extra.iter().chain(&second.extra) {
                let differs = first.extra(name) != second.extra(name);
                if differs && !names.contains(&name.as_ref()) && names.len() < EXTRAS {
                    names.push(name);
                }
            }
        }
        names.sort_unstable();
        for name in names {
            let value = |member: &Member| Some(member.extra(name).unwrap_or("none").to_owned());
            self.each(Aspect::Extra, name, fixes::extra(self.kinds.0, name), found, value);
        }
    }

    fn packed(&self, found: &mut Vec<MetadataDifference>) {
        let what = "packed bytes of equal content";
        let fix = Some(fixes::LEVEL);
        self.gather(Aspect::Packed, what, fix, found, |first, second| {
            let same =
                first.digest == second.digest && first.extra("method") == second.extra("method");
            let (one, other) = first.packed.zip(second.packed)?;
            // One line for all of them: the digests say nothing to a reader.
            (same && one != other).then(|| ("as packed first".into(), "otherwise".into()))
        });
    }
}

/// Names of what is said besides, past which no more are compared.
const EXTRAS: usize = 32;

fn title(what: &str, example: &Member, count: usize, of: usize) -> String {
    if count == 1 && of > 1 {
        format!("{what} of `{}`", example.name)
    } else {
        format!("{what} of {count} of {of} member{}", if of == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests;
