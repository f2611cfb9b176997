//! `run` of a hedge: its copies run beside each other, so that it is no step of a [walk](super::walk).

use std::fmt::Display;
use std::panic::Location;

use super::place::state_of;
use crate::call::{CallState, Failure, Outcome};
use crate::classify;
use crate::error::Refusal;
use crate::hedge::HedgePolicy;
use crate::hedge::future::hedge;
use crate::hedge::verdict::judge;

impl HedgePolicy {
    /// Calls `closure`, and once more for each further copy, and returns the first good answer.
    ///
    /// The copies share the closure, so it may change nothing that it has captured. The budget and the
    /// latencies belong to the place in the source at which `run` is called; events show it as
    /// `src/pay.rs:12:5`. A hedge refuses nothing, so the error needs no `From<resil::Error>`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
    ///
    /// const SLOW: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(50)));
    ///
    /// # async fn get(url: &str) -> std::io::Result<String> { Ok(url.to_owned()) }
    /// # async fn example(url: &str) -> std::io::Result<String> {
    /// SLOW.run(|| get(url)).await
    /// # }
    /// ```
    ///
    /// # Cancellation
    ///
    /// Dropped, the call drops all copies.
    ///
    /// # Panics
    ///
    /// If the first copy is pending outside a tokio runtime with the time driver.
    #[track_caller]
    pub fn run<F, Fut, T, E>(
        &self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Display + 'static,
    {
        let (policy, place) = (*self, Location::caller());
        async move {
            let state = state_of(place);
            #[cfg(feature = "shutdown")]
            let _in_flight = crate::cancel::entered::in_flight(state.site);
            let call = CallState::new();
            #[cfg(feature = "observe")]
            let seen = crate::observe::seen::observe(state.site, &call);
            let copy = || async {
                let attempt = async { closure().await };
                #[cfg(feature = "observe")]
                let attempt = crate::observe::attempt::seen_attempt(&seen, attempt);
                let out: Outcome<T, E, Refusal> = attempt.await.map_err(Failure::Body);
                judge(out, |error| classify::of_value(error))
            };
            let out = hedge(&state.hedge, &policy, &call, copy).await;
            #[cfg(feature = "observe")]
            seen.end(&out);
            match out {
                Ok(value) => Ok(value),
                Err(Failure::Body(error) | Failure::Exposed(error, _)) => Err(error),
                Err(Failure::Policy(_)) => unreachable!("a closure refuses nothing"),
            }
        }
    }
}
