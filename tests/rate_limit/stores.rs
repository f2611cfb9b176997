//! `store`: calls of several hosts counted in one store. The store is in memory, behind a switch;
//! `tests/stores/limits` asks the same of servers.

mod outages;
mod switched;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::event::{self, Event};
use resil::limits::{Memory, SharedLimits, install_named};
use resil::{Deadline, Error, RateLimitPolicy, circuit, rate_limit, retry, timeout};
use tokio::time::{Instant, advance};

use switched::{Host, Mode, SECOND, Switched, retry_after};

#[tokio::test(start_paused = true)]
async fn calls_of_all_hosts_are_counted_together() {
    let store = Switched::new();
    let hosts = [(); 3].map(|()| Host::over(&store));
    for host in &hosts {
        assert_eq!(host.call().await, Ok(()));
    }
    for host in &hosts {
        let after = retry_after(host.call().await);
        assert_eq!(after, Duration::from_millis(100));
    }
    advance(Duration::from_millis(100)).await;
    assert_eq!(hosts[1].call().await, Ok(()));
    assert!(hosts[2].call().await.is_err());
    assert_eq!(store.asked(), 8, "one step a call");
}

#[tokio::test(start_paused = true)]
async fn a_store_is_found_by_its_name() {
    #[rate_limit(max = 1, per = 1m, store = "stores.by-name")]
    async fn by_name() -> Result<(), Error> {
        Ok(())
    }
    let shared = SharedLimits::new(Memory::new());
    install_named("stores.by-name", shared.clone()).expect("the first");
    let again = install_named("stores.by-name", shared).expect_err("the second");
    assert!(again.to_string().contains("installed"), "{again}");
    assert_eq!(by_name().await, Ok(()));
    assert!(by_name().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn each_key_is_counted_by_itself_and_a_call_takes_what_it_weighs() {
    let store = Switched::new();
    let (one, two) = (Host::over(&store), Host::over(&store));
    assert_eq!(one.keyed("a", 2).await, Ok(()));
    assert!(two.keyed("a", 1).await.is_err());
    assert_eq!(two.keyed("b", 1).await, Ok(()));
    assert_eq!(one.keyed("b", 1).await, Ok(()));
    // Longer than what a host tells apart by itself.
    let long = |end: &str| "x".repeat(400) + end;
    assert_eq!(one.keyed(&long("1"), 2).await, Ok(()));
    assert!(two.keyed(&long("1"), 1).await.is_err());
    assert_eq!(two.keyed(&long("2"), 2).await, Ok(()));
    store.asked();
    let never = one.keyed("c", 3).await;
    let Err(Error::RateLimited {
        retry_after: None, ..
    }) = never
    else {
        panic!("{never:?}");
    };
    assert_eq!(one.keyed("a", 0).await, Ok(()));
    assert_eq!(store.asked(), 0, "neither is a question for the store");
}

#[tokio::test(start_paused = true)]
async fn namespaces_keep_applications_apart() {
    let memory = Memory::new();
    let host = |namespace: &str| Host {
        limits: SharedLimits::new(memory.clone()).namespace(namespace),
    };
    let (shop, other) = (host("shop"), host("other"));
    assert_eq!(shop.keyed("a", 2).await, Ok(()));
    assert_eq!(other.keyed("a", 2).await, Ok(()));
    assert!(shop.keyed("a", 2).await.is_err());
}

/// Without a name the limit is that of the function, and of its type.
#[tokio::test(start_paused = true)]
async fn functions_without_a_name_share_nothing() {
    trait Pay {
        #[rate_limit(max = 1, per = 1m, store = limits)]
        async fn pay(&self, limits: &SharedLimits) -> Result<(), Error> {
            Ok(())
        }
    }
    struct Visa;
    struct Master;
    impl Pay for Visa {}
    impl Pay for Master {}
    #[rate_limit(max = 1, per = 1m, store = limits)]
    async fn another(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    let limits = SharedLimits::new(Memory::new());
    assert_eq!(Visa.pay(&limits).await, Ok(()));
    assert_eq!(Master.pay(&limits).await, Ok(()));
    assert_eq!(another(&limits).await, Ok(()));
    assert!(Visa.pay(&limits).await.is_err());
    assert!(Master.pay(&limits).await.is_err());
    assert!(another(&limits).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn turns_of_all_hosts_come_in_order() {
    let store = Switched::new();
    let begun = Instant::now();
    let mut calls = Vec::new();
    for _ in 0..6 {
        let host = Host::over(&store);
        let call = tokio::spawn(async move {
            let out = host.paced().await;
            (out, begun.elapsed().as_millis())
        });
        tokio::task::yield_now().await;
        calls.push(call);
    }
    for (n, call) in calls.into_iter().enumerate() {
        let (out, after) = call.await.expect("no panic");
        assert_eq!(out, Ok(()));
        // tokio's timers may be a millisecond late.
        let turn = 100 * n as u128;
        assert!((turn..=turn + 2).contains(&after), "{n}: {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_can_not_come_in_time_takes_nothing() {
    let store = Switched::new();
    let host = Host::over(&store);
    assert_eq!(host.paced().await, Ok(()));
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let host = Host::over(&store);
            tokio::spawn(async move { host.paced().await })
        })
        .collect();
    tokio::task::yield_now().await;
    for _ in 0..3 {
        let after = retry_after(Host::over(&store).paced().await);
        assert!(after > Duration::from_millis(590), "{after:?}");
    }
    for call in waiting {
        assert_eq!(call.await.expect("no panic"), Ok(()));
    }
    // Nor one at the deadline.
    let limit = Deadline::after(Duration::from_millis(50));
    let begun = Instant::now();
    assert!(limit.scope(host.paced()).await.is_err());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// The answer took its time: by then the turn would come after the deadline.
#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_too_late_after_a_slow_answer_is_given_back() {
    let store = Switched::new();
    let host = Host::over(&store);
    assert_eq!(host.paced().await, Ok(()));
    store.set(Mode::Slow(60));
    let limit = Deadline::after(Duration::from_millis(90));
    assert!(limit.scope(host.paced()).await.is_err());
    host.limits.drain().await;
    assert_eq!(store.given_back.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_gives_its_turn_back_where_it_was_the_last() {
    let store = Switched::new();
    let host = Host::over(&store);
    assert_eq!(host.paced().await, Ok(()));
    let drop_it = async || {
        let dropped = tokio::time::timeout(Duration::from_millis(10), host.paced()).await;
        assert!(dropped.is_err());
        host.limits.drain().await;
    };
    drop_it().await;
    // The turn at 100 ms is free again: as if nobody had waited.
    let begun = Instant::now();
    assert_eq!(host.paced().await, Ok(()));
    assert!(begun.elapsed() <= Duration::from_millis(92), "{begun:?}");
    // With another waiter behind it, of another host, the turn stays empty.
    let other = Host::over(&store);
    let begun = Instant::now();
    let (dropped, second) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(10), host.paced()),
        other.paced()
    );
    assert!(dropped.is_err() && second.is_ok());
    let after = begun.elapsed().as_millis();
    assert!((195..=202).contains(&after), "{after}");
    assert_eq!(store.given_back.load(SeqCst), 2, "each is sent once");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_tells_its_limit_and_its_key() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let _listening = event::subscribe(move |event| {
        if let Event::RateLimited {
            name: "stored.keyed",
            key: Some(key),
            retry_after,
            call,
            ..
        } = event
            && &**key == "told"
        {
            assert!(call.is_some());
            hears.lock().unwrap().push(*retry_after);
        }
    });
    let host = Host::over(&Switched::new());
    assert_eq!(host.keyed("told", 2).await, Ok(()));
    assert_eq!(retry_after(host.keyed("told", 1).await), SECOND * 60);
    assert_eq!(*heard.lock().unwrap(), [Some(SECOND * 60)]);
}

#[tokio::test(start_paused = true)]
async fn the_other_layers_see_it_as_they_see_a_limit_of_one_host() {
    const POLICY: RateLimitPolicy = RateLimitPolicy::new().max(1).per(SECOND);
    #[retry(max = 3)]
    #[rate_limit(name = "stored.below-retry", policy = POLICY, store = limits)]
    async fn retried(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    #[circuit(failures = 1)]
    #[rate_limit(name = "stored.below-circuit", policy = POLICY, store = limits)]
    async fn guarded(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    #[timeout(300ms)]
    #[rate_limit(name = "stored.below-timeout", policy = POLICY, store = limits, wait = 200ms)]
    async fn bounded(limits: &SharedLimits) -> Result<(), Error> {
        Ok(())
    }
    let limits = SharedLimits::new(Memory::new());
    let begun = Instant::now();
    assert_eq!(retried(&limits).await, Ok(()));
    assert_eq!(retried(&limits).await, Ok(()));
    assert!(
        begun.elapsed() >= SECOND,
        "the retry waits as it is asked to"
    );
    assert_eq!(guarded(&limits).await, Ok(()));
    for _ in 0..3 {
        // The circuit stays closed.
        retry_after(guarded(&limits).await);
    }
    assert_eq!(bounded(&limits).await, Ok(()));
    retry_after(bounded(&limits).await);
}

#[cfg(feature = "test-util")]
#[tokio::test(start_paused = true)]
async fn the_store_in_memory_conforms() {
    resil::limits::conformance::check(&Memory::new(), 500).await;
}
