//! What two policies mean together, in both orders: docs/pairs.md is the table of these tests.
//!
//! Pairs of `retry`, `timeout`, `circuit` and `idempotent` are in `orders.rs`.

mod bulkhead;
mod fallback;
mod hedge;
mod rate_limit;

use std::pin::Pin;
use std::task::{Context, Waker};

use super::{Do, Fault};

/// One step of a pair's test.
#[derive(Clone, Copy)]
enum Step {
    /// A call whose body succeeds, fails, or never ends.
    Succeed,
    Fail,
    Hang,
    /// A call whose body never ends, and which goes on while the next steps are made.
    Stay,
    /// The calls that go on are dropped.
    Leave,
    /// So many milliseconds pass, and those calls are polled.
    Wait(u64),
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<u32, Fault>> + 'a>>;

/// Makes a step with `call`, the function under both policies.
async fn step<'a>(held: &mut Vec<Call<'a>>, step: Step, call: impl Fn(Do) -> Call<'a>) {
    let what = match step {
        Step::Succeed => Do::Succeed,
        Step::Fail => Do::Fail,
        Step::Hang => Do::Hang,
        Step::Stay => {
            held.push(call(Do::Hang));
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

/// A function under two policies, and what is traced in each step of its test.
macro_rules! pair {
    (
        #[$($outer:tt)*]
        #[$($inner:tt)*]
        fn $name:ident($t:ident, $k:ident);
        $($key:literal $step:ident $(($ms:literal))? => $trace:literal),+ $(,)?
    ) => {
        mod $name {
            use resil::*;
            use $crate::pairs::{Call, Step, step};
            use $crate::{Do, Fault, Trace};

            #[$($outer)*]
            #[$($inner)*]
            async fn call($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
                $t.body(what).await
            }

            #[tokio::test(start_paused = true)]
            async fn $name() {
                let t = Trace::of(concat!(module_path!(), "::call"));
                let mut held: Vec<Call<'_>> = Vec::new();
                $(
                    step(&mut held, Step::$step $(($ms))?, |what| Box::pin(call(&t, $key, what))).await;
                    assert_eq!(t.take(), $trace, "key {}, {}", $key, stringify!($step $(($ms))?));
                )+
            }
        }
    };
}
pub(crate) use pair;
