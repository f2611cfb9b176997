//! Seeded runs of a few processes on one store, with a network that loses and delays, processes
//! that stand still or are killed, and a store whose clock jumps. Each run is held to what is
//! promised:
//!
//! * all replays of a key are one result, and it is the one that the store holds;
//! * under `indeterminate`, all starts but one ended in an error of the body itself;
//! * two bodies of one key overlap only where a process stood still or the clock jumped;
//! * where nothing else goes wrong, who stood still has lost its key only to another one's start;
//! * every call ends, and no key of `retry` is stuck.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use super::*;
use resil_runtime::clock::{Instant, now};

const LEASE: Duration = Duration::from_secs(3);

/// One start of a body.
#[derive(Debug, Clone)]
struct Start {
    key: u32,
    from: Instant,
    to: Option<Instant>,
    /// It said itself that nothing was done.
    declined: bool,
}

#[derive(Default)]
struct Log {
    starts: Vec<Start>,
    replies: Vec<(u32, Kept<u64>)>,
}

type Shelf = Arc<Mutex<Log>>;

/// A process: what is between it and the store.
#[derive(Clone)]
struct Process {
    shared: Shared,
    pause: Arc<[(Instant, Instant)]>,
    killed: Option<Instant>,
}

/// Ends the body's interval, however it goes.
struct Interval(Shelf, usize);

impl Drop for Interval {
    fn drop(&mut self) {
        self.0.lock().unwrap().starts[self.1].to = Some(now());
    }
}

async fn body(log: Shelf, key: u32, takes: Duration, ends: u8) -> Kept<u64> {
    let at = {
        let mut log = log.lock().unwrap();
        log.starts.push(Start {
            key,
            from: now(),
            to: None,
            declined: false,
        });
        log.starts.len() - 1
    };
    let interval = Interval(Arc::clone(&log), at);
    sleep(takes).await;
    drop(interval);
    match ends {
        0 => {
            log.lock().unwrap().starts[at].declined = true;
            Err(Declined::Card(1))
        }
        _ => Ok(at as u64),
    }
}

