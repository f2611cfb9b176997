//! Policies as values have the same spans as attributes.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{HedgeAfter, HedgePolicy, RetryPolicy, Stack, Strategy, TimeoutPolicy};
use tracing::info;

use super::collect::Collected;
use super::support::{Fault, ms};

type Answer = Result<u32, Fault>;

static PAY: Stack = Stack::new("tracing.values")
    .retry(
        RetryPolicy::new()
            .max(2)
            .base(ms(10))
            .strategy(Strategy::Constant),
    )
    .timeout(ms(100));

const TWICE: RetryPolicy = RetryPolicy::new().max(2).base(ms(10));
const SLOW: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(ms(50)));

#[tokio::test(start_paused = true)]
async fn a_stack_is_shown_by_its_name() {
    let seen = Collected::default();
    let attempts = AtomicU32::new(0);
    let call = PAY.run(|| {
        info!(name: "made", "the closure's");
        async {
            info!(name: "own", "the body's");
            match attempts.fetch_add(1, Relaxed) {
                0 => std::future::pending().await,
                n => Answer::Ok(n),
            }
        }
    });
    assert_eq!(seen.over(call).await.unwrap(), 1);
    assert_eq!(
        seen.tree(),
        "\
resil.call ok
  resil.attempt timeout
    - own
  resil.attempt ok
    - own
  - made
  - resil.timeout
  - resil.retry
  - made
  - resil.retry.succeeded
"
    );
    let call = &seen.spans("resil.call")[0];
    assert_eq!(call.get("function"), "tracing.values");
    assert_eq!(seen.spans("resil.attempt")[0].get("policy"), "timeout");
    seen.all_are_closed();
}

#[tokio::test(start_paused = true)]
async fn single_policies_are_shown_by_their_place() {
    let seen = Collected::default();
    let calls = async {
        let fails = TWICE.run(|| async { Err::<u32, _>(Fault::Final) });
        fails.await.unwrap_err();
        let mut failures = 0;
        let borrows = PAY.run_mut(async || {
            failures += 1;
            Err::<u32, _>(Fault::Network(failures))
        });
        borrows.await.unwrap_err();
        let late = TimeoutPolicy::new(ms(5)).run(std::future::pending::<Answer>);
        late.await.unwrap_err();
        let copies = AtomicU32::new(0);
        let hedged = SLOW.run(|| async {
            match copies.fetch_add(1, Relaxed) {
                0 => std::future::pending().await,
                n => Answer::Ok(n),
            }
        });
        hedged.await.unwrap();
    };
    seen.over(calls).await;
    assert_eq!(
        seen.tree(),
        "\
resil.call error
  resil.attempt error
  resil.attempt error
  - resil.retry
  - resil.retry.stopped
resil.call error
  resil.attempt error
  resil.attempt error
  - resil.retry
  - resil.retry.stopped
resil.call timeout
  resil.attempt timeout
  - resil.timeout
resil.call ok
  resil.attempt dropped
  resil.attempt ok
  - resil.hedge.started
  - resil.hedge.won
"
    );
    seen.all_are_closed();
    let calls = seen.spans("resil.call");
    assert!(
        calls[0]
            .get("function")
            .starts_with("tests/tracing/values.rs:"),
        "{calls:?}"
    );
    assert_eq!(calls[0].get("error.type"), "tracing::support::Fault");
    assert_eq!(calls[2].get("error.type"), "timeout");
    assert_eq!(seen.spans("resil.attempt")[5].get("policy"), "hedge");
}
