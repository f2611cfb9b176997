//! The state of a breaker in one atomic word, so that what changes together is seen together.
//!
//! From the top: phase 2 bits, generation 18, payload 44. Every change of state takes the next
//! generation. A call remembers the top 20 bits as its [`Stamp`]. If they have changed when it
//! ends, the call is late, and its outcome is not counted. A probe also remembers its round, so that
//! one that has lost its place does not give back that of another. `payload == 0` in the closed phase means
//! that *a success would change nothing, however long it took*: the inlined path of a success is one
//! load and one test, whatever the rules are. One test of the same word lets a call in, if calls are
//! not timed.

use crate::event::circuit_state::CircuitState;

/// The phase and generation of a word, and the round of a probe above them: what a call remembers of
/// the state that let it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u32);

/// The state of a breaker in one word: see the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

/// The state that a [`Word`] encodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Calls pass.
    Closed {
        /// Failures in a row, if a rule counts them: 16 bits.
        in_a_row: u32,
        /// A success would change the window, so successes have to be recorded too.
        record_successes: bool,
        /// A rule is about slow calls: the clock is read when a call begins and when it ends.
        timed: bool,
    },
    /// Calls are refused.
    Open {
        /// The millisecond from which on a call is a probe: 39 bits.
        until: u64,
        /// The number of probes that have failed since the breaker was closed: 5 bits.
        growth: u32,
    },
    /// Probes are let in.
    HalfOpen {
        /// Probes that have not ended: 8 bits.
        out: u32,
        /// Probes that have succeeded: 8 bits.
        ok: u32,
        /// As in `Open`.
        growth: u32,
        /// How often probes that were out have lost their places to others, modulo 2⁸.
        round: u32,
        /// The number of probes let in, modulo 2¹⁵, so that no two words of one generation with a
        /// probe out are the same.
        probe_number: u32,
    },
    /// Held open manually: calls are refused.
    ForcedOpen,
    /// Disabled manually: calls pass, and nothing is counted.
    Disabled,
}

/// The number of bits below the stamp.
const PAYLOAD_BITS: u32 = 44;
const PHASE_SHIFT: u32 = 62;
const GENERATION_MASK: u64 = (1 << (PHASE_SHIFT - PAYLOAD_BITS)) - 1;

/// The bit of a closed word whose calls are timed.
const TIMED: u64 = 1 << 17;

const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const MANUAL: u64 = 3;

const UNTIL_BITS: u32 = 39;
const NUMBER_BITS: u32 = 15;
const NUMBER_MASK: u32 = (1 << NUMBER_BITS) - 1;
const ROUND_BITS: u32 = 8;
const ROUND_MASK: u32 = (1 << ROUND_BITS) - 1;
const GROWTH_SHIFT: u32 = NUMBER_BITS + ROUND_BITS;

/// The number of bits of a stamp below the round.
const STAMP_BITS: u32 = 64 - PAYLOAD_BITS;

/// The last millisecond at which an open time can end: about 17 years after zero.
pub(crate) const UNTIL_MAX: u64 = (1 << UNTIL_BITS) - 1;
/// The value at which the growth saturates.
pub(crate) const GROWTH_MAX: u32 = 31;

impl Word {
    /// The bits of which at least one is set if a success has to be recorded.
    const NOT_QUIET: u64 = !(GENERATION_MASK << PAYLOAD_BITS);
    /// The bits of which at least one is set if there is more to letting a call in than to note the
    /// stamp.
    const NOT_AT_ONCE: u64 = 0b11 << PHASE_SHIFT | TIMED;
    /// The payload in the closed phase if nothing but a success in the window is to be recorded.
    const RECORDS_SUCCESSES: u64 = 1;

    pub(crate) const fn new(generation: u32, state: State) -> Self {
        let (phase, payload) = match state {
            State::Closed {
                in_a_row,
                record_successes,
                timed,
            } => (
                CLOSED,
                (if timed { TIMED } else { 0 })
                    | ((in_a_row & 0xffff) as u64) << 1
                    | record_successes as u64,
            ),
            State::Open { until, growth } => {
                let until = if until > UNTIL_MAX { UNTIL_MAX } else { until };
                (OPEN, (grown(growth) << UNTIL_BITS) | until)
            }
            State::HalfOpen {
                out,
                ok,
                growth,
                round,
                probe_number,
            } => (
                HALF_OPEN,
                ((out & 0xff) as u64) << 36
                    | ((ok & 0xff) as u64) << 28
                    | grown(growth) << GROWTH_SHIFT
                    | ((round & ROUND_MASK) as u64) << NUMBER_BITS
                    | (probe_number & NUMBER_MASK) as u64,
            ),
            State::ForcedOpen => (MANUAL, 0),
            State::Disabled => (MANUAL, 1),
        };
        Self(phase << PHASE_SHIFT | (generation as u64 & GENERATION_MASK) << PAYLOAD_BITS | payload)
    }

