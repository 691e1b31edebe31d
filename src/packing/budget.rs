//! How much may be unpacked before a file is taken for a trap.

use super::PackingError;

/// Limits of what is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Members of all archives together.
    pub members: usize,
    /// Bytes of all archives together.
    pub unpacked: u64,
    /// Bytes of one member.
    pub member: u64,
    /// How many times larger than packed a file may get once it is past [`Limits::free`].
    pub ratio: u64,
    /// Bytes that any file may unpack to, however small it is.
    pub free: u64,
    /// How many archives may be around each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 1 << 20,
            unpacked: 4 << 30,
            member: 1 << 30,
            // Executables shrink to a third, text to a tenth, a file of zeros to a thousandth.
            ratio: 200,
            free: 64 << 20,
            depth: 4,
        }
    }
}

/// What is left of the limits; one for all archives of a comparison.
#[derive(Debug, Clone)]
pub struct Budget {
    limits: Limits,
    members: usize,
    unpacked: u64,
    depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Budget {
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, members: 0, unpacked: 0, depth: 0 }
    }

    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Runs `inner` for an archive inside an archive.
    ///
    /// # Errors
    ///
    /// Fails with [`PackingError::TooDeep`] where too many are around it, and as `inner` does.
    pub fn inside<T, E: From<PackingError>>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.depth >= self.limits.depth {
            return Err(PackingError::TooDeep { limit: self.limits.depth }.into());
        }
        self.depth = self.depth.saturating_add(1);
        let result = inner(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    pub(super) fn member(&mut self) -> Result<(), PackingError> {
        self.members = self.members.saturating_add(1);
        if self.members > self.limits.members {
            return Err(PackingError::TooManyMembers { limit: self.limits.members });
        }
        Ok(())
    }

    /// Charges bytes; `of` is how many the file they come from has given so far
    /// and how many it has packed.
    pub(super) fn unpack(&mut self, bytes: u64, of: Ratio) -> Result<(), PackingError> {
        let Limits { unpacked: limit, ratio, free, .. } = self.limits;
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > limit {
            return Err(PackingError::TooLarge { limit });
        }
        if of.unpacked > free && of.unpacked > of.packed.saturating_mul(ratio) {
            return Err(PackingError::Bomb { packed: of.packed, ratio });
        }
        Ok(())
    }

    pub(super) fn size(&self, name: &str, size: u64) -> Result<(), PackingError> {
        let limit = self.limits.member;
        if size > limit {
            return Err(PackingError::MemberTooLarge { member: name.to_owned(), limit });
        }
        Ok(())
    }
}

/// How far one file has been unpacked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio {
    pub(super) unpacked: u64,
    pub(super) packed: u64,
}
