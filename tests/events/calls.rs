//! All events of a call have one id.

use resil::event::Event;
use resil::{bulkhead, circuit, fallback, hedge, idempotent, rate_limit, retry, timeout};

use super::{Heard, alone};
use crate::support::{Fault, Record, ms, poll_once};

#[tokio::test(start_paused = true)]
async fn all_events_of_a_retry_bear_one_id_and_another_call_another() {
    let _alone = alone().await;
    #[retry(max = 3, base = 1ms)]
    async fn f(r: &Record) -> Result<(), Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let heard = Heard::new();
    let _ = f(&Record::new()).await;
    let _ = f(&Record::new()).await;
    let (kinds, calls) = heard.kinds();
    assert_eq!(
        kinds,
        [
            "Retry",
            "Retry",
            "RetryStopped",
            "Retry",
            "Retry",
            "RetryStopped"
        ]
    );
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].is_some() && calls[0] != calls[1]);
}

#[tokio::test(start_paused = true)]
async fn of_two_at_once_each_keeps_its_own() {
    let _alone = alone().await;
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn f() -> Result<(), Fault> {
        Err(Fault::Final)
    }
    let heard = Heard::new();
    let _ = tokio::join!(f(), f(), f());
    let all = heard.all();
    let mut calls: Vec<_> = all.iter().filter_map(Event::call).collect();
    let in_turn = calls.clone();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!((all.len(), calls.len()), (9, 3));
    assert_ne!(in_turn[0], in_turn[1], "they take turns");
}

#[tokio::test(start_paused = true)]
async fn timeouts_inside_and_around_a_retry() {
    let _alone = alone().await;
    #[timeout(5s)]
    #[retry(constant, max = 5, base = 1s, jitter = none)]
    #[timeout(1500ms)]
    async fn f() -> Result<(), Fault> {
        std::future::pending().await
    }
    let heard = Heard::new();
    let _ = f().await;
    let (kinds, calls) = heard.kinds();
    // 1.5 s, a wait of 1 s, 1.5 s: the next attempt could begin at 5 s.
    assert_eq!(kinds, ["TimedOut", "Retry", "TimedOut", "RetryStopped"]);
    assert_eq!(calls.len(), 1, "{:?}", heard.all());
}

#[tokio::test(start_paused = true)]
async fn the_timeout_around_and_what_it_cancels() {
    let _alone = alone().await;
    #[timeout(1s)]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        if r.attempt() == 1 {
            return Err(Fault::Final);
        }
        std::future::pending().await
    }
    let heard = Heard::new();
    let _ = f(&Record::new()).await;
    let (kinds, calls) = heard.kinds();
    assert_eq!(kinds, ["Retry", "RetryStopped", "TimedOut"]);
    assert_eq!(calls.len(), 1, "{:?}", heard.all());
}

#[tokio::test(start_paused = true)]
async fn through_the_whole_stack() {
    let _alone = alone().await;
    #[idempotent(name = "told.stack", key = key)]
    #[circuit(name = "told.stack", failures = 1)]
    #[timeout(10s)]
    #[retry(max = 2, base = 1ms)]
    #[timeout(1s)]
    async fn f(key: u32) -> Result<(), Fault> {
        std::future::pending().await
    }
    let heard = Heard::new();
    let _ = f(1).await;
    let (kinds, calls) = heard.kinds();
    assert_eq!(
        kinds,
        [
            "TimedOut",
            "Retry",
            "TimedOut",
            "RetryStopped",
            "CircuitChanged",
            "Idempotency"
        ],
        "the last: an attempt was cut under the claim"
    );
    assert_eq!(calls.len(), 1, "{:?}", heard.all());

    let heard = Heard::new();
    let _ = f(2).await;
    let (kinds, calls) = heard.kinds();
    assert_eq!(kinds, ["CircuitRefused", "Idempotency"]);
    assert_eq!(calls.len(), 1, "{:?}", heard.all());
    assert!(calls[0].is_some());
}