/// Polls `future` only while the process runs; gone when it is killed.
async fn in_process<F: Future>(process: Process, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut timer = Box::pin(clock::sleep_until(now()));
    std::future::poll_fn(move |cx| {
        loop {
            let at = now();
            if process.killed.is_some_and(|k| k <= at) {
                return Poll::Ready(None);
            }
            let paused = process.pause.iter().find(|(a, b)| *a <= at && at < *b);
            if paused.is_none()
                && let Poll::Ready(out) = future.as_mut().poll(cx)
            {
                return Poll::Ready(Some(out));
            }
            let next = match paused {
                Some((_, end)) => Some(*end),
                None => process.pause.iter().map(|(a, _)| *a).find(|a| *a > at),
            };
            let next = next.into_iter().chain(process.killed).min();
            let Some(next) = next else {
                return Poll::Pending;
            };
            timer.as_mut().reset(next);
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

fn millis(rng: &mut StdRng, most: u64) -> Duration {
    ms(rng.random_range(0..most))
}

/// The network of one process. What it sends while it stands still goes out afterwards; what it
/// sends after it was killed goes nowhere.
fn network(
    seed: u64,
    bad: f64,
    pause: Arc<[(Instant, Instant)]>,
    killed: Option<Instant>,
) -> impl FnMut(Step) -> Fate + Send {
    let mut rng = StdRng::seed_from_u64(seed);
    move |_| {
        let at = now();
        if killed.is_some_and(|k| k <= at) {
            return Fate {
                lost_request: true,
                hangs: true,
                ..Fate::default()
            };
        }
        let mut fate = Fate::default();
        if let Some((_, end)) = pause.iter().find(|(a, b)| *a <= at && at < *b) {
            fate.before = *end - at;
        }
        if rng.random_bool(bad) {
            fate.lost_request = rng.random_bool(0.5);
            fate.lost_reply = !fate.lost_request;
            fate.hangs = rng.random_bool(0.3);
        }
        if rng.random_bool(0.3) {
            fate.before += millis(&mut rng, 40);
        }
        if rng.random_bool(bad / 2.0) {
            fate.before += millis(&mut rng, 4_000);
        }
        if rng.random_bool(bad / 2.0) {
            fate.after += millis(&mut rng, 4_000);
        }
        fate
    }
}

async fn run(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let indeterminate = rng.random_bool(0.5);
    let mut policy = PLAIN.lease(LEASE);
    if indeterminate {
        policy = policy.on_abandon(OnAbandon::Indeterminate);
    }
    let bad = [0.0, 0.02, 0.1, 0.4][rng.random_range(0..4)];
    let may_pause = rng.random_bool(0.3);
    let may_kill = rng.random_bool(0.5);
    let jumps = rng.random_bool(0.15);
    let keys = rng.random_range(1..3u32);
    let mut only_pauses = bad == 0.0 && !may_kill && !jumps;
    let (start, memory) = (now(), Memory::default());
    let log: Shelf = Arc::default();
    let mut tasks = JoinSet::new();
    let mut networks = Vec::new();
    for _ in 0..rng.random_range(1..4) {
        let mut pause = Vec::new();
        if may_pause && rng.random_bool(0.5) {
            let from = start + millis(&mut rng, 9_000);
            pause.push((from, from + millis(&mut rng, 9_000)));
        }
        let pause: Arc<[_]> = pause.into();
        let killed = (may_kill && rng.random_bool(0.5)).then(|| start + millis(&mut rng, 12_000));
        let net = network(rng.random(), bad, Arc::clone(&pause), killed);
        let flaky = Flaky::new(memory.clone(), net);
        networks.push((flaky.clone(), killed));
        let process = Process {
            shared: Shared::new(flaky),
            pause,
            killed,
        };
        for _ in 0..rng.random_range(1..4) {
            let (at, takes) = (millis(&mut rng, 6_000), millis(&mut rng, 9_000));
            let (k, ends) = (rng.random_range(0..keys), rng.random_range(0..5));
            let dropped = rng.random_bool(0.1).then(|| millis(&mut rng, 9_000));
            only_pauses &= dropped.is_none();
            let (process, log) = (process.clone(), Arc::clone(&log));
            tasks.spawn(async move {
                let of = process.clone();
                in_process(of, async move {
                    sleep(at).await;
                    let body = body(Arc::clone(&log), k, takes, ends);
                    let call = call_on(&process.shared, &policy, key(&k), body);
                    let until = dropped.map_or(clock::add(now(), ms(10_000_000)), |d| now() + d);
                    if let Some(reply) = clock::within(until, call).await {
                        log.lock().unwrap().replies.push((k, reply));
                    }
                })
                .await;
            });
        }
    }
    if jumps {
        let (memory, at, by) = (
            memory.clone(),
            millis(&mut rng, 9_000),
            millis(&mut rng, 9_000),
        );
        tasks.spawn(async move {
            sleep(at).await;
            memory.jump(by);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert!(
        now() - start < LEASE * 200,
        "a call took {:?}",
        now() - start
    );
    // What calls have left behind is done, too, and the network is sound again.
    for (flaky, killed) in &networks {
        if killed.is_none() {
            flaky.back();
        }
    }
    sleep(LEASE * 8).await;
    let last = Shared::new(memory);
    let mut finals = HashMap::new();
    for k in 0..keys {
        let body = body(Arc::clone(&log), k, ms(5), 1);
        let reply = call_on(&last, &policy, key(&k), body).await;
        finals.insert(k, reply.clone());
        log.lock().unwrap().replies.push((k, reply));
    }
    check(
        &log.lock().unwrap(),
        &finals,
        indeterminate,
        !may_pause && !jumps,
    );
    if only_pauses {
        check_lost(&log.lock().unwrap());
    }
}

/// Each that lost its key was followed by a start of another one.
fn check_lost(log: &Log) {
    for k in 0..3 {
        let lost = log.replies.iter().filter(|(of, reply)| {
            let Err(Declined::Resil(Error::Idempotency(e))) = reply else {
                return false;
            };
            *of == k && matches!(e, IdempotencyError::LeaseLost { .. })
        });
        let starts = log.starts.iter().filter(|s| s.key == k).count();
        let lost = lost.count();
        assert!(
            lost == 0 || lost < starts,
            "key {k}: {lost} of {starts} lost it"
        );
    }
}

fn check(log: &Log, finals: &HashMap<u32, Kept<u64>>, indeterminate: bool, exclusive: bool) {
    for (k, last) in finals {
        let starts: Vec<_> = log.starts.iter().filter(|s| s.key == *k).collect();
        match last {
            Ok(_) => {}
            Err(Declined::Resil(Error::Idempotency(IdempotencyError::Indeterminate {
                ..
            }))) if indeterminate => {}
            other => panic!("key {k} is stuck: {other:?}"),
        }
        if indeterminate {
            let open = starts.iter().filter(|s| !s.declined).count();
            assert!(open <= 1, "key {k} was started {open} times: {starts:?}");
        }
        if exclusive {
            for (n, a) in starts.iter().enumerate() {
                for b in &starts[n + 1..] {
                    let overlap = a.from < b.to.unwrap() && b.from < a.to.unwrap();
                    assert!(!overlap, "two bodies of key {k} at a time: {a:?} and {b:?}");
                }
            }
        }
        // Each body's value is its own number: who got another one's got a replay.
        let values: Vec<u64> = log
            .replies
            .iter()
            .filter(|(of, _)| of == k)
            .filter_map(|(_, r)| r.as_ref().ok().copied())
            .collect();
        for value in &values {
            let of = &log.starts[usize::try_from(*value).unwrap()];
            assert!(of.key == *k && !of.declined);
        }
        let mut replayed: Vec<u64> = values
            .iter()
            .filter(|v| values.iter().filter(|w| w == v).count() > 1)
            .copied()
            .collect();
        replayed.sort_unstable();
        replayed.dedup();
        assert!(replayed.len() <= 1, "key {k} has two results: {replayed:?}");
        if let (Ok(last), [one]) = (last, &replayed[..]) {
            assert_eq!(last, one, "key {k} was replayed otherwise before");
        }
    }
}

/// `RESIL_SIM_SEEDS` says how many, `RESIL_SIM_SEED` which one to begin with.
#[test]
fn seeded_runs_keep_what_is_promised() {
    let var = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |n| n.parse().expect("a number"))
    };
    let (first, seeds) = (var("RESIL_SIM_SEED", 0), var("RESIL_SIM_SEEDS", SEEDS));
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .start_paused(true)
                        .build()
                        .unwrap();
                    let done = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(seed))));
                    assert!(
                        done.is_ok(),
                        "seed {seed} failed: RESIL_SIM_SEED={seed} RESIL_SIM_SEEDS=1"
                    );
                }
            });
        }
    });
}

/// CI runs 200,000 in a release build.
const SEEDS: u64 = 20_000;
