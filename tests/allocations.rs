//! D22: on the good path nothing is allocated; and the futures stay small.
//!
//! A target of its own: the counting allocator sees the whole process.

#![allow(clippy::items_after_statements)]

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil::{
    CircuitPolicy, Error, RetryPolicy, Stack, bulkhead, circuit, fallback, hedge, rate_limit,
    retry, timeout,
};

#[retry]
async fn retried(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[timeout(1s)]
async fn bounded(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit]
async fn in_a_row(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit(failure_rate = 50%, window = 100)]
async fn counted(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit(failure_rate = 50%, window = 10s)]
async fn timed(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit(slow = 1s, slow_rate = 50%)]
async fn slow(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[bulkhead(max = 9, queue = 9, wait = 1s)]
async fn inside(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[rate_limit(max = 1_000_000_000, per = 1s, wait = 1s)]
async fn in_turn(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[rate_limit(max = 1_000_000_000, per = 1s, key = n, cost = *n)]
async fn in_turn_by_key(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[fallback(|error| Err(error), unless(Error::CircuitOpen { .. }))]
async fn with_a_fallback(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[fallback(0)]
#[rate_limit(max = 1_000_000_000, per = 1s)]
#[circuit]
#[bulkhead(max = 9)]
#[timeout(5s)]
#[hedge(after = 500ms)]
#[timeout(1s)]
async fn stack_of_seven(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[bulkhead(adaptive, key = n)]
async fn adaptive(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

/// A key that exists is looked for on the stack.
#[circuit(key = n)]
async fn keyed(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit(key = format_args!("{n}{:300}", ""))]
async fn long_keyed(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit]
#[timeout(5s)]
#[retry]
#[timeout(1s)]
async fn stack(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[circuit]
#[timeout(5s)]
#[retry]
async fn pending_once(n: &u32) -> Result<u32, Error> {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    Ok(*n)
}

#[hedge(after = 1s)]
async fn hedged(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[hedge(after = p95(default = 1s), max = 5)]
async fn hedged_by_percentile(n: &u32) -> Result<u32, Error> {
    Ok(*n)
}

#[hedge(after = 1s)]
#[circuit]
#[timeout(5s)]
async fn hedged_pending_once(n: &u32) -> Result<u32, Error> {
    pending_once(n).await
}

static VALUE: Stack = Stack::new("allocations.value")
    .circuit(CircuitPolicy::new())
    .timeout(Duration::from_secs(5))
    .retry(RetryPolicy::new())
    .timeout(Duration::from_secs(1));

async fn value(n: &u32) -> Result<u32, Error> {
    VALUE.run(async || Ok(*n)).await
}

async fn single(n: &u32) -> Result<u32, Error> {
    const STANDARD: RetryPolicy = RetryPolicy::new();
    STANDARD.run(async || Ok(*n)).await
}

/// Polls to the end without a runtime: what needs a timer would panic.
fn run<T>(f: impl Future<Output = T>) -> T {
    let mut f = pin!(f);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(out) = f.as_mut().poll(&mut cx) {
            return out;
        }
    }
}

macro_rules! allocates_nothing {
    ($($name:ident),*) => {$(
        // Registers the breaker, grows what is grown once.
        for _ in 0..3 {
            assert_eq!(run($name(&7)), Ok(7));
        }
        let seen = allocation_counter::measure(|| {
            for _ in 0..1_000 {
                assert_eq!(run($name(&7)), Ok(7));
            }
        });
        assert_eq!(seen.count_total, 0, "{}: {seen:?}", stringify!($name));
    )*};
}

#[test]
fn d22_nothing_is_allocated_on_the_good_path() {
    allocates_nothing!(retried, bounded, in_a_row, counted, timed, stack);
    allocates_nothing!(value, single);
    allocates_nothing!(slow, keyed, long_keyed, inside, adaptive);
    allocates_nothing!(in_turn, in_turn_by_key, with_a_fallback, stack_of_seven);
}

#[test]
fn d22_the_first_copy_of_a_hedge_allocates_nothing() {
    allocates_nothing!(hedged, hedged_by_percentile);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    allocates_nothing!(hedged_pending_once);
}

#[test]
fn d22_nor_where_a_timer_is_made() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    // The timer is part of the future.
    allocates_nothing!(pending_once);
}

/// A claim by itself has no layers to walk through: a body that waits costs what it costs under the attribute.
#[cfg(feature = "idempotent")]
#[test]
fn a_claim_alone_allocates_no_more_as_a_value() {
    const ONCE: resil::IdempotentPolicy = resil::IdempotentPolicy::new();
    static EMPTY: resil::KeyedStack = ONCE.around(Stack::new("allocations.claim"));
    #[resil::idempotent(key = n, forget_ok(_))]
    async fn attribute(n: &u32) -> Result<u32, Error> {
        pending_once(n).await
    }
    async fn alone(n: &u32) -> Result<u32, Error> {
        let call = ONCE.keyed(n).forget_ok(|_: &u32| true);
        call.run(|| pending_once(n)).await
    }
    async fn stack(n: &u32) -> Result<u32, Error> {
        let call = EMPTY.keyed(n).forget_ok(|_: &u32| true);
        call.run(|| pending_once(n)).await
    }
    fn allocations<F: Future<Output = Result<u32, Error>>>(call: impl Fn() -> F) -> u64 {
        for _ in 0..3 {
            assert_eq!(run(call()), Ok(7));
        }
        let seen = allocation_counter::measure(|| assert_eq!(run(call()), Ok(7)));
        seen.count_total
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let expected = allocations(|| attribute(&7));
    assert_eq!(allocations(|| alone(&7)), expected, "by itself");
    assert_eq!(allocations(|| stack(&7)), expected, "without layers");
}

#[test]
fn futures_stay_small() {
    // Upper bounds with a little room, so that a change of layout is seen.
    let sizes = [
        ("retry", size_of_val(&retried(&1)), 280),
        ("timeout", size_of_val(&bounded(&1)), 264),
        ("circuit", size_of_val(&in_a_row(&1)), 160),
        ("bulkhead", size_of_val(&inside(&1)), 160),
        ("circuit by key", size_of_val(&keyed(&1)), 192),
        ("stack", size_of_val(&stack(&1)), 800),
        ("hedge", size_of_val(&hedged(&1)), 360),
        ("stack as a value", size_of_val(&value(&1)), 160),
    ];
    // Where calls are seen: when it began, whether it has ended, and the number of each attempt.
    let seen = if cfg!(feature = "observe") { 96 } else { 0 };
    // Where settings change while the program runs: those that the call began with.
    let steered = if cfg!(feature = "control") { 64 } else { 0 };
    for (name, size, bound) in sizes {
        let bound = bound + seen + steered;
        assert!(size <= bound, "{name}: {size} bytes");
    }
    println!("{sizes:?}");
}

/// What docs/observability.md promises.
#[cfg(feature = "stats")]
#[test]
fn a_function_that_is_counted_has_so_much_memory() {
    #[retry]
    async fn counted_here(n: &u32) -> Result<u32, Error> {
        Ok(*n)
    }
    #[retry]
    async fn known(n: &u32) -> Result<u32, Error> {
        Ok(*n)
    }
    // The table of names is there, and this thread has its slot.
    assert_eq!(run(known(&7)), Ok(7));
    let first = allocation_counter::measure(|| assert_eq!(run(counted_here(&7)), Ok(7)));
    assert!(
        first.bytes_total <= 65 * 1024,
        "60 KiB and 5 KiB: {first:?}"
    );
    let other = std::thread::spawn(|| {
        assert_eq!(run(known(&7)), Ok(7));
        allocation_counter::measure(|| assert_eq!(run(counted_here(&7)), Ok(7)))
    });
    let other = other.join().unwrap();
    assert!(
        other.bytes_total <= 5 * 1024 + 128,
        "5 KiB a thread: {other:?}"
    );
    let then = allocation_counter::measure(|| assert_eq!(run(counted_here(&7)), Ok(7)));
    assert_eq!(then.count_total, 0);
}
