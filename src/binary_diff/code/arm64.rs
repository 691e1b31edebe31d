//! arm64: every instruction has four bytes, and few hold an address.

use super::{Code, Moved, Targets};

/// What an instruction says of an address.
///
/// Source: Arm Architecture Reference Manual for A-profile, chapter C4, encoding index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// Relative to the instruction, and the bits of it that hold the offset.
    Relative {
        target: u64,
        mask: u32,
    },
    /// `ADRP`: a page of 4 KiB, into a register.
    Page {
        page: u64,
        register: u32,
    },
    /// The rest of an address whose page is in a register.
    Low {
        offset: u64,
        base: u32,
        mask: u32,
    },
    Other,
}

const PAGE_MASK: u32 = 0x60ff_ffe0;

/// Where the functions differ, if in nothing but addresses that the map foretells.
pub(super) fn moved(
    first: Code<'_>,
    second: Code<'_>,
    targets: &Targets<'_>,
) -> Option<Vec<Moved>> {
    let mut moved = Vec::new();
    // The pages in each register, of both functions, and whether a difference still waits for its rest.
    let mut pages = [None::<Pages>; 32];
    let words = first.bytes.chunks_exact(4).zip(second.bytes.chunks_exact(4));
    for (index, (one, other)) in words.enumerate() {
        let at = index * 4;
        let differs = one != other;
        let (one, other) = (word(one)?, word(other)?);
        let from = Operand::of(one, first.address.wrapping_add(at as u64));
        let to = Operand::of(other, second.address.wrapping_add(at as u64));
        let is_same = match (from, to) {
            (Operand::Page { page: from, register }, Operand::Page { page: to, .. }) => {
                let slot = pages.get_mut(usize::try_from(register).ok()?)?;
                if slot.is_some_and(|pages| pages.waits) || one & !PAGE_MASK != other & !PAGE_MASK {
                    return None;
                }
                *slot = Some(Pages { from, to, waits: differs });
                true
            }
            (Operand::Low { offset: from, base, mask }, Operand::Low { offset: to, .. }) => {
                let slot = pages.get_mut(usize::try_from(base).ok()?)?;
                match slot {
                    Some(pages) if one & !mask == other & !mask => {
                        let from = pages.from.wrapping_add(from);
                        let to = pages.to.wrapping_add(to);
                        let found = targets.are_equal(from, to, text_lens(first.bytes, at));
                        pages.waits &= !found;
                        found || !differs && !pages.waits
                    }
                    _ => !differs,
                }
            }
            (Operand::Relative { target: from, mask }, Operand::Relative { target: to, .. }) => {
                !differs || one & !mask == other & !mask && targets.are_same(from, to)
            }
            _ => !differs,
        };
        if !is_same {
            return literal(first, second, at, targets, moved).filter(|_| !waits(&pages));
        }
        if differs {
            moved.push(Moved { at, len: 4 });
        }
    }
    (!waits(&pages)).then_some(moved)
}

#[derive(Debug, Clone, Copy)]
struct Pages {
    from: u64,
    to: u64,
    waits: bool,
}

fn waits(pages: &[Option<Pages>; 32]) -> bool {
    pages.iter().flatten().any(|pages| pages.waits)
}

/// After its last instruction a function has a pool of addresses, of eight bytes each.
fn literal(
    first: Code<'_>,
    second: Code<'_>,
    from: usize,
    targets: &Targets<'_>,
    mut moved: Vec<Moved>,
) -> Option<Vec<Moved>> {
    let mut at =
        from - usize::try_from(first.address.wrapping_add(from as u64) & 7).ok()?.min(from);
    while at < first.bytes.len() {
        let end = (at + 8).min(first.bytes.len());
        let (one, other) = (first.bytes.get(at..end)?, second.bytes.get(at..end)?);
        if one != other {
            let address = |bytes: &[u8]| Some(u64::from_le_bytes(*bytes.first_chunk()?));
            if !targets.are_same(address(one)?, address(other)?) {
                return None;
            }
            moved.push(Moved { at, len: 8 });
        }
        at = end;
    }
    Some(moved)
}

/// Numbers in the code around an address, of which one is the length of a string there: Go passes both.
fn text_lens(code: &[u8], at: usize) -> impl Iterator<Item = usize> {
    /// Instructions looked at: the length comes next, or after what stands between for speed.
    const BEFORE: usize = 4;
    const AFTER: usize = 7;
    /// A variable gets the length first, and between the two the garbage collector is asked.
    const FAR: usize = 20;
    const FAR_LEN_MIN: usize = 4;
    let start = at.saturating_sub(4 * FAR);
    let near = (at - start) / 4 - BEFORE.min(at / 4);
    let words = code.get(start..).unwrap_or_default().chunks_exact(4);
    let words = words.take((at - start) / 4 + AFTER).filter_map(word).enumerate();
    words
        .filter_map(|(index, word)| Some((index, constant(word)?)))
        .filter(move |(index, len)| *len >= if *index < near { FAR_LEN_MIN } else { 1 })
        .map(|(_, len)| len)
}

