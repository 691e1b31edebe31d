//! A file of which a few kilobytes are looked at, here and there.

/// What was read last of a file stays at hand: what lies beside it costs no further read.
///
/// `R` reads from an offset into a buffer, and says how many bytes there were: fewer than the
/// buffer takes only where the file ends.
#[derive(Debug)]
pub struct Window<'b, R> {
    read: R,
    /// Its first `filled` bytes are of the file; a thread lends it to one file after another.
    buffer: &'b mut Vec<u8>,
    filled: usize,
    start: u64,
    /// Whether the file ends where the filled bytes do.
    has_end: bool,
}

impl<'b, R: FnMut(u64, &mut [u8]) -> usize> Window<'b, R> {
    /// Nothing is read yet.
    pub const fn new(buffer: &'b mut Vec<u8>, read: R) -> Self {
        Self { read, buffer, filled: 0, start: 0, has_end: false }
    }

    /// Returns what there is of that many bytes. What is not at hand is read, and nothing else.
    pub fn at(&mut self, at: u64, length: usize) -> &[u8] {
        self.ahead(at, length, length)
    }

    /// Returns what there is of `length` bytes. Where they are not at hand, `ahead` bytes are read.
    pub fn ahead(&mut self, at: u64, length: usize, ahead: usize) -> &[u8] {
        if !self.holds(at, length) {
            let wanted = ahead.max(length);
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            let room = self.buffer.get_mut(..wanted).unwrap_or_default();
            self.filled = (self.read)(at, room).min(wanted);
            self.start = at;
            self.has_end = self.filled < wanted;
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let to = from.saturating_add(length).min(self.filled);
        self.buffer.get(from..to).unwrap_or_default()
    }

    fn holds(&self, at: u64, length: usize) -> bool {
        let end = self.start.saturating_add(self.filled as u64);
        at >= self.start && (self.has_end || at.saturating_add(length as u64) <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_hand_is_not_read_again() {
        let file: Vec<u8> = (0..100).collect();
        let (mut buffer, mut reads) = (Vec::new(), Vec::new());
        let mut window = Window::new(&mut buffer, |at, room: &mut [u8]| {
            let rest = usize::try_from(at).ok().and_then(|at| file.get(at..)).unwrap_or_default();
            let count = rest.len().min(room.len());
            room[..count].copy_from_slice(&rest[..count]);
            reads.push((at, room.len()));
            count
        });
        assert_eq!(window.at(10, 20), &file[10..30]);
        assert_eq!(window.at(15, 5), &file[15..20]);
        assert_eq!(window.at(15, 0), b"");
        assert_eq!(window.at(29, 2), &file[29..31]);
        assert_eq!(window.at(90, 50), &file[90..]);
        assert_eq!(window.at(95, 50), &file[95..]);
        assert_eq!(window.at(200, 1), b"");
        assert_eq!(window.at(u64::MAX, 8), b"");
        assert_eq!(window.at(0, 1), &file[..1]);
        assert_eq!(window.ahead(20, 1, 30), &file[20..21]);
        assert_eq!(window.ahead(40, 10, 30), &file[40..50]);
        assert_eq!(reads, [(10, 20), (29, 2), (90, 50), (0, 1), (20, 30)]);
    }
}
