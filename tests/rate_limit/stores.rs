//! `store` and `on_outage`: calls of several hosts counted in one store, and a store that is away. The
//! store is in memory, behind a switch; `tests/stores/limits` asks the same of servers.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::event::{self, Event};
use resil::limits::store::{
    BoxFuture, LimitKey, LimitState, StoreError, StoreErrorKind, StoreResult, TakeAnswer,
    TakeRequest,
};
use resil::limits::{LimitStore, Memory, SharedLimits, install_named};
use resil::{Deadline, Error, RateLimitPolicy, circuit, rate_limit, retry, timeout};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// How the store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Well,
    /// It answers after so many milliseconds.
    Slow(u64),
    /// It never answers.
    Silent,
    Broken(StoreErrorKind),
}

/// A store in memory behind a switch. Clones share it.
#[derive(Clone)]
struct Switched {
    memory: Memory,
    mode: Arc<Mutex<Mode>>,
    asked: Arc<AtomicU32>,
    given_back: Arc<AtomicU32>,
    /// Whether a step takes effect before it gets no answer.
    counts_in_vain: Arc<AtomicBool>,
}

impl Switched {
    fn new() -> Self {
        Self {
            memory: Memory::new(),
            mode: Arc::new(Mutex::new(Mode::Well)),
            asked: Arc::default(),
            given_back: Arc::default(),
            counts_in_vain: Arc::default(),
        }
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn asked(&self) -> u32 {
        self.asked.swap(0, SeqCst)
    }

    async fn answers(&self) -> StoreResult<()> {
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Well => Ok(()),
            Mode::Slow(ms) => {
                sleep(Duration::from_millis(ms)).await;
                Ok(())
            }
            Mode::Silent => std::future::pending().await,
            Mode::Broken(kind) => Err(StoreError::new("switched", kind, "switched off")),
        }
    }
}

impl LimitStore for Switched {
    fn describe(&self) -> &'static str {
        "switched"
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(async move {
            self.asked.fetch_add(1, SeqCst);
            if self.counts_in_vain.load(SeqCst) {
                self.memory.take(key, request).await?;
            }
            self.answers().await?;
            self.memory.take(key, request).await
        })
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            self.answers().await?;
            self.given_back.fetch_add(1, SeqCst);
            self.memory.give_back(key, turn, price).await
        })
    }
}

/// A host: it shares the store with the others, and knows of its outages by itself.
struct Host {
    limits: SharedLimits,
}

impl Host {
    fn over(store: &Switched) -> Self {
        Self {
            limits: SharedLimits::new(store.clone()),
        }
    }

    #[rate_limit(name = "stored", max = 10, per = 1s, burst = 3, store = self.limits)]
    async fn call(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.open", max = 10, per = 1s, burst = 3, store = self.limits, on_outage = open)]
    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.closed", max = 10, per = 1s, burst = 3, store = self.limits, on_outage = closed)]
    async fn closed(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.paced", max = 10, per = 1s, burst = 1, wait = 500ms, store = self.limits)]
    async fn paced(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.keyed", max = 1, per = 1m, key = tenant, cost = cost, burst = 2, store = self.limits)]
    async fn keyed(&self, tenant: &str, cost: u32) -> Result<(), Error> {
        Ok(())
    }
}

fn retry_after<T: std::fmt::Debug>(out: Result<T, Error>) -> Duration {
    match out {
        Err(Error::RateLimited {
            retry_after: Some(after),
            ..
        }) => after,
        other => panic!("{other:?}"),
    }
}

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

#[cfg(feature = "test-util")]
#[tokio::test(start_paused = true)]
async fn the_store_in_memory_conforms() {
    resil::limits::conformance::check(&Memory::new(), 500).await;
}
