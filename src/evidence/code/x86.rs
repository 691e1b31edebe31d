//! amd64 and 386: where an instruction has an address is known once it is decoded.

use iced_x86::{
    ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register,
};

use super::{Meaning, Places};

/// An instruction and where it is in the function.
struct Step {
    instruction: Instruction,
    offsets: ConstantOffsets,
    start: usize,
    end: usize,
}

/// Instructions that are looked at for the length of a string.
const NEAR: usize = 8;

/// Says what a function does, without where it and what it uses are.
pub(super) fn read(
    bytes: &[u8],
    address: u64,
    bits: u32,
    places: &Places<'_>,
    meaning: &mut Meaning,
) {
    let steps = steps(bytes, address, bits);
    let end = address.saturating_add(bytes.len() as u64);
    for (index, step) in steps.iter().enumerate() {
        let code = bytes.get(step.start..step.end).unwrap_or_default();
        let Some((field, target)) = operand(step, code, address, bits, places) else {
            meaning.code.extend(code);
            continue;
        };
        // A jump inside of the function stays as it is.
        if address <= target && target < end {
            meaning.code.extend(code);
            continue;
        }
        meaning.code.extend(code.get(..field.start).unwrap_or_default());
        meaning.code.extend(code.get(field.end..).unwrap_or_default());
        let is_pointer = step.instruction.mnemonic() == Mnemonic::Lea
            || !step.instruction.is_ip_rel_memory_operand();
        let len = is_pointer.then(|| text_len(&steps, index)).flatten();
        let loaded = (!is_pointer).then(|| step.instruction.memory_size().size());
        meaning.address(places, target, len, loaded.filter(|len| (4..=64).contains(len)));
    }
}

fn steps(bytes: &[u8], address: u64, bits: u32) -> Vec<Step> {
    let mut decoder = Decoder::with_ip(bits, bytes, address, DecoderOptions::NONE);
    let mut steps = Vec::with_capacity(bytes.len() / 4);
    while decoder.can_decode() {
        let start = decoder.position();
        let instruction = decoder.decode();
        let offsets = decoder.get_constant_offsets(&instruction);
        steps.push(Step { instruction, offsets, start, end: decoder.position() });
    }
    steps
}

/// The part of an instruction that holds an address, and that address.
fn operand(
    step: &Step,
    code: &[u8],
    address: u64,
    bits: u32,
    places: &Places<'_>,
) -> Option<(std::ops::Range<usize>, u64)> {
    let Step { instruction, offsets, .. } = step;
    let immediate =
        offsets.immediate_offset()..offsets.immediate_offset() + offsets.immediate_size();
    let displacement =
        offsets.displacement_offset()..offsets.displacement_offset() + offsets.displacement_size();
    if matches!(instruction.op0_kind(), OpKind::NearBranch32 | OpKind::NearBranch64) {
        let next = address.wrapping_add(step.end as u64);
        let target = next.wrapping_add_signed(signed(code.get(immediate.clone())?));
        let target = if bits == 32 { target & 0xffff_ffff } else { target };
        return (immediate.len() >= 4).then_some((immediate, target));
    }
    if instruction.is_ip_rel_memory_operand() {
        return Some((displacement, instruction.ip_rel_memory_address()));
    }
    if bits != 32 {
        return None;
    }
    // A 386 has whole addresses in its instructions, and numbers that happen to look like one.
    [(offsets.has_displacement(), displacement), (offsets.has_immediate(), immediate)]
        .into_iter()
        .filter(|(is_there, field)| *is_there && field.len() == 4)
        .find_map(|(_, field)| {
            let target = places.number(code.get(field.clone())?);
            places.is_loaded(target).then_some((field, target))
        })
}

