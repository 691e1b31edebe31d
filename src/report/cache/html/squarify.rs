//! A treemap: rectangles whose areas are as their values, as square as can be.
//!
//! Bruls, Huizing, van Wijk: Squarified Treemaps, 2000,
//! <https://www.win.tue.nl/~vanwijk/stm.pdf>.

/// A rectangle. Its sides may be 0, never less.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }

    fn size(self) -> f64 {
        self.width * self.height
    }

    /// Cuts a strip off along the shorter side, of the area that is asked for at most.
    fn cut(self, size: f64) -> (Self, Self) {
        if self.width >= self.height {
            let width = if self.height > 0.0 { (size / self.height).min(self.width) } else { 0.0 };
            let rest = Self { x: self.x + width, width: self.width - width, ..self };
            (Self { width, ..self }, rest)
        } else {
            let height = if self.width > 0.0 { (size / self.width).min(self.height) } else { 0.0 };
            let rest = Self { y: self.y + height, height: self.height - height, ..self };
            (Self { height, ..self }, rest)
        }
    }
}

/// Divides an area among values, the largest first, and returns a rectangle for each.
///
/// A value of 0 has a rectangle without area.
pub(super) fn squarify(values: &[u64], whole: Area) -> Vec<Area> {
    let total: f64 = values.iter().map(|value| *value as f64).sum();
    let scale = if total > 0.0 { whole.size() / total } else { 0.0 };
    let sizes: Vec<f64> = values.iter().map(|value| *value as f64 * scale).collect();
    let mut areas = Vec::with_capacity(sizes.len());
    let (mut rest, mut left) = (whole, sizes.as_slice());
    while !left.is_empty() {
        let (row, others) = left.split_at(row_length(left, rest.width.min(rest.height)));
        // What is last takes what is there, so that nothing is lost to rounding.
        let is_last = others.iter().all(|size| *size <= 0.0);
        let size = if is_last { rest.size() } else { row.iter().sum() };
        let (strip, remaining) = rest.cut(size);
        divide(strip, rest.width >= rest.height, row, &mut areas);
        (rest, left) = (remaining, others);
    }
    areas
}

/// Puts a row into its strip, one below or beside the other.
fn divide(strip: Area, is_column: bool, row: &[f64], areas: &mut Vec<Area>) {
    let sum: f64 = row.iter().sum();
    let mut done = 0.0;
    for size in row {
        let share = |size: f64| if sum > 0.0 { size / sum } else { 0.0 };
        let (from, to) = (share(done), share(done + size));
        done += size;
        areas.push(if is_column {
            let y = strip.y + strip.height * from;
            Area { y, height: strip.y + strip.height * to - y, ..strip }
        } else {
            let x = strip.x + strip.width * from;
            Area { x, width: strip.x + strip.width * to - x, ..strip }
        });
    }
}

/// Returns how many of the first sizes make a row along a side in which the worst is most like a square.
fn row_length(sizes: &[f64], side: f64) -> usize {
    let (mut length, mut sum, mut best) = (0, 0.0, f64::INFINITY);
    let largest = sizes.first().copied().unwrap_or_default();
    for size in sizes {
        sum += size;
        let square = |size: f64| side * side * size / (sum * sum);
        // The ratio of the sides of the largest, and of this one, the smallest yet.
        let worst = square(largest).max(1.0 / square(*size));
        if length > 0 && worst > best {
            break;
        }
        (length, best) = (length + 1, worst);
    }
    length.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: Area = Area { x: 3.0, y: 5.0, width: 1240.0, height: 640.0 };

    fn overlap(one: Area, other: Area) -> f64 {
        let width = one.right().min(other.right()) - one.x.max(other.x);
        let height = one.bottom().min(other.bottom()) - one.y.max(other.y);
        width.max(0.0) * height.max(0.0)
    }

    proptest! {
        #[test]
        fn areas_are_as_values_and_tile_the_whole(mut values in proptest::collection::vec(0..1_000_000_000_u64, 1..80)) {
            values.sort_unstable_by(|one, other| other.cmp(one));
            let areas = squarify(&values, WHOLE);
            prop_assert_eq!(areas.len(), values.len());
            let total: u64 = values.iter().sum();
            for (area, value) in areas.iter().zip(&values) {
                prop_assert!(area.width >= 0.0 && area.height >= 0.0, "{area:?}");
                prop_assert!(area.x >= WHOLE.x && area.right() <= WHOLE.right() + 1e-6, "{area:?}");
                prop_assert!(area.y >= WHOLE.y && area.bottom() <= WHOLE.bottom() + 1e-6, "{area:?}");
                if total > 0 {
                    let expected = *value as f64 / total as f64 * WHOLE.size();
                    prop_assert!((area.size() - expected).abs() < 1e-3, "{} {expected}", area.size());
                }
            }
            for (at, one) in areas.iter().enumerate() {
                for other in &areas[..at] {
                    prop_assert!(overlap(*one, *other) < 1e-6, "{one:?} {other:?}");
                }
            }
        }
    }

    /// Figures 3 and 4 of the paper: 6, 6, 4, 3, 2, 2, 1 in 6 by 4.
    #[test]
    fn the_example_of_the_paper() {
        let areas =
            squarify(&[6, 6, 4, 3, 2, 2, 1], Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 });
        let sides = |at: usize| (areas[at].width, areas[at].height);
        assert_eq!((sides(0), sides(1)), ((3.0, 2.0), (3.0, 2.0)));
        let worst =
            areas.iter().map(|area| (area.width / area.height).max(area.height / area.width));
        assert!(worst.fold(0.0, f64::max) < 3.0);
    }

    #[test]
    fn nothing_is_divided_among_nothing() {
        assert_eq!(squarify(&[], WHOLE), []);
        assert_eq!(squarify(&[7], WHOLE), [WHOLE]);
        assert!(squarify(&[0, 0], WHOLE).iter().all(|area| area.size() >= 0.0));
        assert!(squarify(&[5, 0], Area::default()).iter().all(|area| area.size() == 0.0));
    }
}
