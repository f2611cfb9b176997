//! `#[timeout]`: bounds the layers and the body inside it, and shows them the limit as the ambient
//! deadline.
//!
//! The limit counts from the end of the first poll, so that a body that is ready at once costs no
//! reading of the clock and no timer.
//!
//! A timeout makes no timer either if another one directly around it, of the same stack, fires no
//! later: the outer future owns the inner one, and is polled whenever the inner one is. A timeout
//! of another function promises no such thing, since the future that it polls may belong to a
//! stream or a set of tasks, and outlive it. Under such a timeout the inner one has a timer of its
//! own. Where both are due, the inner one leaves the refusal to the outer one.

mod future;
mod policy;
mod refusal;
mod timer;

pub use self::future::{enclosed_timeout, timeout};
pub use self::policy::TimeoutPolicy;
pub use self::refusal::refuse_late;

#[cfg(not(loom))]
pub(crate) use self::timer::{Elapsed, Timer, wait};

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::Future;
    use std::future::{pending, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;

    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use tokio::runtime::Builder;

    use super::*;
    use crate::call::{Outcome, Site};
    use crate::clock;
    use crate::deadline::Deadline;
    use crate::error::Refusal;
    use crate::extremes::{cases, durations};

    static SITE: Site = Site::new("timeout", 1);

    /// `body` under two limits and a deadline of the caller's.
    async fn stacked(
        (caller, outer, inner): (Duration, Duration, Duration),
        body: impl Future<Output = Outcome<(), (), Refusal>>,
    ) -> Outcome<(), (), Refusal> {
        let inside = async {
            timeout(inner, body)
                .await
                .unwrap_or_else(|elapsed| refuse_late(elapsed, &SITE, inner, None))
        };
        let bounded = async {
            timeout(outer, inside)
                .await
                .unwrap_or_else(|elapsed| refuse_late(elapsed, &SITE, outer, None))
        };
        Deadline::after(caller).scope(bounded).await
    }

    /// Any three limits: what is seen inside is the soonest of them, and nothing outlives it.
    async fn hold(limits: (Duration, Duration, Duration)) {
        const HOUR: Duration = Duration::from_secs(3_600);
        let soonest = limits.0.min(limits.1).min(limits.2);
        let began = clock::now();
        let seen = Cell::new(None);
        let look = poll_fn(|_| {
            seen.set(Deadline::current());
            Poll::Ready(Ok(()))
        });
        assert!(
            stacked(limits, look).await.is_ok(),
            "what is ready is ready"
        );
        let seen = seen.get().expect("a deadline");
        assert_eq!(seen.instant(), clock::add(began, soonest));
        assert!(clock::millis_of(seen.instant()) >= clock::millis_of(began));
        if soonest < HOUR {
            assert!(stacked(limits, pending()).await.is_err());
            // A timer rounds up to the millisecond.
            let took = clock::now().saturating_duration_since(began);
            assert!(soonest <= took && took <= soonest + Duration::from_millis(2));
        } else {
            let mut call = pin!(stacked(limits, pending()));
            let first = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
            assert!(first);
        }
        assert_eq!(Deadline::current(), None);
    }

    #[test]
    fn a_timeout_is_a_timer_and_one_word_larger_than_its_body() {
        let body = async { pending::<()>().await };
        let words = size_of_val(&body).next_multiple_of(align_of::<clock::Sleep>());
        let own = words + size_of::<clock::Sleep>() + size_of::<u64>();
        assert_eq!(size_of_val(&timeout(Duration::ZERO, body)), own);
    }

    #[test]
    fn limits_of_any_length_hold() {
        let runtime = || {
            Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap()
        };
        // A new one now and then: its timers reach two years ahead.
        let kept = RefCell::new((0, runtime()));
        TestRunner::new(cases())
            .run(&(durations(), durations(), durations()), |limits| {
                let mut kept = kept.borrow_mut();
                kept.0 += 1;
                if kept.0 % 1_000 == 0 {
                    kept.1 = runtime();
                }
                kept.1.block_on(hold(limits));
                Ok(())
            })
            .unwrap();
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn instants_are_in_order_with_what_is_added(a in durations(), b in durations()) {
            let now = clock::now();
            let (near, far) = (clock::add(now, a.min(b)), clock::add(now, a.max(b)));
            prop_assert!(now <= near && now < clock::add(now, Duration::MAX));
            prop_assert!(near <= far);
            prop_assert!(clock::millis_of(near) <= clock::millis_of(far));
        }
    }
}