/// The number that a string at the address in an instruction has as its length.
///
/// Go passes and stores both next to each other: in the next register of its calling convention, or
/// in the next word of memory.
fn text_len(steps: &[Step], index: usize) -> Option<u64> {
    let pointer = steps.get(index)?.instruction.op0_register();
    let next = next_register(pointer);
    let mut stored = None;
    for step in steps.get(index + 1..)?.iter().take(NEAR) {
        let instruction = &step.instruction;
        if let Some(len) = constant_in(instruction, next) {
            return Some(len);
        }
        let place = (instruction.memory_base(), instruction.memory_displacement64());
        let is_store =
            instruction.mnemonic() == Mnemonic::Mov && instruction.op0_kind() == OpKind::Memory;
        if is_store && instruction.op1_kind() == OpKind::Register {
            if instruction.op1_register() == pointer {
                let word = pointer.size() as u64;
                let after = place.1.wrapping_add(word);
                if let Some(len) = stored_before(steps, index, (place.0, after)) {
                    return Some(len);
                }
                stored = Some((place.0, after));
            }
        } else if is_store && stored == Some(place) {
            return immediate(instruction);
        }
        // From here on the register is another's.
        let is_target = instruction.op0_kind() == OpKind::Register
            && instruction.op0_register().full_register() == pointer.full_register()
            && !matches!(instruction.mnemonic(), Mnemonic::Cmp | Mnemonic::Test);
        if is_target || !is_straight(instruction) {
            break;
        }
    }
    let before = steps.get(index.saturating_sub(NEAR)..index)?;
    before
        .iter()
        .rev()
        .take_while(|step| is_straight(&step.instruction))
        .find_map(|step| constant_in(&step.instruction, next))
}

fn stored_before(steps: &[Step], index: usize, place: (Register, u64)) -> Option<u64> {
    /// Between the two the compiler asks whether the garbage collector is to be told.
    const FAR: usize = 12;
    let before = steps.get(index.saturating_sub(FAR)..index)?;
    // A global stays where it is, what a register points to does not.
    let is_global = place.0 == Register::RIP;
    let goes_on = |step: &&Step| is_global || is_straight(&step.instruction);
    before.iter().rev().take_while(goes_on).find_map(|step| {
        let instruction = &step.instruction;
        let is_it = instruction.mnemonic() == Mnemonic::Mov
            && instruction.op0_kind() == OpKind::Memory
            && (instruction.memory_base(), instruction.memory_displacement64()) == place;
        is_it.then(|| immediate(instruction)).flatten()
    })
}

fn is_straight(instruction: &Instruction) -> bool {
    instruction.flow_control() == FlowControl::Next
}

/// Source: the order of registers in `cmd/compile/abi-internal.md`, Go 1.26.
fn next_register(register: Register) -> Option<Register> {
    const ORDER: [Register; 9] = [
        Register::RAX,
        Register::RBX,
        Register::RCX,
        Register::RDI,
        Register::RSI,
        Register::R8,
        Register::R9,
        Register::R10,
        Register::R11,
    ];
    let at = ORDER.iter().position(|one| *one == register.full_register())?;
    ORDER.get(at + 1).copied()
}

/// The number that an instruction loads into a register.
fn constant_in(instruction: &Instruction, register: Option<Register>) -> Option<u64> {
    let is_it = instruction.mnemonic() == Mnemonic::Mov
        && instruction.op0_kind() == OpKind::Register
        && Some(instruction.op0_register().full_register()) == register;
    is_it.then(|| immediate(instruction)).flatten()
}

fn immediate(instruction: &Instruction) -> Option<u64> {
    let is_number = matches!(
        instruction.op1_kind(),
        OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32
            | OpKind::Immediate32to64
    );
    is_number.then(|| instruction.immediate(1))
}

/// Little-endian with its sign.
fn signed(bytes: &[u8]) -> i64 {
    let unsigned = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let unused = 64 - 8 * u32::try_from(bytes.len().clamp(1, 8)).unwrap_or(8);
    (unsigned << unused).cast_signed() >> unused
}
