//! What drain knows: the calls in flight, by function.

use std::task::{Context, Waker};

use resil::{Remaining, Shutdown, idempotent, retry, timeout};
use tokio::time::Instant;

use super::*;

const HERE: &str = "cancel::drain";

#[timeout(1h)]
async fn work(time: u64) -> Result<(), Fault> {
    tokio::time::sleep(ms(time)).await;
    Ok(())
}

#[retry(max = 2)]
async fn panics() -> Result<(), Fault> {
    tokio::time::sleep(ms(5)).await;
    panic!("meant")
}

#[retry(max = 2)]
async fn around(time: u64) -> Result<(), Fault> {
    work(time).await
}

#[retry(max = 2)]
fn blocks(part: &Shutdown) -> Result<Remaining, Fault> {
    let now =
        std::pin::pin!(part.drain(Duration::ZERO)).poll(&mut Context::from_waker(Waker::noop()));
    match now {
        std::task::Poll::Ready(left) => Ok(left),
        std::task::Poll::Pending => Err(Fault::Final),
    }
}

async fn now(part: &Shutdown) -> String {
    part.drain(Duration::ZERO).await.to_string()
}

#[tokio::test(start_paused = true)]
async fn it_waits_until_all_is_done_and_is_empty_then() {
    let part = Shutdown::new();
    let began = Instant::now();
    let tasks = part
        .scope(async { [10, 50, 200].map(|n| resil::spawn(work(n))) })
        .await;
    tokio::task::yield_now().await;
    part.begin();
    assert_eq!(now(&part).await, format!("{HERE}::work: 3 in flight"));
    let left = part.drain(ms(10_000)).await;
    assert!(left.is_empty(), "{left}");
    assert_eq!(left.to_string(), "nothing");
    let took = began.elapsed();
    assert!(took >= ms(200) && took <= ms(215), "{took:?}");
    for task in tasks {
        assert!(task.is_finished());
    }
}

