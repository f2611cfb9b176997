//! `on_outage`: what happens while the store is away, and that it is told.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::event::{self, Event};
use resil::limits::store::{
    BoxFuture, LimitKey, LimitState, StoreErrorKind, StoreResult, TakeAnswer, TakeRequest,
};
use resil::limits::{LimitStore, SharedLimits};
use resil::{Deadline, Error, rate_limit};
use tokio::time::{Instant, advance, sleep};

use super::switched::{Host, Mode, SECOND, Switched, retry_after};

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_so_is_its_end() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let _listening = event::subscribe(move |event| match event {
        Event::RateLimitStoreAway { store, error, .. } if store == "told-once" => {
            hears.lock().unwrap().push(error.clone());
        }
        Event::RateLimitStoreBack { store, after, .. } if store == "told-once" => {
            hears.lock().unwrap().push(format!("back after {after:?}"));
        }
        _ => {}
    });
    struct Named(Switched);
    impl LimitStore for Named {
        fn describe(&self) -> &'static str {
            "told-once"
        }
        fn take<'a>(
            &'a self,
            key: &'a LimitKey,
            request: &'a TakeRequest,
        ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
            self.0.take(key, request)
        }
        fn give_back<'a>(
            &'a self,
            key: &'a LimitKey,
            turn: LimitState,
            price: u64,
        ) -> BoxFuture<'a, StoreResult<bool>> {
            self.0.give_back(key, turn, price)
        }
    }
    let store = Switched::new();
    let host = Host {
        limits: SharedLimits::new(Named(store.clone())),
    };
    store.set(Mode::Broken(StoreErrorKind::Misconfigured));
    for _ in 0..5 {
        assert_eq!(host.open().await, Ok(()));
    }
    assert_eq!(host.limits.outages(), 5);
    store.set(Mode::Well);
    advance(Duration::from_millis(100)).await;
    assert_eq!(host.open().await, Ok(()));
    tokio::task::yield_now().await;
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("switched off"), "{told:?}");
    assert_eq!(told[1], "back after 100ms");
    assert_eq!(
        host.limits.outages(),
        6,
        "the call that had it asked did not wait"
    );
    for _ in 0..3 {
        assert_eq!(host.open().await, Ok(()));
    }
    assert!(host.open().await.is_err(), "it is counted there again");
}

/// What each `on_outage` lets in while the store is away.
#[tokio::test(start_paused = true)]
async fn on_outage_says_what_happens() {
    for mode in [
        Mode::Silent,
        Mode::Broken(StoreErrorKind::Unavailable),
        Mode::Broken(StoreErrorKind::Misconfigured),
        Mode::Broken(StoreErrorKind::Corrupt),
    ] {
        let store = Switched::new();
        let host = Host::over(&store);
        store.set(mode);
        for _ in 0..20 {
            assert_eq!(host.open().await, Ok(()), "{mode:?}");
        }
        for _ in 0..20 {
            let after = retry_after(host.closed().await);
            assert!(
                !after.is_zero() && after <= SECOND * 2,
                "{mode:?}: {after:?}"
            );
        }
        // From a whole burst, by the same numbers.
        sleep(SECOND).await;
        let mut let_in = 0;
        for _ in 0..20 {
            let_in += u32::from(host.call().await.is_ok());
        }
        assert_eq!(let_in, 3, "{mode:?}");
        // A call may wait as on one host.
        sleep(SECOND).await;
        let begun = Instant::now();
        assert_eq!(host.paced().await, Ok(()), "{mode:?}");
        assert_eq!(host.paced().await, Ok(()), "{mode:?}");
        assert!(begun.elapsed() >= Duration::from_millis(99), "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn local_counts_each_key() {
    let store = Switched::new();
    let host = Host::over(&store);
    store.set(Mode::Broken(StoreErrorKind::Unavailable));
    for tenant in ["local-a", "local-b"] {
        assert_eq!(host.keyed(tenant, 2).await, Ok(()));
        assert!(host.keyed(tenant, 1).await.is_err());
    }
}

/// A call waits for the answer once; then nobody does, and the pauses between the questions grow.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_asked_now_and_then_and_no_call_waits_for_it() {
    let store = Switched::new();
    let host = Host::over(&store);
    store.set(Mode::Silent);
    let begun = Instant::now();
    assert_eq!(host.open().await, Ok(()));
    let took = begun.elapsed();
    assert!(
        (500..=502).contains(&took.as_millis()),
        "the default timeout: {took:?}"
    );
    assert_eq!(store.asked(), 1);
    let begun = Instant::now();
    for _ in 0..1_000 {
        let before = Instant::now();
        assert_eq!(host.open().await, Ok(()));
        assert_eq!(before.elapsed(), Duration::ZERO);
        advance(Duration::from_millis(20)).await;
    }
    assert_eq!(begun.elapsed(), SECOND * 20);
    // After 0.1, 0.2, 0.4, 0.8, 1.6 and 2 s; each question waits for two seconds.
    let asked = store.asked();
    assert!((4..=8).contains(&asked), "{asked}");
    store.set(Mode::Well);
    for _ in 0..250 {
        advance(Duration::from_millis(20)).await;
        let _ = host.open().await;
    }
    let counted = host.limits.outages();
    for _ in 0..10 {
        let _ = host.open().await;
    }
    assert_eq!(host.limits.outages(), counted, "it is used again");
}

/// A deadline of the caller's that comes before the answer says nothing of the store.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_comes_first_is_no_outage() {
    let store = Switched::new();
    let host = Host::over(&store);
    store.set(Mode::Slow(200));
    let limit = Deadline::after(Duration::from_millis(50));
    let after = retry_after(limit.scope(host.closed()).await);
    assert!(!after.is_zero());
    store.asked();
    assert_eq!(host.closed().await, Ok(()), "it is asked, and it is well");
    assert_eq!(store.asked(), 1);
}

