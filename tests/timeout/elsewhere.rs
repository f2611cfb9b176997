//! A `#[timeout]`, or that of a `Stack`, that is polled under another function's, and outlives it: each
//! bounds what is inside it whoever polls it, and when.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt};
use resil::{Deadline, Error, Jitter, RetryPolicy, Stack, retry, timeout};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn function(out: &Result<u32, Error>) -> &'static str {
    match out {
        Err(Error::Timeout { function, .. }) => function.rsplit("::").next().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[timeout(5s)]
async fn hung() -> Result<u32, Error> {
    pending().await
}

const RETRY: RetryPolicy = RetryPolicy::new()
    .max(2)
    .base(Duration::from_millis(10))
    .jitter(Jitter::None);

static PLAIN: Stack = Stack::new("plain").timeout(Duration::from_secs(5));
static RETRIED: Stack = Stack::new("retried")
    .timeout(Duration::from_secs(5))
    .retry(RETRY);
static NESTED: Stack = Stack::new("nested")
    .timeout(Duration::from_secs(5))
    .retry(RETRY)
    .timeout(Duration::from_secs(4));

/// What a body does before it hangs.
#[derive(Clone, Copy)]
enum First {
    Nothing,
    /// Looks at the deadline, which starts the limits around it.
    Looks,
    /// Fails: the retry looks at the deadline.
    Fails,
}

/// A call of the stack that hangs, in the first attempt or in the second one.
async fn hung_value(stack: &'static Stack, first: First) -> Result<u32, Error> {
    let failed = Cell::new(false);
    let body = || async {
        match first {
            First::Fails if !failed.replace(true) => {
                return Err(std::io::Error::other("down").into());
            }
            First::Looks => assert!(Deadline::current().is_some()),
            First::Nothing | First::Fails => {}
        }
        pending().await
    };
    stack
        .run(body)
        .await
        .map_err(|error: anyhow::Error| error.downcast().unwrap())
}

fn hung_values() -> impl Iterator<Item = (&'static Stack, First)> {
    [
        (&PLAIN, First::Nothing),
        (&PLAIN, First::Looks),
        (&RETRIED, First::Nothing),
        (&RETRIED, First::Looks),
        (&RETRIED, First::Fails),
    ]
    .into_iter()
}

#[timeout(1s)]
async fn next<S>(items: &mut S) -> Result<u32, Error>
where
    S: Stream<Item = Result<u32, Error>> + Unpin,
{
    items.next().await.expect("an item")
}

// What a stream polls only when it was woken, is first polled under a timeout that then gives up.
#[tokio::test(start_paused = true)]
async fn items_of_a_buffered_stream_keep_their_limit() {
    let start = Instant::now();
    let mut items = pin!(stream::iter(0..2).map(|_| hung()).buffer_unordered(2));
    assert_eq!(function(&next(&mut items).await), "next");
    assert_eq!(start.elapsed(), ms(1_000));
    assert_eq!(function(&items.next().await.unwrap()), "hung");
    assert_eq!(start.elapsed(), ms(5_000));
    assert_eq!(function(&next(&mut items).await), "hung");
    assert!(start.elapsed() < ms(5_010));
}

#[tokio::test(start_paused = true)]
async fn so_do_values() {
    for (stack, first) in hung_values() {
        let start = Instant::now();
        let calls = stream::iter(0..2).map(|_| hung_value(stack, first));
        let mut items = pin!(calls.buffer_unordered(2));
        assert_eq!(function(&next(&mut items).await), "next");
        assert_eq!(start.elapsed(), ms(1_000));
        let out = timeout_of(&mut items).await;
        assert_eq!(function(&out), stack.name());
        assert!(start.elapsed() <= ms(5_010), "{:?}", start.elapsed());
        assert_eq!(function(&next(&mut items).await), stack.name());
        assert!(start.elapsed() < ms(5_020));
    }
}

/// The inner limit ends the first attempt, and the outer one the second; or the inner one the second, and last.
#[tokio::test(start_paused = true)]
async fn and_both_limits_of_one_stack() {
    for (first, limit) in [
        (First::Nothing, 5_000),
        (First::Looks, 5_000),
        (First::Fails, 4_010),
    ] {
        let start = Instant::now();
        let mut items: FuturesUnordered<_> = [hung_value(&NESTED, first)].into_iter().collect();
        assert_eq!(function(&next(&mut items).await), "next");
        assert_eq!(function(&timeout_of(&mut items).await), "nested");
        let took = start.elapsed();
        assert!(ms(limit) <= took && took <= ms(limit + 10), "{took:?}");
    }
}

/// The next item, which must not take for ever.
async fn timeout_of<S>(items: &mut S) -> Result<u32, Error>
where
    S: Stream<Item = Result<u32, Error>> + Unpin,
{
    let item = tokio::time::timeout(ms(60_000), items.next()).await;
    item.expect("it is bounded").expect("an item")
}

// Each time under another one.
#[tokio::test(start_paused = true)]
async fn items_pulled_again_and_again_keep_their_limit() {
    let start = Instant::now();
    let mut items: FuturesUnordered<_> = [hung(), hung()].into_iter().collect();
    for _ in 0..4 {
        assert_eq!(function(&next(&mut items).await), "next");
    }
    assert_eq!(start.elapsed(), ms(4_000));
    assert_eq!(
        function(&next(&mut items).await),
        "next",
        "both at once: the outer answers"
    );
    assert_eq!(function(&next(&mut items).await), "hung");
    assert!(start.elapsed() < ms(5_010), "{:?}", start.elapsed());
}

#[timeout(1s)]
async fn drive(tasks: &LocalSet) -> Result<u32, Error> {
    tasks.run_until(pending()).await
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_local_set_keep_their_limit() {
    let start = Instant::now();
    let tasks = LocalSet::new();
    let ended = Rc::new(Cell::new(None));
    let seen = Rc::clone(&ended);
    tasks.spawn_local(async move {
        let out = hung().await;
        seen.set(Some((function(&out), start.elapsed())));
    });
    assert_eq!(function(&drive(&tasks).await), "drive");
    tasks.await;
    let (function, at) = ended.get().expect("it has ended");
    assert_eq!(function, "hung");
    assert!(at < ms(5_010), "{at:?}");
}

// What is due at once is answered by the outer one, while there is an outer one.
#[tokio::test(start_paused = true)]
async fn the_outer_one_answers_for_both() {
    #[timeout(1s)]
    async fn outer(slow: bool) -> Result<u32, Error> {
        if slow {
            sleep(ms(10)).await;
        }
        inner().await
    }
    #[timeout(990ms)]
    #[retry(max = 9)]
    async fn inner() -> Result<u32, Error> {
        hung().await
    }
    #[timeout(1s)]
    async fn equal() -> Result<u32, Error> {
        same().await
    }
    #[timeout(1s)]
    async fn same() -> Result<u32, Error> {
        pending().await
    }
    assert_eq!(function(&outer(false).await), "inner");
    let start = Instant::now();
    assert_eq!(function(&outer(true).await), "outer");
    assert_eq!(start.elapsed(), ms(1_000));
    assert_eq!(function(&equal().await), "equal");
}

// A deadline that no timer stands behind, within the first poll of one that has not begun to count.
#[tokio::test(start_paused = true)]
async fn a_scope_in_the_first_poll_is_kept_to() {
    #[timeout(1s)]
    async fn scoped(first: bool) -> Result<u32, Error> {
        if !first {
            tokio::task::yield_now().await;
        }
        Deadline::after(ms(50)).scope(hung()).await
    }
    for first in [true, false] {
        let start = Instant::now();
        let out = scoped(first).await;
        assert!(
            matches!(
                out,
                Err(Error::Timeout {
                    inherited: true,
                    ..
                })
            ),
            "{out:?}"
        );
        assert_eq!(start.elapsed(), ms(50));
    }
}
