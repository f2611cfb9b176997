//! The state of a bulkhead in one word: the calls inside, the limit, and what else there is to do
//! when a call comes or goes.
//!
//! | bits | what |
//! |---|---|
//! | 0–31 | the number of calls inside |
//! | 32–47 | the limit |
//! | 48 | somebody waits: who goes hands the place on, who comes waits behind them |
//! | 49 | calls are timed, as the limit is learned from them |
//! | 50 | the limit was set manually |
//!
//! A call that comes adds one to the word and a call that goes takes one off, so that both are one
//! atomic step while nobody waits.

/// The greatest limit.
pub(super) const MOST: u32 = u16::MAX as u32;

const WAITED: u64 = 1 << 48;
const TIMED: u64 = 1 << 49;
const MANUAL: u64 = 1 << 50;
const LIMIT: u64 = 0xffff << 32;

/// The state of a bulkhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(super) u64);

impl Word {
    /// Creates the state of a bulkhead that nobody is in.
    pub(super) const fn new(limit: u32) -> Self {
        Self((limit as u64) << 32)
    }

    /// Returns the number of calls inside.
    #[inline(always)]
    pub(super) fn inside(self) -> u32 {
        low(self.0)
    }

    #[inline(always)]
    pub(super) fn limit(self) -> u32 {
        low((self.0 & LIMIT) >> 32)
    }

    /// Whether there is a place: not where the limit was lowered below the number of calls inside.
    #[inline(always)]
    pub(super) fn has_room(self) -> bool {
        self.inside() < self.limit()
    }

    #[inline(always)]
    pub(super) fn is_waited(self) -> bool {
        self.0 & WAITED != 0
    }

    #[inline(always)]
    pub(super) fn is_timed(self) -> bool {
        self.0 & TIMED != 0
    }

    pub(super) fn is_manual(self) -> bool {
        self.0 & MANUAL != 0
    }

    /// Whether a call that comes has nothing else to do than to take a place that is free.
    #[inline(always)]
    pub(super) fn is_plain(self) -> bool {
        self.0 & (WAITED | TIMED) == 0 && self.has_room()
    }

    /// Returns the state with one more call inside.
    #[inline(always)]
    pub(super) fn with_one_more(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) fn with_limit(self, limit: u32) -> Self {
        Self(self.0 & !LIMIT | u64::from(limit.clamp(1, MOST)) << 32)
    }

    pub(super) fn with_waited(self, yes: bool) -> Self {
        self.with(WAITED, yes)
    }

    pub(super) fn with_timed(self, yes: bool) -> Self {
        self.with(TIMED, yes)
    }

    pub(super) fn with_manual(self) -> Self {
        self.with(MANUAL, true)
    }

    fn with(self, bit: u64, yes: bool) -> Self {
        Self(if yes { self.0 | bit } else { self.0 & !bit })
    }
}

/// Returns the lower half.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
const fn low(bits: u64) -> u32 {
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_touch_each_other() {
        let word = Word::new(3)
            .with_waited(true)
            .with_timed(true)
            .with_manual();
        assert_eq!((word.inside(), word.limit()), (0, 3));
        let word = word.with_one_more().with_one_more().with_limit(MOST);
        assert_eq!((word.inside(), word.limit()), (2, MOST));
        assert!(word.is_waited() && word.is_timed() && word.is_manual());
        let word = word.with_waited(false).with_timed(false).with_limit(2);
        assert!(!word.is_waited() && !word.is_timed() && word.is_manual());
        assert_eq!((word.inside(), word.limit()), (2, 2));
        assert!(!word.has_room() && !word.is_plain());
    }

    #[test]
    fn a_limit_is_never_zero_nor_above_the_greatest() {
        assert_eq!(Word::new(5).with_limit(0).limit(), 1);
        assert_eq!(Word::new(5).with_limit(u32::MAX).limit(), MOST);
    }

    #[test]
    fn a_place_is_plain_only_where_nobody_waits_and_nothing_is_timed() {
        assert!(Word::new(1).is_plain());
        assert!(!Word::new(1).with_waited(true).is_plain());
        assert!(!Word::new(1).with_timed(true).is_plain());
        assert!(!Word::new(1).with_one_more().is_plain());
    }
}
