//! Whose permit a call is under: what the body polls, hands out, or starts in a task or on a thread, and
//! how many levels are kept.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_that_is_in_goes_on_though_the_breaker_opens_meanwhile() {
    #[circuit(name = "opens-meanwhile", failures = 1, open_for = 1s)]
    async fn outer(r: &Record, by_hand: bool) -> Result<u32, Fault> {
        if by_hand {
            breaker("opens-meanwhile").force_open();
        } else {
            other(r).await.unwrap_err();
        }
        assert!(!matches!(state("opens-meanwhile"), CircuitState::Closed));
        inner(r, Succeed).await
    }
    #[circuit(name = "opens-meanwhile")]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    // Another task: a caller of its own.
    async fn other(r: &Record) -> Result<u32, Fault> {
        let r = r.clone();
        tokio::spawn(async move { inner(&r, Fail).await })
            .await
            .unwrap()
    }
    let r = Record::new();
    assert_eq!(letter(&outer(&r, false).await), '.');
    assert_eq!(
        state("opens-meanwhile"),
        CircuitState::Open,
        "what began before is late"
    );
    breaker("opens-meanwhile").reset();
    assert_eq!(letter(&outer(&r, true).await), '.');
    assert_eq!(state("opens-meanwhile"), CircuitState::ForcedOpen);
    assert_eq!(letter(&inner(&r, Succeed).await), 'X');
}

