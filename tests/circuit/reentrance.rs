//! A breaker inside itself: a call made under a permit of the same breaker runs under that permit.

use super::*;

/// Ten seconds at a time, over so many: what a caller who asks now and then sees.
macro_rules! recovers {
    ($call:expr, $minutes:expr) => {{
        let mut seen = String::new();
        for _ in 0..$minutes * 6 {
            advance(ms(10_000)).await;
            seen.push(letter(&$call.await));
            if seen.ends_with('.') {
                break;
            }
        }
        seen
    }};
}

/// `call` to its end, or the panic that ended it.
async fn caught<T>(call: impl Future<Output = T>) -> std::thread::Result<T> {
    let mut call = pin!(call);
    std::future::poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        match poll {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await
}

mod two_functions {
    use super::*;

    #[circuit(name = "polly-933", failures = 3)]
    pub(super) async fn outer(r: &Record, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "polly-933", failures = 3)]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
}

/// App-vNext/Polly issue 933: nested calls under one breaker. In half-open the outer call took the
/// only probe and the inner one was refused, so that no probe could ever succeed.
#[tokio::test(start_paused = true)]
async fn polly_933_two_functions_of_one_name_recover() {
    use two_functions::outer;
    let r = Record::new();
    assert_eq!(play!(outer(&r), Fail; 3), "FFF");
    assert_eq!(play!(outer(&r), Succeed), "X");
    assert_eq!(recovers!(outer(&r, Succeed), 30), "XXX.");
    assert_eq!(state("polly-933"), CircuitState::Closed);
    assert_eq!(play!(outer(&r), Succeed), ".");
}

