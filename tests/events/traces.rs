//! `resil::trace(call).await`: the result, and what became of the call.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use resil::event::StopReason;
use resil::{CallReport, circuit, idempotent, retry, timeout, trace};
use tokio::task::JoinSet;

use super::alone;
use crate::support::{Fault, Record, ms, poll_once};

#[retry(max = 3, base = 100ms, jitter = none, unless(Fault::Final))]
async fn retried(r: &Record, succeed_at: u32, e: fn(u32) -> Fault) -> Result<u32, Fault> {
    let n = r.attempt();
    if n < succeed_at { Err(e(n)) } else { Ok(n) }
}

fn ends(report: &CallReport, with: &str) -> bool {
    report.function.is_some_and(|f| f.ends_with(with))
}

#[tokio::test(start_paused = true)]
async fn a_success_at_first_try_is_one_attempt_of_which_nothing_is_heard() {
    let _alone = alone().await;
    let (out, report) = trace(retried(&Record::new(), 1, Fault::Network)).await;
    assert_eq!(out, Ok(1));
    assert_eq!(report, CallReport::default());
    assert_eq!((report.attempts, report.function), (1, None));
    assert!(!report.replayed && report.stopped.is_none() && report.calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn attempts_and_waits() {
    let _alone = alone().await;
    let r = Record::new();
    let (out, report) = trace(retried(&r, 3, Fault::Network)).await;
    assert_eq!(out, Ok(3));
    assert_eq!((report.attempts, report.waited), (3, ms(300)));
    assert_eq!(report.stopped, None, "a success");
    assert_eq!(
        report.error.as_deref(),
        Some("network, try 2"),
        "of the last that failed"
    );
    assert!(ends(&report, "traces::retried"));
    assert_eq!(report.calls.len(), 1);
    let call = &report.calls[0];
    assert_eq!((call.attempts, call.waited), (3, ms(300)));
}

/// ihrwein/backoff issue 63: did it give up, or was the error a final one?
#[tokio::test(start_paused = true)]
async fn ihrwein_backoff_63_exhausted_is_told_from_final() {
    let _alone = alone().await;
    let (out, report) = trace(retried(&Record::new(), 9, Fault::Network)).await;
    assert_eq!(out, Err(Fault::Network(3)));
    assert_eq!(
        (report.attempts, report.stopped),
        (3, Some(StopReason::Exhausted))
    );
    let (out, report) = trace(retried(&Record::new(), 9, |n| {
        if n == 2 {
            Fault::Final
        } else {
            Fault::Network(n)
        }
    }))
    .await;
    assert_eq!(out, Err(Fault::Final));
    assert_eq!(
        (report.attempts, report.stopped),
        (2, Some(StopReason::Final))
    );
    assert_eq!(
        (report.waited, report.error.as_deref()),
        (ms(100), Some("final"))
    );
}

/// stripe/stripe-ruby issue 905: is this the answer of now, or that of then?
#[tokio::test(start_paused = true)]
async fn stripe_ruby_905_a_replay_is_told_from_a_fresh_answer() {
    let _alone = alone().await;
    #[idempotent(name = "told.905", key = key)]
    #[retry(max = 3, base = 1ms)]
    async fn charge(r: &Record, key: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        if n == 1 {
            Err(Fault::Network(1))
        } else {
            Ok(n)
        }
    }
    let r = Record::new();
    let (out, report) = trace(charge(&r, 1)).await;
    assert_eq!((out, report.replayed, report.attempts), (Ok(2), false, 2));
    let (out, report) = trace(charge(&r, 1)).await;
    assert_eq!((out, report.replayed, report.attempts), (Ok(2), true, 0));
    assert_eq!(report.stopped, None);
    assert_eq!(report.function, Some("told.905"));
    let (_, report) = trace(charge(&r, 2)).await;
    assert!(!report.replayed);
}

#[tokio::test(start_paused = true)]
async fn refusals() {
    let _alone = alone().await;
    #[circuit(name = "told.refuses")]
    #[retry]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    #[idempotent(name = "told.in_progress", key = key, conflict = reject)]
    async fn once(key: u32) -> Result<(), Fault> {
        std::future::pending::<()>().await;
        let _ = key;
        Ok(())
    }
    resil::breaker("told.refuses").force_open();
    let (out, report) = trace(call()).await;
    assert!(out.is_err());
    assert_eq!((report.refusals, report.attempts), (1, 0));
    assert_eq!(report.function, Some("told.refuses"));
    let mut first = Box::pin(once(1));
    assert!(poll_once(first.as_mut()).await.is_pending());
    let (out, report) = trace(once(1)).await;
    assert!(out.is_err());
    assert_eq!(
        (report.refusals, report.attempts, report.replayed),
        (1, 0, false)
    );
    // By hand: no call of a function, and yet a refusal.
    let by_hand = async { resil::breaker("told.refuses").try_acquire().is_err() };
    let (refused, report) = trace(by_hand).await;
    assert!(refused);
    assert_eq!((report.refusals, report.calls.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn timeouts_of_attempts_and_of_the_whole() {
    let _alone = alone().await;
    #[timeout(6s)]
    #[retry(constant, max = 5, base = 1s, jitter = none)]
    #[timeout(1s)]
    async fn f() -> Result<(), Fault> {
        std::future::pending().await
    }
    #[timeout(1s)]
    async fn plain() -> Result<(), Fault> {
        std::future::pending().await
    }
    let (_, report) = trace(f()).await;
    assert_eq!((report.timeouts, report.attempts), (3, 3));
    assert_eq!(report.stopped, Some(StopReason::Deadline));
    assert_eq!(report.waited, Duration::from_secs(2));
    let (_, report) = trace(plain()).await;
    assert_eq!(
        (report.timeouts, report.attempts, report.stopped),
        (1, 1, None)
    );
}

#[retry(max = 2, base = 1ms, jitter = none)]
async fn inner(r: &Record) -> Result<u32, Fault> {
    let n = r.attempt();
    if n % 2 == 1 {
        Err(Fault::Network(n))
    } else {
        Ok(n)
    }
}

#[tokio::test(start_paused = true)]
async fn of_nested_calls_the_fields_are_those_of_the_outer_one() {
    let _alone = alone().await;
    #[retry(max = 5, base = 10ms, jitter = none)]
    async fn twice(r: &Record) -> Result<u32, Fault> {
        let n = inner(r).await?;
        if n < 6 { Err(Fault::Http(500)) } else { Ok(n) }
    }
    let (out, report) = trace(twice(&Record::new())).await;
    assert_eq!(out, Ok(6));
    assert!(ends(&report, "::twice"), "{report:#?}");
    assert_eq!(
        (report.attempts, report.error.as_deref()),
        (3, Some("http 500"))
    );
    // 1 ms in each of the inner ones, 10 and 20 ms in the outer one.
    assert_eq!(report.waited, ms(33));
    let calls: Vec<_> = report
        .calls
        .iter()
        .map(|c| {
            (
                c.function.rsplit("::").next().unwrap(),
                c.attempts,
                c.waited,
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            ("inner", 2, ms(1)),
            ("inner", 2, ms(1)),
            ("inner", 2, ms(1)),
            ("twice", 3, ms(30))
        ]
    );
    assert_eq!(report.left_out, 0);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_trips_changes_nothing_of_what_is_said() {
    let _alone = alone().await;
    #[circuit(name = "told.trips", failures = 1)]
    async fn guarded(r: &Record) -> Result<u32, Fault> {
        retried(r, 9, Fault::Network).await
    }
    let (_, report) = trace(guarded(&Record::new())).await;
    assert_eq!(
        resil::breaker("told.trips").state(),
        resil::CircuitState::Open
    );
    assert_eq!(
        (report.attempts, report.stopped),
        (3, Some(StopReason::Exhausted))
    );
    assert!(ends(&report, "traces::retried"));
}

#[tokio::test(start_paused = true)]
async fn traces_inside_each_other_and_beside_each_other() {
    let _alone = alone().await;
    let (a, b) = (Record::new(), Record::new());
    let both = async {
        let (_, first) = trace(inner(&a)).await;
        let (_, second) = trace(retried(&b, 3, Fault::Network)).await;
        (first, second)
    };
    let ((first, second), all) = trace(both).await;
    assert_eq!((first.attempts, second.attempts), (2, 3));
    assert_eq!(
        (first.calls.len(), second.calls.len(), all.calls.len()),
        (1, 1, 2)
    );
    assert_eq!(all.waited, first.waited + second.waited);

    // Two that take turns on one thread hear each of its own.
    let (a, b) = (Record::new(), Record::new());
    let ((_, first), (_, second)) =
        tokio::join!(trace(inner(&a)), trace(retried(&b, 3, Fault::Network)));
    assert!(ends(&first, "::inner") && ends(&second, "::retried"));
    assert_eq!((first.calls.len(), second.calls.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_bounded() {
    let _alone = alone().await;
    let r = Record::new();
    let many = async {
        for _ in 0..100 {
            inner(&r).await.unwrap();
        }
    };
    let ((), report) = trace(many).await;
    assert_eq!((report.calls.len(), report.left_out), (64, 36));
    assert_eq!((report.attempts, report.waited), (2, ms(100)));
}

#[tokio::test(start_paused = true)]
async fn tasks_are_seen_where_resil_starts_them() {
    let _alone = alone().await;
    let r = Record::new();
    let (_, report) = trace(async {
        let r = r.clone();
        resil::spawn(async move { inner(&r).await }).await.unwrap()
    })
    .await;
    assert_eq!(report.attempts, 2);
    let (_, report) = trace(async {
        let r = r.clone();
        tokio::spawn(async move { inner(&r).await }).await.unwrap()
    })
    .await;
    assert_eq!((report.attempts, report.calls.len()), (1, 0), "not carried");
    let (_, report) = trace(async {
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let r = Record::new();
            tasks.spawn(resil::carry(async move { inner(&r).await }));
        }
        while let Some(out) = tasks.join_next().await {
            out.unwrap().unwrap();
        }
    })
    .await;
    assert_eq!(report.calls.len(), 3);
    // One that outlives its trace tells nobody.
    let (task, report) = trace(async {
        resil::spawn(async {
            tokio::time::sleep(ms(50)).await;
            inner(&Record::new()).await
        })
    })
    .await;
    assert_eq!(task.await.unwrap(), Ok(2));
    assert!(report.calls.is_empty());
}

/// It is polled where the trace is in force already.
#[tokio::test(start_paused = true)]
async fn what_is_carried_and_stays_is_told_once() {
    let _alone = alone().await;
    let (a, b) = (Record::new(), Record::new());
    let both = async {
        let deep = resil::carry(async { resil::carry(inner(&b)).await });
        tokio::join!(resil::carry(inner(&a)), deep)
    };
    let (_, report) = trace(both).await;
    assert_eq!((report.calls.len(), report.waited), (2, ms(2)));
    // Under an inner trace too, which hears what is polled in it.
    let ((_, own), report) =
        trace(async { trace(resil::carry(inner(&Record::new()))).await }).await;
    assert_eq!((own.waited, report.waited), (ms(1), ms(1)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_drop_leave_nothing_behind() {
    let _alone = alone().await;
    #[retry(max = 3, base = 1ms)]
    async fn panics(r: &Record) -> Result<(), Fault> {
        assert!(r.attempt() < 2, "the body's own");
        Err(Fault::Final)
    }
    let r = Record::new();
    let mut traced = Box::pin(trace(panics(&r)));
    let polled = caught(traced.as_mut()).await;
    assert!(polled.is_err());
    drop(traced);
    let mut dropped = Box::pin(trace(retried(&r, 9, Fault::Network)));
    assert!(poll_once(dropped.as_mut()).await.is_pending());
    drop(dropped);
    // What comes after is traced by nobody, and by a new trace alone.
    let (_, report) = trace(async { 7 }).await;
    assert!(report.calls.is_empty());
    let r = Record::new();
    let (_, report) = trace(inner(&r)).await;
    assert_eq!(report.calls.len(), 1);
}

/// The output, or the panic.
async fn caught<F: Future>(
    mut f: std::pin::Pin<&mut F>,
) -> Result<F::Output, Box<dyn std::any::Any + Send>> {
    std::future::poll_fn(|cx| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| f.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Beside `tracing`, of which this is no part.
#[tokio::test(start_paused = true)]
async fn the_name_stands_beside_that_of_tracing() {
    use tracing::trace;
    let _alone = alone().await;
    trace!("an event of tracing's");
    let (seven, _) = trace(async { 7 }).await;
    assert_eq!(seven, 7);
}

#[test]
fn a_traced_call_can_be_sent() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    drop(sent(trace(retried(&Record::new(), 1, Fault::Network))));
    drop(sent(resil::carry(retried(
        &Record::new(),
        1,
        Fault::Network,
    ))));
}
