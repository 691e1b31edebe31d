//! The functions of a package as a short table that tells a changed function from one that is not linked.
//!
//! Go's linker leaves out functions that nothing uses, so that a package that did not change has other
//! functions in another program. Functions are put into buckets by the hash of their name; a bucket is
//! the sum of the names and the sum of the codes in it. Equal names with other codes are a change,
//! other names are not. Sums of two neighbouring buckets are those of the bucket twice as wide, which
//! makes two tables of different length comparable.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// One function as a table sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Print {
    pub(super) name: u64,
    pub(super) code: u64,
    /// Whether other functions of the package may have its name: another code is then another name.
    pub(super) is_shared: bool,
}

/// A table of functions. Its length is a power of two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Buckets(Vec<Bucket>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bucket {
    names: u16,
    /// It need not tell much: whether anything differs is told by a longer hash.
    codes: u8,
}

/// What two tables tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BucketDiff {
    /// Those of equal names and other codes, and how many buckets there are.
    pub(super) changed: Vec<usize>,
    pub(super) len: usize,
    /// Whether the names differ anywhere.
    pub(super) other_names: bool,
}

/// Functions in a bucket, at most on average.
const LOAD: usize = 3;
/// Bytes of a bucket in a file.
const BUCKET_LEN: usize = 3;
/// No program has that many functions in a package.
const LEN_MAX: usize = 1 << 20;

impl Buckets {
    pub(super) fn of(prints: &[Print]) -> Self {
        let len = prints.len().div_ceil(LOAD).next_power_of_two().min(LEN_MAX);
        let mut buckets = vec![Bucket::default(); len];
        for print in prints {
            let name = if print.is_shared { print.name ^ print.code } else { print.name };
            if let Some(bucket) = buckets.get_mut(index(print.name, len)) {
                bucket.names = bucket.names.wrapping_add(u16::from_be_bytes(low(name)));
                bucket.codes = bucket.codes.wrapping_add(low(print.code)[1]);
            }
        }
        Self(buckets)
    }

    /// Compares two tables, as long as the shorter of them.
    pub(super) fn diff(&self, other: &Self) -> BucketDiff {
        let len = self.0.len().min(other.0.len());
        let pairs = self.folded(len).into_iter().zip(other.folded(len));
        let mut diff = BucketDiff { len, ..BucketDiff::default() };
        for (index, (one, other)) in pairs.enumerate() {
            if one.names != other.names {
                diff.other_names = true;
            } else if one.codes != other.codes {
                diff.changed.push(index);
            }
        }
        diff
    }

    fn folded(&self, len: usize) -> Vec<Bucket> {
        let width = self.0.len() / len.max(1);
        let sum = |buckets: &[Bucket]| {
            buckets.iter().fold(Bucket::default(), |sum, bucket| Bucket {
                names: sum.names.wrapping_add(bucket.names),
                codes: sum.codes.wrapping_add(bucket.codes),
            })
        };
        self.0.chunks(width.max(1)).map(sum).collect()
    }
}

impl BucketDiff {
    /// Whether a function of this name is in a bucket that changed.
    pub(super) fn may_be(&self, name: u64) -> bool {
        self.changed.binary_search(&index(name, self.len)).is_ok()
    }
}

/// The highest bits of a hash, so that two neighbours are one bucket of a table half as long.
fn index(name: u64, len: usize) -> usize {
    let bits = len.trailing_zeros();
    usize::try_from(name.checked_shr(64 - bits).unwrap_or(0)).unwrap_or(0)
}

fn low(hash: u64) -> [u8; 2] {
    let [.., high, low] = hash.to_be_bytes();
    [high, low]
}

impl From<Buckets> for String {
    fn from(buckets: Buckets) -> Self {
        let bytes: Vec<u8> = buckets
            .0
            .iter()
            .flat_map(|Bucket { names, codes }| {
                let [high, low] = names.to_be_bytes();
                [high, low, *codes]
            })
            .collect();
        STANDARD_NO_PAD.encode(bytes)
    }
}

impl TryFrom<String> for Buckets {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = STANDARD_NO_PAD
            .decode(text)
            .map_err(|_| "a table of functions is not base64 without padding")?;
        let (buckets, rest) = bytes.as_chunks::<BUCKET_LEN>();
        if !rest.is_empty() || !buckets.len().is_power_of_two() || buckets.len() > LEN_MAX {
            return Err("a table of functions is cut");
        }
        let bucket = |[high, low, codes]: &[u8; BUCKET_LEN]| Bucket {
            names: u16::from_be_bytes([*high, *low]),
            codes: *codes,
        };
        Ok(Self(buckets.iter().map(bucket).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::short;
    use super::*;

    fn prints(range: std::ops::Range<u32>, code: impl Fn(u32) -> u32) -> Vec<Print> {
        range
            .map(|number| Print {
                name: short(format!("name {number}").as_bytes()),
                code: short(format!("{number} {}", code(number)).as_bytes()),
                is_shared: false,
            })
            .collect()
    }

    #[test]
    fn a_changed_function_is_found_among_others_that_are_linked() {
        let first = Buckets::of(&prints(0..100, |_| 1));
        let changed = prints(0..100, |number| if number == 42 { 2 } else { 1 });
        let diff = first.diff(&Buckets::of(&changed));
        assert_eq!((diff.changed.len(), diff.other_names, diff.len), (1, false, 64));
        assert!(diff.may_be(changed[42].name));
        assert!(changed.iter().filter(|print| diff.may_be(print.name)).count() <= 8);
        // Half of the functions are not linked: what is left in common did not change.
        let fewer = first.diff(&Buckets::of(&prints(0..50, |_| 1)));
        assert_eq!((fewer.changed, fewer.other_names), (vec![], true));
    }

    #[test]
    fn a_code_of_a_shared_name_is_no_change() {
        let shared = |code| Print { name: 1 << 60, code, is_shared: true };
        let diff = Buckets::of(&[shared(5)]).diff(&Buckets::of(&[shared(6)]));
        assert_eq!((diff.changed, diff.other_names), (vec![], true));
    }

    #[test]
    fn a_table_is_its_text() {
        let table = Buckets::of(&prints(0..20, |_| 1));
        let text = String::from(table.clone());
        assert_eq!(Buckets::try_from(text.clone()), Ok(table));
        assert!(Buckets::try_from(text[4..].to_owned()).is_err());
        assert!(Buckets::try_from(String::new()).is_err());
        assert!(Buckets::try_from("!!".to_owned()).is_err());
    }
}
