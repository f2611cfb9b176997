//! What two policies mean together, in both orders, and in every form that they can be written in:
//! docs/pairs.md is the table of these tests.
//!
//! Pairs of `retry`, `timeout`, `circuit` and `idempotent` are in `orders.rs`.

mod bulkhead;
mod fallback;
mod hedge;
mod rate_limit;

use std::pin::Pin;
use std::task::{Context, Waker};

use super::{Do, Fault, Trace};

/// What the body of a pair's call is to do.
#[derive(Clone, Copy)]
enum Body {
    Just(Do),
    /// Succeeds after 50 ms.
    Slow,
    /// The first one of the step never ends, the others succeed.
    FirstHangs,
}

impl Trace {
    async fn act(&self, what: Body) -> Result<u32, Fault> {
        match what {
            Body::Just(what) => self.body(what).await,
            Body::Slow => {
                self.note("body");
                tokio::time::sleep(super::ms(50)).await;
                self.note("answer");
                Ok(7)
            }
            Body::FirstHangs => {
                let is_first = self.log.lock().unwrap().is_empty();
                let what = if is_first { Do::Hang } else { Do::Succeed };
                self.body(what).await
            }
        }
    }
}

/// One step of a pair's test.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A call whose body succeeds, fails, or never ends.
    Succeed,
    Fail,
    Hang,
    /// A call whose first body never ends, while those of further copies succeed.
    FirstHangs,
    /// Calls that go on while the next steps are made: one whose body never ends, one whose body succeeds after
    /// 50 ms, and one whose body fails.
    Stay,
    Slow,
    FailLater,
    /// The calls that go on are dropped.
    Leave,
    /// So many milliseconds pass, and those calls are polled.
    Wait(u64),
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<u32, Fault>> + 'a>>;

/// Makes a step with `call`, the function under both policies.
async fn step<'a>(held: &mut Vec<Call<'a>>, step: Step, call: impl Fn(Body) -> Call<'a>) {
    let what = match step {
        Step::Succeed => Body::Just(Do::Succeed),
        Step::Fail => Body::Just(Do::Fail),
        Step::Hang => Body::Just(Do::Hang),
        Step::FirstHangs => Body::FirstHangs,
        Step::Stay | Step::Slow | Step::FailLater => {
            held.push(call(match step {
                Step::Slow => Body::Slow,
                Step::FailLater => Body::Just(Do::Fail),
                _ => Body::Just(Do::Hang),
            }));
            return poll(held);
        }
        Step::Leave => return held.clear(),
        Step::Wait(ms) => {
            tokio::time::sleep(super::ms(ms)).await;
            return poll(held);
        }
    };
    let _ = call(what).await;
}

/// Polls all calls that go on; those that end are dropped.
fn poll(held: &mut Vec<Call<'_>>) {
    let mut cx = Context::from_waker(Waker::noop());
    held.retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
}

/// Makes the steps of a test with `call`, and compares what is traced in each.
async fn play(
    t: &Trace,
    steps: &[(u32, Step, &str)],
    call: impl for<'a> Fn(&'a Trace, u32, Body) -> Call<'a>,
) {
    let mut held: Vec<Call<'_>> = Vec::new();
    for (n, (key, what, trace)) in steps.iter().enumerate() {
        step(&mut held, *what, |what| call(t, *key, what)).await;
        assert_eq!(t.take(), *trace, "step {}, key {key}, {what:?}", n + 1);
    }
}

/// A function under two policies, in every form, and what is traced in each step of its test.
macro_rules! pair {
    (
        #[$outer:ident $($with:tt)*]
        #[$inner:ident $($and:tt)*]
        fn $name:ident($t:ident, $k:ident);
        $($key:literal $step:ident $(($ms:literal))? => $trace:literal),+ $(,)?
    ) => {
        mod $name {
            use resil::{$inner, $outer};
            use $crate::pairs::Step;

            const STEPS: &[(u32, Step, &str)] = &[$(($key, Step::$step $(($ms))?, $trace)),+];

            $crate::pairs::form! { as_written($t, $k): #[$outer $($with)*] #[$inner $($and)*] }
            $crate::pairs::form! { qualified_around_instrument($t, $k):
                #[::resil::$outer $($with)*]
                #[tracing::instrument(skip_all)]
                #[resil::$inner $($and)*]
            }
            /// Each under the other's name.
            mod misnamed {
                use super::STEPS;
                use resil::{$inner as $outer, $outer as $inner};

                $crate::pairs::form! { under_one_cfg_attr($t, $k):
                    #[cfg_attr(all(), $inner $($with)*, cfg_attr(any(), no_such_attribute), $outer $($and)*)]
                }
            }
        }
    };
}
pub(crate) use pair;

/// One form of a pair, and its test.
macro_rules! form {
    ($form:ident($t:ident, $k:ident): $(#[$($attribute:tt)*])+) => {
        mod $form {
            use super::*;
            use $crate::pairs::Body;
            use $crate::{Fault, Trace};

            $(#[$($attribute)*])+
            async fn call($t: &Trace, $k: u32, what: Body) -> Result<u32, Fault> {
                $t.act(what).await
            }

            #[tokio::test(start_paused = true)]
            async fn plays() {
                let t = Trace::of(concat!(module_path!(), "::call"));
                $crate::pairs::play(&t, STEPS, |t, k, what| Box::pin(call(t, k, what))).await;
            }
        }
    };
}
pub(crate) use form;
