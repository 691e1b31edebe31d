//! arm64: every instruction has four bytes, and an address comes in two that follow each other.

use super::{Meaning, Places, Target};

/// Says what a function does, without where it and what it uses are.
///
/// Source: Arm Architecture Reference Manual for A-profile, chapter C4, encoding index; the pairs are
/// those of `R_ADDRARM64` and `R_ARM64_PCREL_LDST*` in `cmd/link/internal/arm64/asm.go`, Go 1.26.
pub(super) fn read(bytes: &[u8], address: u64, places: &Places<'_>, meaning: &mut Meaning) {
    let words: Vec<u32> = bytes
        .chunks_exact(4)
        .filter_map(|bytes| bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)))
        .collect();
    // The page that the instruction before put into a register.
    let mut page = None;
    for (index, word) in words.iter().enumerate() {
        let here = address.wrapping_add(4 * index as u64);
        if let Some((offset, mask)) = page.take().and_then(|page| with_page(*word, page)) {
            meaning.code.extend((word & !mask).to_le_bytes());
            let pointer = is_addition(*word).then_some(word & 31);
            let len = pointer.and_then(|register| text_len(&words, index, register));
            let loaded = pointer.is_none().then(|| access_len(*word));
            meaning.address(places, offset, len, loaded.filter(|len| *len >= 4));
            continue;
        }
        if word & 0x9f00_0000 == 0x9000_0000 {
            const PAGE_MASK: u32 = 0x60ff_ffe0;
            let field = u64::from((word >> 29 & 3) | (word >> 5 & 0x7_ffff) << 2);
            let start = (here & !0xfff).wrapping_add(sign_extended(field, 21) << 12);
            page = Some((start, word & 31));
            meaning.code.extend((word & !PAGE_MASK).to_le_bytes());
            continue;
        }
        if let Some(target) = branch(*word, here).filter(|target| is_other(places, *target)) {
            meaning.code.extend((word & 0xfc00_0000).to_le_bytes());
            meaning.address(places, target, None, None);
            continue;
        }
        meaning.code.extend(word.to_le_bytes());
    }
    meaning.code.extend(bytes.chunks_exact(4).remainder());
}

/// Whether a branch goes to another function: to its start, or into the two that are entered anywhere.
///
/// What else looks like one is a number among the code.
fn is_other(places: &Places<'_>, target: u64) -> bool {
    let Target::Function { name, offset } = places.target(target) else { return true };
    offset == 0 || places.is_entered_anywhere(name)
}

/// `B` and `BL`.
fn branch(word: u32, here: u64) -> Option<u64> {
    let is_branch = word & 0x7c00_0000 == 0x1400_0000;
    is_branch.then(|| {
        here.wrapping_add(sign_extended(u64::from(word & 0x03ff_ffff), 26).wrapping_mul(4))
    })
}

/// The address that an instruction adds up with a page, and the bits of it that hold the rest.
fn with_page(word: u32, (start, register): (u64, u32)) -> Option<(u64, u32)> {
    const IMMEDIATE: u32 = 0xfff << 10;
    if word >> 5 & 31 != register {
        return None;
    }
    let immediate = u64::from(word >> 10 & 0xfff);
    if is_addition(word) {
        return Some((start.wrapping_add(immediate), IMMEDIATE));
    }
    // Loads and stores scale the offset by their size.
    (word & 0x3b00_0000 == 0x3900_0000)
        .then(|| (start.wrapping_add(immediate << scale(word)), IMMEDIATE))
}

/// `ADD` of a number without a shift, of eight or four bytes.
fn is_addition(word: u32) -> bool {
    word & 0x7fc0_0000 == 0x1100_0000
}

/// A vector of 16 bytes has bit 23 for its size.
fn scale(word: u32) -> u32 {
    if word & 0x0480_0000 == 0x0480_0000 { 4 } else { word >> 30 }
}

fn access_len(word: u32) -> usize {
    1 << scale(word)
}

/// The number that a string at the address in a register has as its length: it is in the next one.
fn text_len(words: &[u32], index: usize, register: u32) -> Option<u64> {
    const NEAR: usize = 8;
    let is_len = |word: &u32| (word & 31 == register + 1).then(|| constant(*word)).flatten();
    let after = words.get(index + 1..)?.iter().take(NEAR);
    // Up to a jump, a call, or the next address for the same register.
    let is_end = |word: &u32| is_jump(*word) || word & 0x9f00_001f == 0x9000_0000 | register;
    let found = after.take_while(|word| !is_end(word)).find_map(is_len);
    found.or_else(|| {
        let before = words.get(index.saturating_sub(NEAR + 1)..index.checked_sub(1)?)?;
        before.iter().rev().take_while(|word| !is_jump(**word)).find_map(is_len)
    })
}

/// Branches, calls and returns.
fn is_jump(word: u32) -> bool {
    word & 0x1c00_0000 == 0x1400_0000
}

/// What an instruction loads into a register: `MOVZ`, or `ORR` of the zero register and a pattern of
/// ones, of which those that repeat are no length of a text.
fn constant(word: u32) -> Option<u64> {
    if word & 0x7fe0_0000 == 0x5280_0000 {
        return Some(u64::from(word >> 5 & 0xffff));
    }
    if word & 0x7f80_03e0 != 0x3200_03e0 {
        return None;
    }
    let (is_wide, rotation, ones) =
        (word >> 22 & 1 == 1, word >> 16 & 0x3f, (word >> 10 & 0x3f) + 1);
    if is_wide {
        let pattern = 1_u64.checked_shl(ones)?.wrapping_sub(1);
        return Some(pattern.rotate_right(rotation));
    }
    let pattern = 1_u32.checked_shl(ones)?.wrapping_sub(1);
    Some(u64::from(pattern.rotate_right(rotation)))
}

fn sign_extended(value: u64, bits: u32) -> u64 {
    let sign = 1_u64 << (bits - 1);
    (value ^ sign).wrapping_sub(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_manual() {
        // mov x1, #14 as orr and as movz; mov w2, #7; mov x3, x4
        for (word, value) in [
            (0xb27f_0be1, Some(14)),
            (0xd280_01c1, Some(14)),
            (0x3200_0be2, Some(7)),
            (0xaa04_03e3, None),
        ] {
            assert_eq!(constant(word), value, "{word:x}");
        }
    }
}
