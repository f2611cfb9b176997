//! Half-open: places, lost probes, growth.

use super::*;

#[tokio::test(start_paused = true)]
async fn d9_a_hundred_concurrent_calls_get_as_many_places_as_there_are_probes() {
    #[circuit(name = "d9", failures = 1, open_for = 1s, probes = 3)]
    async fn probed(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&probed(r.clone(), Fail).await), 'F');
    pass(1_000).await;
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(probed(r.clone(), Slow(500))))
        .collect();
    let mut seen = Vec::new();
    for call in calls {
        let out = call.await.unwrap();
        if let Err(Fault::Resil(Error::CircuitOpen { retry_in, .. })) = &out {
            assert_eq!(*retry_in, None, "all probes are out");
        }
        seen.push(letter(&out));
    }
    let count = |l| seen.iter().filter(|&&s| s == l).count();
    assert_eq!((count('.'), count('X')), (3, 97));
    assert_eq!(r.count(), 1 + 3);
    assert_eq!(state("d9"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_failed_probe_of_three_reopens_and_so_many_successes_close() {
    #[circuit(name = "one-of-three", failures = 1, open_for = 1s, open_max = 1s, probes = 3)]
    async fn three(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(three(&r), Fail, Succeed), "FX");
    pass(1_000).await;
    assert_eq!(play!(three(&r), Succeed, Succeed, Fail, Succeed), "..FX");
    pass(1_000).await;
    assert_eq!(play!(three(&r), Succeed, Succeed), "..");
    assert_eq!(state("one-of-three"), CircuitState::HalfOpen);
    assert_eq!(play!(three(&r), Succeed), ".");
    assert_eq!(state("one-of-three"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn d10_a_dropped_probe_gives_its_place_to_the_next() {
    #[circuit(name = "d10", failures = 1, open_for = 1s)]
    async fn dropped_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(dropped_probe(&r), Fail), "F");
    pass(1_000).await;
    for _ in 0..5 {
        begin_and_drop(dropped_probe(&r, Hang)).await;
        assert_eq!(state("d10"), CircuitState::HalfOpen);
    }
    assert_eq!(play!(dropped_probe(&r), Succeed, Succeed), "..");
    assert_eq!(state("d10"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn d10_a_probe_that_never_comes_back_loses_its_place_open_for_later() {
    #[circuit(name = "d10-lost", failures = 1, open_for = 1s)]
    async fn lost_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(lost_probe(&r), Fail), "F");
    pass(1_000).await;
    let mut lost = Box::pin(lost_probe(&r, Hang));
    assert!(poll_once(lost.as_mut()).await.is_pending());
    advance(ms(999)).await;
    assert_eq!(play!(lost_probe(&r), Succeed), "X");
    advance(ms(1)).await;
    assert_eq!(play!(lost_probe(&r), Succeed), ".");
    assert_eq!(state("d10-lost"), CircuitState::Closed);
    std::mem::forget(lost);
}

/// Each probe is replaced before it is back, as calls take longer than `open_for`.
#[tokio::test(start_paused = true)]
async fn calls_that_take_longer_than_open_for_close_it_or_open_it_again() {
    #[circuit(name = "slower", failures = 1, open_for = 30s, open_max = 30s)]
    async fn slower(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    async fn call_each_second(seconds: u32, what: Do, r: &Record) {
        for _ in 0..seconds {
            drop(tokio::spawn(slower(r.clone(), what)));
            sleep(ms(1_000)).await;
        }
    }
    let r = Record::new();
    assert_eq!(letter(&slower(r.clone(), Fail).await), 'F');
    pass(30_000).await;
    call_each_second(39, SlowFail(40_000), &r).await;
    assert_eq!(state("slower"), CircuitState::HalfOpen);
    call_each_second(2, SlowFail(40_000), &r).await;
    assert_eq!(state("slower"), CircuitState::Open);
    pass(30_000).await;
    call_each_second(39, Slow(40_000), &r).await;
    assert_eq!(state("slower"), CircuitState::HalfOpen);
    call_each_second(2, Slow(40_000), &r).await;
    assert_eq!(state("slower"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn q01_q03_half_open_keeps_to_the_same_patterns() {
    #[circuit(name = "q01", failures = 1, open_for = 1s, open_max = 1s,
              on(Fault::Network(_)), ignore(Fault::Http(404)))]
    async fn patterned(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(patterned(&r), Fail), "F");
    pass(1_000).await;
    // Ignored: the place comes back.
    assert_eq!(play!(patterned(&r), Http(404), Http(404)), "FF");
    assert_eq!(state("q01"), CircuitState::HalfOpen);
    assert_eq!(play!(patterned(&r), Fail, Succeed), "FX");
    pass(1_000).await;
    // Not named by `on`: a success.
    assert_eq!(play!(patterned(&r), Http(500)), "F");
    assert_eq!(state("q01"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_cut_by_its_own_timeout_has_failed() {
    #[timeout(1s)]
    #[circuit(name = "cut-probe", failures = 1, open_for = 10s, open_max = 10s)]
    async fn cut_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(cut_probe(&r), Fail), "F");
    pass(10_000).await;
    assert_eq!(play!(cut_probe(&r), Hang, Succeed), "TX");
    assert_eq!(state("cut-probe"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn each_failed_probe_doubles_the_time_up_to_open_max_and_a_closing_resets_it() {
    #[circuit(name = "growth", failures = 1, open_for = 1s, open_max = 4s)]
    async fn grows(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for opening in [1_000, 2_000, 4_000, 4_000] {
        assert_eq!(play!(grows(&r), Fail), "F");
        advance(ms(opening - 1)).await;
        assert_eq!(play!(grows(&r), Succeed), "X", "{opening}");
        advance(ms(opening / 5 + 1)).await;
    }
    assert_eq!(play!(grows(&r), Succeed, Fail), ".F");
    pass(1_000).await;
    assert_eq!(play!(grows(&r), Succeed), ".");
}

#[tokio::test(start_paused = true)]
async fn d12_a_result_that_outlives_a_change_of_state_is_not_counted() {
    #[circuit(name = "d12", failures = 2, open_for = 1s, open_max = 1s)]
    async fn stale(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let late_ok = stale(&r, Slow(1_500));
    let late_fail = stale(&r, SlowFail(3_000));
    let late_second = stale(&r, SlowFail(3_000));
    let story = async {
        assert_eq!(play!(stale(&r), Fail, Fail, Succeed), "FFX");
        pass(1_000).await;
        let mut probe = pin!(stale(&r, Slow(1_000)));
        assert!(poll_once(probe.as_mut()).await.is_pending());
        sleep(ms(400)).await;
        // The old success came back at 1.5 s: it is no probe's.
        assert_eq!(state("d12"), CircuitState::HalfOpen);
        assert_eq!(letter(&stale(&r, Succeed).await), 'X');
        assert!(probe.await.is_ok());
        assert_eq!(state("d12"), CircuitState::Closed);
        // The old failures come back at 3 s, into another closed period.
        sleep(ms(1_000)).await;
        assert_eq!(state("d12"), CircuitState::Closed);
        assert_eq!(breaker("d12").counts().failures_in_a_row, 0);
    };
    let (ok, fail, second, ()) = tokio::join!(late_ok, late_fail, late_second, story);
    assert_eq!(
        (letter(&ok), letter(&fail), letter(&second)),
        ('.', 'F', 'F')
    );
}

#[tokio::test(start_paused = true)]
async fn d14_a_listener_may_look_at_everything_and_use_the_hand() {
    #[circuit(name = "d14", failures = 1, open_for = 1s)]
    async fn watched(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let changes = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&changes);
    let _listening = resil::event::subscribe(move |e| {
        if let Event::CircuitChanged { name, to, .. } = e
            && *name == "d14"
        {
            let all = registry().snapshot();
            let mine = all.iter().find(|b| b.name == "d14").unwrap();
            assert_eq!((mine.state, breaker("d14").state()), (*to, *to));
            let _ = registry().conflicts();
            seen.fetch_add(1, SeqCst);
            if *to == CircuitState::HalfOpen {
                breaker("d14").force_close();
            }
        }
    });
    let r = Record::new();
    assert_eq!(play!(watched(&r), Fail, Fail), "FX");
    pass(1_000).await;
    assert_eq!(play!(watched(&r), Succeed, Succeed), "..");
    assert_eq!(changes.load(SeqCst), 3, "open, half-open, closed by hand");
    assert_eq!(state("d14"), CircuitState::Closed);
}
