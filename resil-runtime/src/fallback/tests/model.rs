//! The fallback beside a model of its decisions, by random outcomes, keys and time: a value passes, an error
//! that it is for is replaced, another one comes back as it is, and `last_ok` keeps so many values so long.
//!
//! The model of what is kept is one list, the oldest value first. `PROPTEST_CASES=100000` runs more.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::advance;

use super::super::last_ok::{LastOkKey, LastOkPolicy, LastOkSite, last_ok};
use super::super::recover::fall_back;
use crate::call::conversions::{Conversions, conversions};
use crate::call::{Failure, Outcome, Site};
use crate::error::{Error, Refusal, RefusalKind};
use crate::event::{self, ErrorText, Event};
use crate::extremes::cases;

/// An error of the user's: its number, or one of ours.
#[derive(Clone, Debug, PartialEq)]
enum Fault {
    Own(u32),
    Resil(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Resil(error)
    }
}

type Out = Outcome<u32, Fault, Refusal>;

/// What the layers inside end with.
#[derive(Clone, Copy, Debug)]
enum Inside {
    Good(u32),
    /// An error of the body.
    Bad(u32),
    /// A refusal that a layer above has looked at, so that it is the user's error already.
    Exposed,
    /// One that none has looked at.
    Refused,
}

impl Inside {
    fn out(self) -> Out {
        let refusal = Refusal::BulkheadFull {
            name: &"fallback.model",
            limit: 1,
        };
        match self {
            Self::Good(value) => Ok(value),
            Self::Bad(number) => Err(Failure::Body(Fault::Own(number))),
            Self::Exposed => Err(Failure::Exposed(
                Fault::Resil(refusal.into_error()),
                RefusalKind::BulkheadFull,
            )),
            Self::Refused => Err(Failure::Policy(refusal)),
        }
    }

    /// Whether patterns that name odd numbers, and all of ours or none, are for it.
    fn is_meant(self, ours: bool) -> bool {
        match self {
            Self::Good(_) => false,
            Self::Bad(number) => number % 2 == 1,
            Self::Exposed | Self::Refused => ours,
        }
    }
}

fn applies(error: &Fault, ours: bool) -> bool {
    match error {
        Fault::Own(number) => number % 2 == 1,
        Fault::Resil(_) => ours,
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A call of a function with `last_ok`.
    Call {
        key: u8,
        inside: Inside,
    },
    /// One of a function with an expression.
    Instead {
        inside: Inside,
    },
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let inside = || {
        prop_oneof![
            5 => any::<u32>().prop_map(Inside::Good),
            4 => (0_u32..9).prop_map(Inside::Bad),
            1 => Just(Inside::Exposed),
            1 => Just(Inside::Refused),
        ]
    };
    prop_oneof![
        8 => (0_u8..6, inside()).prop_map(|(key, inside)| Op::Call { key, inside }),
        2 => inside().prop_map(|inside| Op::Instead { inside }),
        3 => prop_oneof![0_u64..5, 0_u64..60].prop_map(Op::Pass),
    ]
}

/// The good values that are kept, the oldest first: key, value, and when it came in milliseconds.
#[derive(Default)]
struct Kept(Vec<(u8, u32, u64)>);

impl Kept {
    fn keep(&mut self, key: u8, value: u32, now: u64, most: usize) {
        let had = self.0.iter().position(|kept| kept.0 == key);
        if let Some(had) = had {
            self.0.remove(had);
        } else if self.0.len() == most {
            self.0.remove(0);
        }
        self.0.push((key, value, now));
    }

    fn get(&self, key: u8, now: u64, max_age: Option<u64>) -> Option<u32> {
        let (_, value, at) = self.0.iter().find(|kept| kept.0 == key)?;
        let is_fresh = max_age.is_none_or(|most| now - at <= most);
        is_fresh.then_some(*value)
    }
}

fn text(_: &Fault) -> ErrorText<'_> {
    ErrorText::Nothing
}

/// What comes out, in a form that can be compared.
fn shown(out: &Out) -> String {
    format!("{out:?}")
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: cases().cases.div_ceil(10), ..cases() })]

    #[test]
    fn the_fallback_does_what_the_model_does(
        ours in any::<bool>(),
        max_age in prop::option::of(1_u64..50),
        most in 1_u32..6,
        ops in prop::collection::vec(op(), 1..60),
    ) {
        static AT: Site = Site::new("fallback.model", 1);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let _entered = runtime.enter();
        let told = Arc::new(Mutex::new(0));
        let sink = Arc::clone(&told);
        let _listening = event::subscribe(move |e| {
            if matches!(e, Event::FellBack { function: "fallback.model", .. }) {
                *sink.lock().unwrap() += 1;
            }
        });
        let mut policy = LastOkPolicy::new().max_keys(most);
        if let Some(most) = max_age {
            policy = policy.max_age(Duration::from_millis(most));
        }
        let (site, caller) = (LastOkSite::new(&AT), (&AT, None));
        let (mut kept, mut now, mut fell) = (Kept::default(), 0_u64, 0);
        for op in ops {
            match op {
                Op::Call { key, inside } => {
                    let of = last_ok::<Result<u32, Fault>, _, _>();
                    let text_key = LastOkKey::of(&key);
                    let asked = Cell::new(0);
                    let meant = |error: &Fault| {
                        asked.set(asked.get() + 1);
                        applies(error, ours)
                    };
                    let out = site.last_ok((&policy, Some(&text_key)), inside.out(), &of, caller, meant, text);
                    // A refusal that nobody has looked at is for every fallback: patterns expose it first.
                    let is_meant = inside.is_meant(ours) || matches!(inside, Inside::Refused);
                    let wanted = match inside {
                        Inside::Good(value) => {
                            kept.keep(key, value, now, most as usize);
                            Ok(value)
                        }
                        _ => match kept.get(key, now, max_age).filter(|_| is_meant) {
                            Some(value) => {
                                fell += 1;
                                Ok(value)
                            }
                            None => inside.out(),
                        },
                    };
                    prop_assert_eq!(shown(&out), shown(&wanted));
                    prop_assert!(asked.get() <= 1);
                }
                Op::Instead { inside } => {
                    let of: Conversions<Result<u32, Fault>, _, _, _> = conversions();
                    let out = fall_back(inside.out(), of, caller, |error| applies(error, ours), text);
                    let is_meant = inside.is_meant(ours);
                    fell += u32::from(is_meant);
                    match (inside, out) {
                        (Inside::Good(value), ControlFlow::Break(Ok(out))) => prop_assert_eq!(out, value),
                        (Inside::Bad(number), ControlFlow::Continue(error)) => {
                            prop_assert!(is_meant);
                            prop_assert_eq!(error, Fault::Own(number));
                        }
                        (Inside::Bad(number), ControlFlow::Break(Err(Failure::Body(error)))) => {
                            prop_assert!(!is_meant);
                            prop_assert_eq!(error, Fault::Own(number));
                        }
                        (_, ControlFlow::Continue(Fault::Resil(Error::BulkheadFull { .. }))) => {
                            prop_assert!(is_meant);
                        }
                        // It keeps its kind for the layers above.
                        (_, ControlFlow::Break(Err(Failure::Exposed(_, kind)))) => {
                            prop_assert!(!is_meant && kind == RefusalKind::BulkheadFull);
                        }
                        (inside, out) => prop_assert!(false, "{:?}: {:?}", inside, out),
                    }
                }
                Op::Pass(time) => {
                    runtime.block_on(advance(Duration::from_millis(time)));
                    now += time;
                }
            }
            prop_assert_eq!(*told.lock().unwrap(), fell);
        }
    }
}