    pub(crate) const fn state(self) -> State {
        let payload = self.0 & ((1 << PAYLOAD_BITS) - 1);
        match self.0 >> PHASE_SHIFT {
            CLOSED => State::Closed {
                in_a_row: bits(payload, 1, 16),
                record_successes: payload & 1 != 0,
                timed: payload & TIMED != 0,
            },
            OPEN => State::Open {
                until: payload & UNTIL_MAX,
                growth: bits(payload, UNTIL_BITS, 5),
            },
            HALF_OPEN => State::HalfOpen {
                out: bits(payload, 36, 8),
                ok: bits(payload, 28, 8),
                growth: bits(payload, GROWTH_SHIFT, 5),
                round: bits(payload, NUMBER_BITS, ROUND_BITS),
                probe_number: bits(payload, 0, NUMBER_BITS),
            },
            _ if payload == 0 => State::ForcedOpen,
            _ => State::Disabled,
        }
    }

    /// Returns whether the breaker is closed.
    #[inline(always)]
    pub(crate) const fn is_closed(self) -> bool {
        self.0 >> PHASE_SHIFT == CLOSED
    }

    /// Returns whether the breaker is closed and calls are not timed: a call is let in, and there is
    /// nothing to do for it.
    #[inline(always)]
    pub(crate) const fn admits_at_once(self) -> bool {
        self.0 & Self::NOT_AT_ONCE == 0
    }

    /// Returns whether the breaker is closed and calls are timed.
    pub(crate) const fn is_timed(self) -> bool {
        self.is_closed() && self.0 & TIMED != 0
    }

    /// Returns whether the breaker is closed and a success would change nothing, however long it
    /// took.
    #[inline(always)]
    pub(crate) const fn is_quiet(self) -> bool {
        self.0 & Self::NOT_QUIET == 0
    }

    /// Returns whether the breaker is closed and a success would change the window, and nothing else:
    /// no failure in a row ends with it, and calls are not timed.
    #[inline(always)]
    pub(crate) const fn only_records_successes(self) -> bool {
        self.0 & Self::NOT_QUIET == Self::RECORDS_SUCCESSES
    }

    /// Returns the millisecond at which the open time ends, if the breaker is open.
    #[inline(always)]
    pub(crate) const fn open_until(self) -> Option<u64> {
        if self.0 >> PHASE_SHIFT == OPEN {
            Some(self.0 & UNTIL_MAX)
        } else {
            None
        }
    }

    #[inline(always)]
    pub(crate) const fn stamp(self) -> Stamp {
        Stamp((self.0 >> PAYLOAD_BITS) as u32)
    }

    /// Returns the stamp of the probe that this word has let in.
    pub(crate) const fn probe_stamp(self) -> Stamp {
        let round = bits(self.0, NUMBER_BITS, ROUND_BITS);
        Stamp(self.stamp().0 | round << STAMP_BITS)
    }

    /// Returns whether the state is the one that let in the call with `stamp`, which may be a probe
    /// that has lost its place since.
    pub(crate) const fn has_let_in(self, stamp: Stamp) -> bool {
        self.stamp().0 == bits(stamp.0 as u64, 0, STAMP_BITS)
    }

    pub(crate) const fn generation(self) -> u32 {
        bits(self.0, PAYLOAD_BITS, PHASE_SHIFT - PAYLOAD_BITS)
    }

    /// Returns `state` in the next generation: a change of state.
    pub(crate) const fn next(self, state: State) -> Self {
        Self::new(self.generation().wrapping_add(1), state)
    }

    /// Returns `state` in the same generation: something was counted.
    pub(crate) const fn with(self, state: State) -> Self {
        Self::new(self.generation(), state)
    }
}

impl From<State> for CircuitState {
    fn from(state: State) -> Self {
        match state {
            State::Closed { .. } => Self::Closed,
            State::Open { .. } => Self::Open,
            State::HalfOpen { .. } => Self::HalfOpen,
            State::ForcedOpen => Self::ForcedOpen,
            State::Disabled => Self::Disabled,
        }
    }
}

impl Stamp {
    /// The stamp of a nested call. No word that counts outcomes has it, so that the call is late
    /// whenever it ends.
    pub(crate) const NESTED: Self = Self(u32::MAX);

    pub(crate) const fn generation(self) -> u32 {
        bits(self.0 as u64, 0, PHASE_SHIFT - PAYLOAD_BITS)
    }

    /// Returns the round of a probe.
    pub(crate) const fn round(self) -> u32 {
        bits(self.0 as u64, STAMP_BITS, ROUND_BITS)
    }

    /// Returns whether the call was let in as a probe.
    #[cfg(test)]
    pub(crate) const fn is_probe(self) -> bool {
        bits(self.0 as u64, PHASE_SHIFT - PAYLOAD_BITS, 2) as u64 == HALF_OPEN
    }
}

const fn grown(growth: u32) -> u64 {
    (if growth > GROWTH_MAX {
        GROWTH_MAX
    } else {
        growth
    }) as u64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "no field is read here that has more than 20 bits"
)]
const fn bits(word: u64, from: u32, width: u32) -> u32 {
    ((word >> from) & ((1 << width) - 1)) as u32
}

#[cfg(test)]
mod tests;