#[tokio::test(start_paused = true)]
async fn branches_of_the_body_are_under_its_permit_and_tasks_are_not() {
    #[circuit(name = "branches", failures = 10, open_for = 1s)]
    async fn outer(r: &Record, spawn: bool) -> Result<u32, Fault> {
        if spawn {
            let r = r.clone();
            return tokio::spawn(async move { inner(&r, Succeed).await })
                .await
                .unwrap();
        }
        let (a, b) = tokio::join!(inner(r, Slow(20)), inner(r, Slow(10)));
        let all: Vec<_> = [30, 10, 20]
            .into_iter()
            .map(|t| inner(r, Slow(t)))
            .collect();
        for out in futures_util::future::join_all(all).await {
            out?;
        }
        tokio::select! {
            biased;
            out = inner(r, Hang) => return out,
            out = inner(r, Slow(5)) => { out?; }
        }
        a.and(b)
    }
    #[circuit(name = "branches")]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&outer(&r, false).await), '.');
    for _ in 0..10 {
        let _ = inner(&r, Fail).await;
    }
    pass(1_000).await;
    assert_eq!(
        letter(&outer(&r, true).await),
        'X',
        "the place is taken, by this very call"
    );
    // To `outer`, whose error type says nothing of it, the refusal is an error as any.
    pass(2_000).await;
    assert_eq!(letter(&outer(&r, false).await), '.');
    assert_eq!(state("branches"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn other_futures_on_the_same_thread_are_not_under_it() {
    #[circuit(name = "beside", failures = 1, open_for = 1s)]
    async fn probed(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    let r = Record::new();
    let _ = probed(r.clone(), Fail).await;
    pass(1_000).await;
    let mut first = pin!(probed(r.clone(), Slow(100)));
    assert!(poll_once(first.as_mut()).await.is_pending());
    // In the same task, between two polls of the probe; and in another task of this thread.
    assert_eq!(letter(&probed(r.clone(), Succeed).await), 'X');
    let other = tokio::spawn(probed(r.clone(), Succeed));
    assert_eq!(letter(&other.await.unwrap()), 'X');
    assert_eq!(letter(&first.await), '.');
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_handed_out_of_the_body_is_nothing_of_its_own() {
    #[circuit(name = "handed-out", failures = 1, open_for = 1s)]
    async fn outer(r: Record, out: tokio::sync::oneshot::Sender<Call>) -> Result<u32, Fault> {
        let mut call: Call = Box::pin(inner(r, Slow(100)));
        assert!(poll_once(call.as_mut()).await.is_pending());
        let _ = out.send(call);
        Ok(0)
    }
    #[circuit(name = "handed-out")]
    async fn inner(r: Record, what: Do) -> Result<u32, Fault> {
        let seen = act(&r, what).await?;
        // Polled by another task: no longer under the permit of the first.
        nested(r, Fail).await.map(|n| n + seen)
    }
    #[circuit(name = "handed-out")]
    async fn nested(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    type Call = std::pin::Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send>>;
    let r = Record::new();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    assert_eq!(letter(&outer(r.clone(), sender).await), '.');
    let call = receiver.await.unwrap();
    assert_eq!(letter(&tokio::spawn(call).await.unwrap()), 'F');
    assert_eq!(
        state("handed-out"),
        CircuitState::Open,
        "by the call of `nested`"
    );
}

#[tokio::test(start_paused = true)]
async fn more_levels_than_are_kept_flat() {
    #[circuit(name = "deep", key = left, failures = 1, open_for = 1s)]
    async fn walk(r: &Record, left: u32, turn: u32, what: Do) -> Result<u32, Fault> {
        if left > 0 {
            return Box::pin(walk(r, left - 1, turn, what)).await;
        }
        if turn > 0 {
            // And once more through all: each is inside itself.
            return Box::pin(walk(r, 40, turn - 1, what)).await;
        }
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&walk(&r, 40, 0, Fail).await), 'F');
    for key in 0..=40 {
        assert_eq!(
            breaker("deep").key(key).state(),
            CircuitState::Open,
            "{key}"
        );
    }
    pass(1_000).await;
    assert_eq!(letter(&walk(&r, 40, 3, Succeed).await), '.');
    for key in 0..=40 {
        assert_eq!(
            breaker("deep").key(key).state(),
            CircuitState::Closed,
            "{key}"
        );
    }
    assert_eq!(letter(&walk(&r, 40, 2, Fail).await), 'F');
    for key in 0..=40 {
        assert_eq!(
            breaker("deep").key(key).state(),
            CircuitState::Open,
            "{key}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn keys_past_the_bound_share_a_breaker_which_is_then_inside_itself() {
    #[circuit(name = "overflow-inside", key = key, max_keys = 1, failures = 1, open_for = 1s)]
    async fn keyed(r: &Record, key: u32, next: Option<u32>, what: Do) -> Result<u32, Fault> {
        match next {
            Some(next) => Box::pin(keyed(r, next, None, what)).await,
            None => act(r, what).await,
        }
    }
    let r = Record::new();
    let mut first = pin!(keyed(&r, 1, None, Hang));
    assert!(poll_once(first.as_mut()).await.is_pending());
    assert_eq!(letter(&keyed(&r, 2, Some(3), Fail).await), 'F');
    assert_eq!(letter(&keyed(&r, 4, None, Succeed).await), 'X');
    pass(1_000).await;
    assert_eq!(letter(&keyed(&r, 2, Some(3), Succeed).await), '.');
    assert_eq!(letter(&keyed(&r, 4, None, Succeed).await), '.');
}

#[tokio::test(start_paused = true)]
async fn an_event_tells_of_it_once_for_each_pair() {
    #[circuit(name = "told-once", failures = 1)]
    async fn outer(r: &Record) -> Result<u32, Fault> {
        let _by_hand = breaker("told-once").try_acquire();
        inner(r).await?;
        inner(r).await
    }
    #[circuit(name = "told-once")]
    async fn another(r: &Record) -> Result<u32, Fault> {
        inner(r).await
    }
    #[circuit(name = "told-once")]
    async fn inner(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    // Told to nobody, and not lost by that.
    let _ = outer(&r).await;
    let events = Events::of("told-once");
    for _ in 0..3 {
        let _ = (outer(&r).await, another(&r).await, inner(&r).await);
    }
    let told: Vec<_> = events
        .all()
        .into_iter()
        .map(|e| match e {
            Event::CircuitReentered {
                function, outer, ..
            } => (end_of(function), end_of(outer)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            ("(by hand)", "outer"),
            ("inner", "outer"),
            ("inner", "another")
        ]
    );

    fn end_of(path: &'static str) -> &'static str {
        let path = path.rsplit("::").next().unwrap_or(path);
        path.split(':').next().unwrap_or(path)
    }
}

#[tokio::test(start_paused = true)]
async fn by_hand_inside_and_around() {
    #[circuit(name = "by-hand-inside", failures = 1, open_for = 1s)]
    async fn guarded(r: &Record, what: Do) -> Result<u32, Fault> {
        let permit = breaker("by-hand-inside").try_acquire()?;
        let out = permit.scope(act(r, what)).await;
        // What is said of it counts with the function's own outcome, which is another.
        permit.failure();
        out
    }
    let r = Record::new();
    assert_eq!(play!(guarded(&r), Succeed, Fail, Succeed), ".FX");
    pass(1_000).await;
    let permit = breaker("by-hand-inside").try_acquire().unwrap();
    assert_eq!(
        play!(guarded(&r), Succeed),
        "X",
        "out of its scope it is another call"
    );
    assert_eq!(letter(&permit.scope(guarded(&r, Succeed)).await), '.');
    permit.sync_scope(|| assert!(breaker("by-hand-inside").try_acquire().is_ok()));
    assert_eq!(state("by-hand-inside"), CircuitState::HalfOpen);
    permit.success();
    assert_eq!(state("by-hand-inside"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_an_outcome_is_under_the_permit_too() {
    #[circuit(name = "asked", failures = 1, open_for = 1s, ignore(Fault::Http(n) if asks(*n)))]
    #[retry(max = 2, base = 1ms, unless(Fault::Http(n) if asks(*n)))]
    async fn guarded(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    /// Whoever asks is let in.
    fn asks(_: u16) -> bool {
        let call = breaker("asked").try_acquire();
        assert!(call.is_ok());
        false
    }
    let r = Record::new();
    assert_eq!(play!(guarded(&r), Http(500), Succeed), "FX");
    pass(1_000).await;
    assert_eq!(play!(guarded(&r), Http(500)), "F");
    assert_eq!(state("asked"), CircuitState::Open);
    assert_eq!(r.count(), 4);
}

#[test]
fn on_many_threads_no_level_is_left_behind() {
    #[circuit(name = "many-threads", failures = 1)]
    async fn outer(r: Record, panics: bool) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        let out = inner(r.clone(), Succeed).await;
        tokio::task::yield_now().await;
        assert!(!panics, "the body's own");
        out
    }
    #[circuit(name = "many-threads")]
    async fn inner(r: Record, what: Do) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        act(&r, what).await
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    breaker("many-threads").disable();
    runtime.block_on(async {
        let r = Record::new();
        let calls: Vec<_> = (0..2_000)
            .map(|n| tokio::spawn(outer(r.clone(), n % 7 == 0)))
            .collect();
        for call in calls {
            let _ = call.await;
        }
        // No thread is under a permit that is gone: held open, it refuses each of many.
        breaker("many-threads").force_open();
        let calls: Vec<_> = (0..200)
            .map(|_| tokio::spawn(inner(r.clone(), Succeed)))
            .collect();
        for call in calls {
            assert_eq!(letter(&call.await.unwrap()), 'X');
        }
    });
}

#[test]
fn a_body_that_blocks_in_place_is_still_its_call() {
    #[circuit(name = "in-place", failures = 1)]
    async fn outer(r: Record) -> Result<u32, Fault> {
        breaker("in-place").force_open();
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| handle.block_on(inner(r)))
    }
    #[circuit(name = "in-place")]
    async fn inner(r: Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let out = runtime.block_on(async { tokio::spawn(outer(Record::new())).await.unwrap() });
    assert_eq!(letter(&out), '.');
}