#[tokio::test(start_paused = true)]
async fn polly_933_one_failed_answer_counts_once() {
    #[circuit(name = "once", failures = 4)]
    async fn outer(r: &Record, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "once", failures = 4)]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(outer(&r), Fail; 3), "FFF");
    assert_eq!(breaker("once").counts().failures_in_a_row, 3);
    assert_eq!(play!(inner(&r), Fail), "F");
    assert_eq!(state("once"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn polly_933_a_recursion_recovers_and_counts_once() {
    #[circuit(failures = 2)]
    async fn pages(r: &Record, left: u32, what: Do) -> Result<u32, Fault> {
        if left == 0 {
            return act(r, what).await;
        }
        Box::pin(pages(r, left - 1, what)).await
    }
    let name = "circuit::reentrance::pages";
    let r = Record::new();
    assert_eq!(letter(&pages(&r, 100, Fail).await), 'F');
    assert_eq!(breaker(name).counts().failures_in_a_row, 1);
    assert_eq!(letter(&pages(&r, 100, Fail).await), 'F');
    assert_eq!(state(name), CircuitState::Open);
    assert_eq!(recovers!(pages(&r, 100, Succeed), 30), "XXX.");
    assert_eq!(state(name), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn polly_933_the_same_key_is_inside_itself_and_another_is_not() {
    #[circuit(name = "by-host", key = host, failures = 1)]
    async fn outer(r: &Record, host: &str, to: &str, what: Do) -> Result<u32, Fault> {
        inner(r, to, what).await
    }
    #[circuit(name = "by-host", key = to, failures = 1)]
    async fn inner(r: &Record, to: &str, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let of = |key: &str| breaker("by-host").key(key).state();
    assert_eq!(letter(&outer(&r, "a", "a", Fail).await), 'F');
    assert_eq!(letter(&outer(&r, "a", "a", Succeed).await), 'X');
    assert_eq!(recovers!(outer(&r, "a", "a", Succeed), 30), "XXX.");
    assert_eq!(of("a"), CircuitState::Closed);
    // Another key is another breaker: both count.
    assert_eq!(letter(&outer(&r, "b", "c", Fail).await), 'F');
    assert_eq!((of("b"), of("c")), (CircuitState::Open, CircuitState::Open));
    assert_eq!(letter(&outer(&r, "d", "c", Succeed).await), 'X');
}

#[tokio::test(start_paused = true)]
async fn at_three_levels_the_outermost_outcome_is_what_counts() {
    #[circuit(name = "three-levels", failures = 2, open_for = 1s)]
    async fn first(r: &Record, what: Do) -> Result<u32, Fault> {
        second(r, what).await
    }
    #[circuit(name = "three-levels")]
    async fn second(r: &Record, what: Do) -> Result<u32, Fault> {
        // Two calls, of which the failed one is answered from elsewhere.
        let _ = third(r, Fail).await;
        third(r, what).await
    }
    #[circuit(name = "three-levels")]
    async fn third(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(first(&r), Succeed, Succeed, Succeed, Fail), "...F");
    assert_eq!(r.count(), 8);
    assert_eq!(breaker("three-levels").counts().failures_in_a_row, 1);
    assert_eq!(play!(second(&r), Fail), "F");
    assert_eq!(state("three-levels"), CircuitState::Open);
    pass(1_000).await;
    assert_eq!(play!(first(&r), Succeed), ".");
    assert_eq!(state("three-levels"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_whole_stack_inside_another_one() {
    #[circuit(name = "stacks", failures = 2, open_for = 1s, open_max = 1s)]
    #[timeout(10s)]
    #[retry(constant, max = 2, base = 10ms, jitter = none)]
    #[timeout(1s)]
    async fn outer(r: &Record, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[retry(constant, max = 3, base = 10ms, jitter = none, nested = outer)]
    #[circuit(name = "stacks")]
    #[timeout(limit())]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    fn limit() -> Duration {
        ms(500)
    }
    let r = Record::new();
    // Two attempts, each cut by the inner timeout: one failure a call.
    assert_eq!(play!(outer(&r), Hang), "T");
    assert_eq!(r.count(), 2);
    assert_eq!(breaker("stacks").counts().failures_in_a_row, 1);
    assert_eq!(play!(outer(&r), Hang, Succeed), "TX");
    pass(1_000).await;
    assert_eq!(play!(outer(&r), Hang), "T");
    assert_eq!(state("stacks"), CircuitState::Open);
    pass(1_000).await;
    assert_eq!(play!(outer(&r), Succeed), ".");
    assert_eq!(state("stacks"), CircuitState::Closed);
    assert_eq!(r.count(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_is_below_a_limit_that_is_made_at_run_time_is_under_the_permit_too() {
    #[circuit(name = "run-time-limit", failures = 1, open_for = 1s)]
    #[timeout(limit)]
    async fn bounded(r: &Record, limit: Duration, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "run-time-limit")]
    #[retry(max = 2, base = 1ms)]
    #[timeout(limit)]
    async fn retried(r: &Record, limit: Duration, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "run-time-limit")]
    #[retry(max = 1)]
    async fn once(r: &Record, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "run-time-limit")]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for round in 0..3 {
        breaker("run-time-limit").reset();
        let _ = bounded(&r, ms(500), Fail).await;
        assert_eq!(state("run-time-limit"), CircuitState::Open);
        pass(1_000).await;
        let out = match round {
            0 => bounded(&r, ms(500), Succeed).await,
            1 => retried(&r, ms(500), Succeed).await,
            _ => once(&r, Succeed).await,
        };
        assert_eq!(letter(&out), '.', "{round}");
        assert_eq!(state("run-time-limit"), CircuitState::Closed);
    }
}

struct Client {
    r: Record,
}

#[async_trait::async_trait]
trait Pays {
    async fn pay(&self, what: Do) -> Result<u32, Fault>;
    async fn charge(&mut self, what: Do) -> Result<u32, Fault>;
}

#[async_trait::async_trait]
impl Pays for Client {
    #[circuit(name = "async-trait-inside", failures = 1, open_for = 1s)]
    async fn pay(&self, what: Do) -> Result<u32, Fault> {
        act(&self.r, what).await
    }
    #[circuit(name = "async-trait-inside", failures = 1, open_for = 1s)]
    #[retry(max = 1)]
    async fn charge(&mut self, what: Do) -> Result<u32, Fault> {
        self.pay(what).await
    }
}

#[tokio::test(start_paused = true)]
async fn in_methods_of_an_async_trait() {
    let mut client = Client { r: Record::new() };
    assert_eq!(play!(client_charge(&mut client), Fail, Succeed), "FX");
    pass(1_000).await;
    assert_eq!(play!(client_charge(&mut client), Succeed), ".");
    assert_eq!(state("async-trait-inside"), CircuitState::Closed);

    async fn client_charge(client: &mut Client, what: Do) -> Result<u32, Fault> {
        client.charge(what).await
    }
}

#[tokio::test(start_paused = true)]
async fn under_an_instrument_on_either_side() {
    #[tracing::instrument(skip_all)]
    #[circuit(name = "instrumented", failures = 1, open_for = 1s, slow = 10s, slow_rate = 100%)]
    #[tracing::instrument(skip_all)]
    #[retry(constant, max = 2, base = 7s, jitter = none)]
    #[tracing::instrument(skip_all)]
    async fn outer(r: Record, what: Do) -> Result<u32, Fault> {
        inner(r.clone(), what).await
    }
    #[circuit(name = "instrumented")]
    #[tracing::instrument(skip_all, err)]
    async fn inner(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&outer(r.clone(), Fail).await), 'F');
    assert_eq!(letter(&outer(r.clone(), Succeed).await), 'X');
    pass(1_000).await;
    assert_eq!(letter(&outer(r.clone(), Succeed).await), '.');
    assert_eq!(state("instrumented"), CircuitState::Closed);
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_inner_call_that_is_dropped_times_out_or_panics_leaves_the_outer_one_as_it_is() {
    #[circuit(name = "inner-ends", failures = 1, open_for = 1s)]
    async fn outer(r: &Record, what: Do, rescue: bool) -> Result<u32, Fault> {
        match what {
            Hang => {
                begin_and_drop(inner(r, Hang)).await;
                inner(r, Succeed).await
            }
            Panic => {
                let caught_call = inner(r, Panic);
                match caught(caught_call).await {
                    Err(_) if rescue => inner(r, Succeed).await,
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(out) => out,
                }
            }
            what => match bounded(r, what).await {
                Err(_) if rescue => Ok(0),
                out => out,
            },
        }
    }
    #[timeout(100ms)]
    #[circuit(name = "inner-ends")]
    async fn bounded(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "inner-ends")]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let opened = async || {
        breaker("inner-ends").reset();
        assert_eq!(letter(&inner(&r, Fail).await), 'F');
        pass(1_000).await;
    };
    // Half-open, each is the one probe: it keeps its place till the outer call has ended.
    for (what, rescue, then) in [
        (Hang, false, CircuitState::Closed),
        (Panic, true, CircuitState::Closed),
        (Slow(500), true, CircuitState::Closed),
        (Slow(500), false, CircuitState::Open),
        (Fail, true, CircuitState::Closed),
        (Fail, false, CircuitState::Open),
    ] {
        opened().await;
        let _ = outer(&r, what, rescue).await;
        assert_eq!(state("inner-ends"), then, "{what:?}, {rescue}");
    }
    opened().await;
    assert!(caught(outer(&r, Panic, false)).await.is_err());
    assert_eq!(
        state("inner-ends"),
        CircuitState::Open,
        "a panic that goes on"
    );
    // The outer one is dropped with the inner one in mid-flight: the place is free.
    opened().await;
    begin_and_drop(outer(&r, Slow(500), false)).await;
    assert_eq!(breaker("inner-ends").counts().probes_out, 0);
    assert_eq!(letter(&inner(&r, Succeed).await), '.');
    assert_eq!(state("inner-ends"), CircuitState::Closed);
}
