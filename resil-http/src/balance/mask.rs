//! A part of the endpoints.

/// The greatest number of endpoints of a balancer.
pub const MAX_ENDPOINTS: usize = 1_024;

/// The places of some of the endpoints. It lives on the stack: a choice allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mask([u64; MAX_ENDPOINTS / 64]);

impl Mask {
    pub(super) const NONE: Self = Self([0; MAX_ENDPOINTS / 64]);

    pub(super) fn insert(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.0[place / 64] &= !(1 << (place % 64));
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = *self;
        both.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(word, other)| *word &= other);
        both
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Returns the places in order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit)
            })
        })
    }

    /// Returns the place with `rank` others before it.
    pub(super) fn nth(&self, rank: usize) -> Option<usize> {
        self.places().nth(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_found_in_order() {
        let wanted = [0, 1, 63, 64, 500, MAX_ENDPOINTS - 1];
        let mut mask = Mask::NONE;
        assert!(mask.is_empty() && mask.nth(0).is_none());
        wanted.iter().for_each(|place| mask.insert(*place));
        assert_eq!(mask.places().collect::<Vec<_>>(), wanted);
        assert_eq!(
            (mask.count(), mask.nth(4), mask.nth(6)),
            (6, Some(500), None)
        );
        mask.remove(64);
        assert!(mask.places().all(|place| place != 64));
        assert_eq!(mask.nth(3), Some(500));
        let first = |count: usize| {
            let mut mask = Mask::NONE;
            (0..count).for_each(|place| mask.insert(place));
            mask
        };
        assert!(mask.and(&first(64)).places().eq([0, 1, 63]));
        for count in [0, 1, 64, 65, MAX_ENDPOINTS] {
            let first = first(count);
            assert!(first.places().eq(0..count), "{count}");
            assert_eq!(first.count(), count);
        }
    }
}