#[tokio::test(start_paused = true)]
async fn it_returns_what_was_left_at_its_limit() {
    let part = Shutdown::new();
    let mut calls = Vec::new();
    for _ in 0..2 {
        calls.push(Box::pin(part.scope(around(3_000))));
    }
    let mut other = Box::pin(part.scope(work(3_000)));
    assert_eq!(
        now(&part).await,
        "nothing",
        "a call that was not polled has not begun"
    );
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    assert!(poll_once(other.as_mut()).await.is_pending());
    let began = Instant::now();
    let left = part.drain(ms(1_000)).await;
    assert_eq!(began.elapsed(), ms(1_000));
    assert!(!left.is_empty());
    let all: Vec<_> = left
        .functions()
        .iter()
        .map(|of| (of.function, of.in_flight, of.completions))
        .collect();
    let [around, work] = [format!("{HERE}::around"), format!("{HERE}::work")];
    assert_eq!(
        all,
        [(&*around, 2, 0), (&*work, 3, 0)],
        "a call inside a call is one of its own"
    );
    assert_eq!((left.in_flight(), left.completions()), (5, 0));
    // Whatever drops them, they are over.
    drop(other);
    assert_eq!(
        now(&part).await,
        format!("{around}: 2 in flight\n{work}: 2 in flight")
    );
    std::thread::spawn(move || drop(calls)).join().unwrap();
    assert_eq!(now(&part).await, "nothing");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_a_scope_twice_is_one_call() {
    let part = Shutdown::new();
    let twice: [Pin<Box<dyn Future<Output = _>>>; 3] = [
        Box::pin(part.scope(async { resil::carry(work(100)).await })),
        Box::pin(part.scope(part.scope(work(100)))),
        Box::pin(part.scope(async { resil::carry(async { resil::carry(work(100)).await }).await })),
    ];
    for mut call in twice {
        assert!(poll_once(call.as_mut()).await.is_pending());
        assert_eq!(now(&part).await, format!("{HERE}::work: 1 in flight"));
        drop(call);
        assert_eq!(now(&part).await, "nothing");
    }
}

/// The process counts all calls, those in its scope too.
#[tokio::test(start_paused = true)]
async fn a_call_in_the_scope_of_the_process_is_one_call() {
    #[timeout(1h)]
    async fn scoped() -> Result<(), Fault> {
        std::future::pending().await
    }
    let mut call = Box::pin(Shutdown::process().scope(scoped()));
    assert!(poll_once(call.as_mut()).await.is_pending());
    let left = resil::drain(Duration::ZERO).await.to_string();
    assert!(left.contains("::scoped: 1 in flight"), "{left}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_is_over() {
    let part = Shutdown::new();
    let task = tokio::spawn(part.scope(panics()));
    tokio::task::yield_now().await;
    assert_eq!(now(&part).await, format!("{HERE}::panics: 1 in flight"));
    assert!(task.await.is_err());
    assert_eq!(now(&part).await, "nothing");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_blocks_its_thread_is_in_flight() {
    let part = Shutdown::new();
    let inside = part.scope(async { blocks(&part) }).await.unwrap();
    assert_eq!(inside.to_string(), format!("{HERE}::blocks: 1 in flight"));
    assert_eq!(now(&part).await, "nothing");
}

/// By the counters of the process too.
#[tokio::test(start_paused = true)]
async fn a_call_that_panics_is_over_for_the_process() {
    #[retry(max = 2)]
    async fn panics_alone() -> Result<(), Fault> {
        tokio::time::sleep(ms(5)).await;
        panic!("meant")
    }
    let task = tokio::spawn(panics_alone());
    tokio::task::yield_now().await;
    let left = |left: Remaining| left.to_string().contains("::panics_alone: 1 in flight");
    assert!(left(resil::drain(Duration::ZERO).await));
    assert!(task.await.is_err());
    assert!(!left(resil::drain(Duration::ZERO).await));
}

/// A call that waits for a key is in flight until it gets its replay.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_in_flight() {
    #[idempotent(key = n)]
    async fn f(n: u32) -> Result<u32, Fault> {
        tokio::time::sleep(ms(100)).await;
        Ok(1)
    }
    let part = Shutdown::new();
    let _both = part
        .scope(async { [resil::spawn(f(1)), resil::spawn(f(1))] })
        .await;
    tokio::task::yield_now().await;
    let name = "it_waits::f";
    let left = part.drain(ms(50)).await;
    assert_eq!(left.in_flight(), 2, "{name} {left}");
    part.begin();
    tokio::task::yield_now().await;
    assert_eq!(
        part.drain(ms(1)).await.in_flight(),
        1,
        "the one that waited was ended"
    );
    assert!(part.drain(ms(100)).await.is_empty());
}

/// The counters of the process, from many threads at once: none is lost, and none is left. Other tests run
/// in this process, so only the own function is looked at.
#[test]
fn the_process_counts_exactly_from_many_threads() {
    #[retry(max = 2)]
    async fn shared(n: u64) -> Result<u64, Fault> {
        tokio::task::yield_now().await;
        Ok(n)
    }
    let of_own = |left: &Remaining| {
        let mut all = left.functions().iter();
        all.find(|of| of.function.ends_with("drain::shared"))
            .map_or(0, |of| of.in_flight)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..20 {
            let tasks: Vec<_> = (0..200).map(|n| tokio::spawn(shared(n))).collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
            let mut held = Vec::new();
            for n in 0..7 {
                let mut call = Box::pin(shared(n));
                assert!(poll_once(call.as_mut()).await.is_pending());
                held.push(call);
            }
            assert_eq!(of_own(&resil::drain(Duration::ZERO).await), 7);
            tokio::task::spawn_blocking(move || drop(held))
                .await
                .unwrap();
            assert_eq!(of_own(&resil::drain(Duration::ZERO).await), 0);
        }
    });
}