/// Copies, refusals of each layer and the fallback: all of one call.
#[tokio::test(start_paused = true)]
async fn through_the_stack_of_eight() {
    let _alone = alone().await;
    #[fallback(0)]
    #[idempotent(name = "told.eight", key = key)]
    #[rate_limit(name = "told.eight", max = 2, per = 1h)]
    #[circuit(name = "told.eight", failures = 9)]
    #[bulkhead(name = "told.eight", max = 1)]
    #[timeout(10s)]
    #[hedge(after = 10ms, budget = off)]
    #[timeout(1s)]
    async fn f(key: u32) -> Result<u32, Fault> {
        std::future::pending().await
    }
    let expect = async |key, expected: &[&str]| {
        let heard = Heard::new();
        assert_eq!(f(key).await, Ok(0));
        let (kinds, calls) = heard.kinds();
        assert_eq!(kinds, expected);
        assert_eq!(calls.len(), 1, "{:?}", heard.all());
        assert!(calls[0].is_some());
    };
    expect(
        1,
        &["Hedged", "TimedOut", "TimedOut", "Idempotency", "FellBack"],
    )
    .await;
    let place = resil::bulkhead("told.eight").try_acquire().unwrap();
    expect(2, &["BulkheadRefused", "Idempotency", "FellBack"]).await;
    drop(place);
    expect(3, &["RateLimited", "Idempotency", "FellBack"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_refusals_is_one_call() {
    let _alone = alone().await;
    #[retry(max = 2, base = 1ms, on(Fault::Resil(_)))]
    #[circuit(name = "told.retried", key = "k")]
    async fn f() -> Result<(), Fault> {
        Ok(())
    }
    resil::breaker("told.retried").key("k").force_open();
    let heard = Heard::new();
    let _ = f().await;
    let (kinds, calls) = heard.kinds();
    assert_eq!(
        kinds,
        ["CircuitRefused", "Retry", "CircuitRefused", "RetryStopped"]
    );
    assert_eq!(calls.len(), 1, "{:?}", heard.all());
}

#[tokio::test(start_paused = true)]
async fn an_inner_function_is_a_call_of_its_own() {
    let _alone = alone().await;
    #[retry(max = 2, base = 1ms)]
    async fn inner() -> Result<(), Fault> {
        Err(Fault::Final)
    }
    #[retry(max = 2, base = 1ms)]
    async fn outer() -> Result<(), Fault> {
        inner().await
    }
    let heard = Heard::new();
    let _ = outer().await;
    let all = heard.all();
    let of = |name: &str| {
        let mut calls: Vec<_> = all
            .iter()
            .filter(|e| format!("{e:?}").contains(&format!("function: \"events::calls::{name}\"")))
            .map(Event::call)
            .collect();
        calls.dedup();
        calls
    };
    assert_eq!(of("outer").len(), 1, "{all:#?}");
    // Two attempts of the outer one are two calls of the inner.
    assert_eq!(of("inner").len(), 2, "{all:#?}");
    assert!(!of("inner").contains(&of("outer")[0]));
}

#[tokio::test(start_paused = true)]
async fn what_no_call_did_bears_none() {
    let _alone = alone().await;
    let breaker = resil::breaker("told.by_hand");
    let heard = Heard::new();
    breaker.force_open();
    assert!(breaker.try_acquire().is_err());
    let (kinds, calls) = heard.kinds();
    assert_eq!(
        (kinds.as_slice(), calls.as_slice()),
        (
            &["CircuitChanged".to_owned(), "CircuitRefused".to_owned()][..],
            &[None][..]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_moves_between_threads_and_is_dropped_keeps_its_id() {
    let _alone = alone().await;
    #[circuit(name = "told.moves")]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn f() -> Result<(), Fault> {
        Err(Fault::Final)
    }
    let heard = Heard::new();
    let mut call = Box::pin(f());
    assert!(poll_once(call.as_mut()).await.is_pending());
    tokio::time::sleep(ms(50)).await;
    std::thread::spawn(move || drop(call)).join().unwrap();
    let (kinds, calls) = heard.kinds();
    assert_eq!(kinds, ["Retry", "RetryStopped"]);
    assert_eq!(calls.len(), 1);
}

#[test]
fn ids_are_told_apart_and_shown() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let _alone = alone().await;
        #[timeout(1s)]
        async fn f() -> Result<(), Fault> {
            std::future::pending().await
        }
        let heard = Heard::new();
        for _ in 0..100 {
            let _ = f().await;
        }
        let mut ids: Vec<_> = heard.all().iter().filter_map(Event::call).collect();
        let text = ids[0].to_string();
        assert_eq!(
            (text.len(), u64::from_str_radix(&text, 16)),
            (16, Ok(ids[0].as_u64()))
        );
        ids.dedup();
        assert_eq!(ids.len(), 100);
    });
}

#[tokio::test(start_paused = true)]
async fn what_a_listener_does_about_a_change_is_no_calls() {
    let _alone = alone().await;
    #[circuit(name = "told.listener", failures = 1)]
    async fn f() -> Result<(), Fault> {
        Err(Fault::Final)
    }
    let heard = Heard::new();
    let _by_hand = resil::event::subscribe(|e| {
        if let Event::CircuitChanged { name, to, .. } = e
            && *name == "told.listener"
            && *to == resil::CircuitState::Open
        {
            resil::breaker("told.listener").force_close();
        }
    });
    let _ = f().await;
    let calls: Vec<_> = heard.all().iter().map(Event::call).collect();
    assert_eq!(calls.len(), 2, "{:?}", heard.all());
    assert_eq!(calls.iter().filter(|c| c.is_some()).count(), 1, "{calls:?}");
}

/// No lock is held while listeners run: one that looks at everything and calls the function itself, from
/// each event of the four policies, is no deadlock.
#[tokio::test(start_paused = true)]
async fn d14_a_listener_of_the_four_may_look_at_everything_and_call_the_function() {
    let _alone = alone().await;
    #[fallback(0)]
    #[rate_limit(name = "d14.four", max = 3, per = 1h)]
    #[bulkhead(name = "d14.four", max = 1)]
    #[hedge(after = 10ms, budget = off)]
    async fn f(slow: bool) -> Result<u32, Fault> {
        if slow {
            tokio::time::sleep(ms(20)).await;
        }
        Ok(1)
    }
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = std::sync::Arc::clone(&seen);
    let acts = std::sync::atomic::AtomicBool::new(false);
    let _listening = resil::event::subscribe(move |e| {
        let kind = match e {
            Event::Hedged { .. } => "hedged",
            Event::HedgeWon { .. } => "won",
            Event::BulkheadRefused { .. } => "full",
            Event::BulkheadLimitChanged { .. } => "changed",
            Event::RateLimited { .. } => "limited",
            Event::FellBack { .. } => "fell",
            _ => return,
        };
        sink.lock().unwrap().push(kind);
        // What it does itself is told, too.
        if acts.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return;
        }
        let all = resil::registry();
        let (places, rates) = (all.bulkheads(), all.rate_limits());
        assert!(places.iter().any(|b| b.name == "d14.four"));
        assert!(rates.iter().any(|r| r.name == "d14.four"));
        drop(resil::bulkhead("d14.four").try_acquire());
        let _ = resil::rate_limit("d14.four").try_acquire(9);
        let mut call = std::pin::pin!(f(false));
        let _ = call
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        acts.store(false, std::sync::atomic::Ordering::SeqCst);
    });
    assert_eq!(f(true).await, Ok(1));
    let place = resil::bulkhead("d14.four").try_acquire().unwrap();
    assert_eq!(f(false).await, Ok(0));
    resil::bulkhead("d14.four").set_limit(2);
    drop(place);
    for _ in 0..4 {
        let _ = f(false).await;
    }
    let seen = seen.lock().unwrap().clone();
    for kind in ["hedged", "won", "full", "changed", "limited", "fell"] {
        assert!(seen.contains(&kind), "{kind}: {seen:?}");
    }
}