/// What an instruction loads into a register: `MOVZ`, or `ORR` of the zero register and a pattern of
/// ones at its lowest end.
fn constant(word: u32) -> Option<usize> {
    if word & 0x7fe0_0000 == 0x5280_0000 {
        return usize::try_from(word >> 5 & 0xffff).ok();
    }
    // N, immr and imms of the pattern; without rotation it is imms + 1 ones.
    if word & 0x7f80_03e0 == 0x3200_03e0 && word >> 16 & 0x3f == 0 {
        let ones = (word >> 10 & 0x3f) + 1;
        return 1_usize.checked_shl(ones).map(|power| power - 1);
    }
    None
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

impl Operand {
    fn of(word: u32, address: u64) -> Self {
        let relative = |shift: u32, bits: u32| {
            let field = (word >> shift) & ((1 << bits) - 1);
            let offset = sign_extended(u64::from(field), bits).wrapping_mul(4);
            let mask = ((1 << bits) - 1) << shift;
            Self::Relative { target: address.wrapping_add(offset), mask }
        };
        if word & 0x7c00_0000 == 0x1400_0000 {
            return relative(0, 26);
        }
        if word & 0xff00_0010 == 0x5400_0000
            || word & 0x7e00_0000 == 0x3400_0000
            || word & 0x3b00_0000 == 0x1800_0000
        {
            return relative(5, 19);
        }
        if word & 0x7e00_0000 == 0x3600_0000 {
            return relative(5, 14);
        }
        if word & 0x1f00_0000 == 0x1000_0000 {
            let field = (word >> 29 & 3) | (word >> 5 & 0x7_ffff) << 2;
            let offset = sign_extended(field.into(), 21);
            if word & 0x8000_0000 == 0 {
                return Self::Relative { target: address.wrapping_add(offset), mask: PAGE_MASK };
            }
            let page = (address & !0xfff).wrapping_add(offset << 12);
            return Self::Page { page, register: word & 31 };
        }
        let base = word >> 5 & 31;
        let immediate = u64::from(word >> 10 & 0xfff);
        if word & 0x7fc0_0000 == 0x1100_0000 {
            return Self::Low { offset: immediate, base, mask: 0xfff << 10 };
        }
        // Loads and stores scale the offset by their size; a vector of 16 bytes has bit 23 for it.
        if word & 0x3b00_0000 == 0x3900_0000 {
            let vector = word & 0x0480_0000 == 0x0480_0000;
            let scale = if vector { 4 } else { word >> 30 };
            return Self::Low { offset: immediate << scale, base, mask: 0xfff << 10 };
        }
        Self::Other
    }
}

fn sign_extended(value: u64, bits: u32) -> u64 {
    let sign = 1_u64 << (bits - 1);
    (value ^ sign).wrapping_sub(sign)
}

#[cfg(test)]
mod tests {
    use super::super::super::address_map::AddressMap;
    use super::super::super::text_lens::TextLens;
    use super::*;

    #[test]
    fn operands_are_those_of_the_manual() {
        // bl .+8; b.eq .-4; cbz x0, .+16; tbnz w1, #3, .+32; ldr x2, .+64
        for (word, target) in [
            (0x9400_0002, 0x1008),
            (0x54ff_ffe0, 0xffc),
            (0xb400_0080, 0x1010),
            (0x3718_0101, 0x1020),
            (0x5800_0202, 0x1040),
        ] {
            let Operand::Relative { target: found, .. } = Operand::of(word, 0x1000) else {
                panic!("{word:x}");
            };
            assert_eq!(found, target, "{word:x}");
        }
        // adrp x3, .+0x2000; add x3, x3, #0x123; ldr x4, [x3, #8]; ldr q0, [x3, #16]; mov x0, x1
        assert_eq!(Operand::of(0xd000_0003, 0x1234), Operand::Page { page: 0x3000, register: 3 });
        let low = |word| match Operand::of(word, 0) {
            Operand::Low { offset, base, .. } => (offset, base),
            other => panic!("{other:?}"),
        };
        assert_eq!(low(0x9104_8c63), (0x123, 3));
        assert_eq!(low(0xf940_0464), (8, 3));
        assert_eq!(low(0x3dc0_0460), (16, 3));
        assert_eq!(Operand::of(0xaa01_03e0, 0), Operand::Other);
    }

    #[test]
    fn a_page_and_its_rest_are_one_address() {
        let code =
            |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let first = code(&[0xd000_0003, 0x9104_8c63]);
        let at = |bytes, address| Code { bytes, address };
        let second = code(&[0xd000_0003, 0x9104_9c63]);
        let found = |to| {
            let mut map = AddressMap::default();
            map.add(0x3123, to, 8);
            map.finish();
            let (types, code, lens) = (0..0, 0..0, &TextLens::default());
            let (variables, seen) = (&std::collections::BTreeMap::new(), None);
            let (first_blocks, second_blocks) = (&[], &[]);
            let targets = Targets {
                map: &map,
                first: first_blocks,
                second: second_blocks,
                types,
                code,
                lens,
                word: 8,
                variables,
                seen,
            };
            moved(at(&first, 0x1000), at(&second, 0x3000), &targets)
        };
        assert_eq!(found(0x5127), Some(vec![Moved { at: 4, len: 4 }]));
        assert_eq!(found(0x5126), None);
    }
}
