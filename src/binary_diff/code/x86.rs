//! amd64 and 386: where an instruction has an address is known once it is decoded.

use iced_x86::{ConstantOffsets, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};

use super::{Code, Moved, Targets};

/// Where the functions differ, if in nothing but addresses of the same things.
pub(super) fn moved(
    first: Code<'_>,
    second: Code<'_>,
    bits: u32,
    targets: &Targets<'_>,
) -> Option<Vec<Moved>> {
    let mut decoder = Decoder::with_ip(bits, first.bytes, first.address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut moved = Vec::new();
    // The last numbers before an address.
    let mut constants = [0; 4];
    while decoder.can_decode() {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        let end = decoder.position();
        let (one, other) = (first.bytes.get(start..end)?, second.bytes.get(start..end)?);
        if let Some(constant) = constant(&instruction) {
            constants.rotate_left(1);
            constants[3] = constant;
        }
        if one == other {
            continue;
        }
        if instruction.is_invalid() {
            return None;
        }
        let offsets = decoder.get_constant_offsets(&instruction);
        let mut rest = (one.to_vec(), other.to_vec());
        for field in fields(&instruction, offsets) {
            let range = field.at..field.at + field.len;
            let (from, to) = (number(one.get(range.clone())?), number(other.get(range.clone())?));
            let target = |value: i64, address: u64| match field.relative {
                true => address.wrapping_add(end as u64).wrapping_add_signed(value),
                false => value.cast_unsigned() & (u64::MAX >> (64 - 8 * field.len.min(8))),
            };
            let (from, to) = (target(from, first.address), target(to, second.address));
            let is_same = || {
                let lens = text_lens(&constants, first.bytes, end, bits);
                targets.are_equal(from, to, lens.into_iter())
            };
            if targets.are_same(from, to) || is_same() {
                rest.0.drain(range.clone());
                rest.1.drain(range);
            }
        }
        if rest.0 != rest.1 {
            return None;
        }
        moved.extend(ranges(one, other).map(|(at, len)| Moved { at: start + at, len }));
    }
    Some(moved)
}

/// A part of an instruction that may hold an address.
#[derive(Debug, Clone, Copy)]
struct Field {
    at: usize,
    len: usize,
    /// To the end of the instruction.
    relative: bool,
}

/// The last one comes first, so that it can be cut out without moving the others.
fn fields(instruction: &Instruction, offsets: ConstantOffsets) -> impl Iterator<Item = Field> {
    let is_branch = matches!(instruction.op0_kind(), OpKind::NearBranch32 | OpKind::NearBranch64);
    // An address is as wide as a register, or four bytes where a file is in the lowest 2 GiB.
    let has_immediate = offsets.has_immediate() && (is_branch || offsets.immediate_size() >= 4);
    let immediate = has_immediate.then(|| Field {
        at: offsets.immediate_offset(),
        len: offsets.immediate_size(),
        relative: is_branch,
    });
    let displacement = offsets.has_displacement().then(|| Field {
        at: offsets.displacement_offset(),
        len: offsets.displacement_size(),
        relative: instruction.is_ip_rel_memory_operand(),
    });
    immediate.into_iter().chain(displacement)
}

/// Numbers in the code around an address, of which one is the length of a string there: Go passes both.
fn text_lens(before: &[u64], code: &[u8], from: usize, bits: u32) -> Vec<usize> {
    /// Instructions looked at: the length comes next, or after what stands between for speed.
    const NEAR: usize = 6;
    let after = Decoder::new(bits, code.get(from..).unwrap_or_default(), DecoderOptions::NONE)
        .iter()
        .take(NEAR)
        .filter_map(|next| constant(&next))
        .collect::<Vec<_>>();
    let lens = before.iter().chain(&after).copied();
    lens.filter(|len| *len > 0).filter_map(|len| usize::try_from(len).ok()).collect()
}

fn constant(instruction: &Instruction) -> Option<u64> {
    let is_number = matches!(
        instruction.op1_kind(),
        OpKind::Immediate8
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32
            | OpKind::Immediate32to64
    );
    (is_number && matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Cmp))
        .then(|| instruction.immediate(1))
}

/// Little-endian with its sign.
fn number(bytes: &[u8]) -> i64 {
    let unsigned = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let unused = 64 - 8 * u32::try_from(bytes.len().clamp(1, 8)).unwrap_or(8);
    (unsigned << unused).cast_signed() >> unused
}

/// The stretches of two instructions that differ, as offset and length.
fn ranges(one: &[u8], other: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let first = one.iter().zip(other).position(|(one, other)| one != other);
    let last = one.iter().zip(other).rposition(|(one, other)| one != other);
    first.zip(last).map(|(first, last)| (first, last + 1 - first)).into_iter()
}