/// A step that took effect and whose answer was lost takes from the limit: fewer come in, never more.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_lets_fewer_in() {
    let store = Switched::new();
    let host = Host::over(&store);
    store.counts_in_vain.store(true, SeqCst);
    store.set(Mode::Silent);
    assert_eq!(host.keyed("in-vain", 1).await, Ok(()), "counted here");
    store.counts_in_vain.store(false, SeqCst);
    store.set(Mode::Well);
    let other = Host::over(&store);
    assert_eq!(other.keyed("in-vain", 1).await, Ok(()));
    assert!(other.keyed("in-vain", 1).await.is_err(), "a burst of two");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_installed_is_an_outage() {
    #[rate_limit(max = 1, per = 1m, store = "stores.nobody", on_outage = closed)]
    async fn closed() -> Result<(), Error> {
        Ok(())
    }
    #[rate_limit(max = 1, per = 1m, store = "stores.nobody")]
    async fn local() -> Result<(), Error> {
        Ok(())
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let _listening = event::subscribe(move |event| {
        if let Event::RateLimitStoreAway { store, error, .. } = event
            && store == "stores.nobody"
        {
            hears.lock().unwrap().push(error.clone());
        }
    });
    assert!(closed().await.is_err());
    assert_eq!(local().await, Ok(()));
    assert!(local().await.is_err());
    let told = told.lock().unwrap().clone();
    assert!(
        told.len() == 3 && told[0].contains("install_named"),
        "{told:?}"
    );
}

/// The settings of a limit are those of the first function of its name, `on_outage` too.
#[tokio::test(start_paused = true)]
async fn on_outage_is_one_of_the_settings_of_a_name() {
    #[rate_limit(name = "stored.settings", max = 5, per = 1s, store = limits, on_outage = closed)]
    async fn first(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    #[rate_limit(name = "stored.settings", store = limits)]
    async fn with_the_name(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    #[rate_limit(name = "stored.settings", max = 5, per = 1s, store = limits, on_outage = open)]
    async fn otherwise(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    let store = Switched::new();
    let limits = SharedLimits::new(store.clone());
    assert_eq!(first(&limits).await, Ok(()));
    assert_eq!(otherwise(&limits).await, Ok(()));
    let conflicts = resil::registry().conflicts();
    let ours = conflicts.iter().filter(|c| c.name == "stored.settings");
    assert_eq!(ours.count(), 1);
    store.set(Mode::Broken(StoreErrorKind::Unavailable));
    assert!(with_the_name(&limits).await.is_err());
    assert!(otherwise(&limits).await.is_err());
}

/// Where all callers' deadlines come before the time for an answer, the store is found to be away all the same.
#[tokio::test(start_paused = true)]
async fn an_outage_is_known_though_all_deadlines_come_first() {
    const MS: Duration = Duration::from_millis(1);
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let _listening = event::subscribe(move |event| {
        if let Event::RateLimitStoreAway { error, .. } = event
            && error.contains("within 499ms")
        {
            hears.lock().unwrap().push(error.clone());
        }
    });
    let store = Switched::new();
    let host = Host {
        limits: SharedLimits::new(store.clone()).timeout(MS * 499),
    };
    store.set(Mode::Silent);
    let begun = Instant::now();
    while told.lock().unwrap().is_empty() {
        let before = Instant::now();
        let limit = Deadline::after(MS * 40);
        assert_eq!(limit.scope(host.open()).await, Ok(()));
        assert!(before.elapsed() <= MS * 41);
        assert!(begun.elapsed() < SECOND, "nobody finds out");
    }
    store.asked();
    let before = Instant::now();
    for _ in 0..100 {
        assert_eq!(host.open().await, Ok(()));
    }
    assert_eq!(before.elapsed(), Duration::ZERO, "nobody waits for it");
    store.set(Mode::Well);
    sleep(MS * 100).await;
    assert_eq!(host.open().await, Ok(()));
    sleep(MS).await;
    assert_eq!(store.asked(), 1, "for a sign of life");
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    let counted = host.limits.outages();
    assert_eq!(host.open().await, Ok(()));
    assert_eq!(host.limits.outages(), counted, "it is used again");
}

/// Callers that are dropped learn nothing of the store either.
#[tokio::test(start_paused = true)]
async fn an_outage_is_known_though_all_callers_are_dropped() {
    let (store, dropped) = (Switched::new(), Duration::from_millis(10));
    let host = Host::over(&store);
    store.set(Mode::Silent);
    let mut calls = 0;
    while tokio::time::timeout(dropped, host.open()).await.is_err() {
        calls += 1;
        assert!(calls < 60, "nobody finds out");
    }
    assert!(calls > 40, "it was away too soon: {calls}");
}

/// A store that answers, and is slower than its callers have time, is not away.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_slower_than_all_deadlines_is_not_away() {
    let store = Switched::new();
    let host = Host::over(&store);
    store.set(Mode::Slow(200));
    for _ in 0..30 {
        let limit = Deadline::after(Duration::from_millis(50));
        retry_after(limit.scope(host.closed()).await);
    }
    sleep(SECOND).await;
    assert_eq!(host.closed().await, Ok(()));
}
