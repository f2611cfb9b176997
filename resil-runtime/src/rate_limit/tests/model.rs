//! The rate limit beside GCRA in exact rational numbers, by random sequences of calls of any cost that may
//! wait, are dropped while they wait, and come at any nanosecond.
//!
//! The model keeps the time at which all calls are paid for as a fraction of nanoseconds. The word of a
//! limit wraps around; the model's time does not.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;

use crate::extremes::cases;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::{Limit, Reserved, Taken, TooEarly};

/// A whole number of nanoseconds over `max`, the calls that come in `per` nanoseconds.
type Fraction = u128;

/// GCRA by the book.
struct Book {
    max: u128,
    per: u128,
    burst: u128,
    /// When all calls are paid for that were let in.
    paid: Fraction,
    now: u128,
}

/// What a call is answered: it is let in, it has its turn in so many nanoseconds, it would have had, or it
/// never can be let in.
#[derive(Debug, PartialEq)]
enum Answer {
    In,
    Turn { wait: u128 },
    TooEarly { wait: u128 },
    Never,
}

impl Book {
    /// How far the time at which all is paid for lies ahead.
    fn ahead(&self) -> Fraction {
        self.paid.saturating_sub(self.now * self.max)
    }

    /// A call that weighs `cost`, and may wait up to `longest` nanoseconds.
    fn come(&mut self, cost: u128, longest: Option<u128>) -> Answer {
        if cost > self.burst {
            return Answer::Never;
        }
        if cost == 0 {
            return Answer::In;
        }
        let ahead = self.ahead() + cost * self.per;
        let early = ahead.saturating_sub(self.burst * self.per);
        let wait = early.div_ceil(self.max);
        if early > 0 && longest.is_none_or(|longest| early > longest * self.max) {
            return Answer::TooEarly { wait };
        }
        self.paid = self.now * self.max + ahead;
        if early > 0 {
            Answer::Turn { wait }
        } else {
            Answer::In
        }
    }

    /// Calls of cost 1 that would be let in now.
    fn left(&self) -> u128 {
        (self.burst * self.per).saturating_sub(self.ahead()) / self.per
    }
}

/// A turn that was given: what the model's time was with it, and what it costs.
struct Turn {
    reserved: Reserved,
    paid: Fraction,
    cost: u128,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A call that is let in at once or refused.
    Take { cost: u32 },
    /// A call that may wait up to so many thousandths of the time of one call.
    Come { cost: u32, longest: u64 },
    /// A call that waits is dropped.
    Drop(usize),
    /// So many thousandths of the time of one call pass, and a few nanoseconds.
    Pass { thousandths: u64, more: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let cost = || prop_oneof![8 => 1_u32..3, 2 => 0_u32..9];
    prop_oneof![
        3 => cost().prop_map(|cost| Op::Take { cost }),
        5 => (cost(), prop_oneof![Just(1_000_u64), 0..9_000_u64])
            .prop_map(|(cost, longest)| Op::Come { cost, longest }),
        2 => any::<usize>().prop_map(Op::Drop),
        4 => (prop_oneof![Just(1_000_u64), 0..4_000_u64], 0_u64..3)
            .prop_map(|(thousandths, more)| Op::Pass { thousandths, more }),
    ]
}

fn nanos(time: Duration) -> u128 {
    time.as_nanos()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_rate_limit_does_what_the_book_does(
        max in prop_oneof![1_u32..20, 1_u32..=65_536],
        per in prop_oneof![1_u64..1_000, 1_u64..=5_000_000_000],
        burst in prop_oneof![1_u32..6, 1_u32..=1_000],
        start in prop_oneof![Just(1_u64 << 60), Just(u64::MAX / 3), any::<u64>()],
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let now = Cell::new(start);
        let clock = || now.get();
        let limit = Limit::new("model");
        let policy = RateLimitPolicy::new().max(max).per(Duration::from_nanos(per));
        limit.adopt(&policy.burst(burst), "model", clock).unwrap();
        let mut book = Book {
            max: max.into(),
            per: per.into(),
            burst: burst.into(),
            paid: 0,
            now: 0,
        };
        let mut turns: Vec<Turn> = Vec::new();
        let of_one = |thousandths: u64| (per / u64::from(max) * thousandths).div_ceil(1_000);
        for op in ops {
            match op {
                Op::Take { cost } => {
                    let is = match limit.take(cost, clock) {
                        Taken::In => Answer::In,
                        Taken::TooEarly(_) | Taken::Undecided => {
                            match limit.enter(cost, clock, |_| None) {
                                Ok(None) => Answer::In,
                                Ok(Some(_)) => panic!("it cannot wait"),
                                Err(TooEarly(None)) => Answer::Never,
                                Err(TooEarly(Some(wait))) => Answer::TooEarly { wait: nanos(wait) },
                            }
                        }
                    };
                    prop_assert_eq!(is, book.come(cost.into(), None));
                }
                Op::Come { cost, longest } => {
                    let longest = of_one(longest);
                    let entered = limit.enter(cost, clock, |_| Some(longest));
                    let wanted = book.come(cost.into(), Some(longest.into()));
                    let is = match entered {
                        Ok(None) => Answer::In,
                        Ok(Some(reserved)) => {
                            let (paid, cost) = (book.paid, cost.into());
                            turns.push(Turn { reserved, paid, cost });
                            Answer::Turn { wait: nanos(reserved.turn_in()) }
                        }
                        Err(TooEarly(None)) => Answer::Never,
                        Err(TooEarly(Some(wait))) => Answer::TooEarly { wait: nanos(wait) },
                    };
                    prop_assert_eq!(is, wanted);
                }
                Op::Drop(which) if !turns.is_empty() => {
                    let turn = turns.swap_remove(which % turns.len());
                    limit.give_back(turn.reserved);
                    // If no other call has come since.
                    if book.paid == turn.paid {
                        book.paid -= turn.cost * book.per;
                    }
                }
                Op::Drop(_) => {}
                Op::Pass { thousandths, more } => {
                    let time = of_one(thousandths) + more;
                    now.set(now.get().wrapping_add(time));
                    book.now += u128::from(time);
                }
            }
            prop_assert_eq!(u128::from(limit.available(clock)), book.left());
        }
    }
}
