//! Finagle's retry budget (github.com/twitter/finagle, finagle-core/src/test/scala/com/twitter/
//! finagle/service/RetryBudgetTest.scala): each call deposits a share of a retry.
//!
//! Ours is a bucket of tokens, of which a first try that succeeds brings one and a retry takes
//! `cost`: a share of 1/cost. Shares that are no such fraction (.75, .99, 2.0), deposits of calls
//! that fail, the time to live of deposits and the reserve per second cannot be said with it.
//! J03 (by concurrency), J05 (Envoy), J06 and J07 (throttles that refuse first tries) are other
//! policies, which we do not have.

use resil::event::StopReason::{Budget, Exhausted};
use resil::retry;

use crate::stage::cases;
use crate::support::{Fault, Record};

/// Row: id, share; the cost that is its inverse: of a thousand good calls, each with a try to
/// retry after it, that share is retried.
macro_rules! shares {
    ($($id:ident: $share:literal, $cost:literal;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $id() {
            #[retry(constant, max = 2, base = 1ms, jitter = none, budget = (capacity = $cost, cost = $cost))]
            async fn call(r: &Record, good: bool) -> Result<u32, Fault> {
                let n = r.attempt();
                if good { Ok(n) } else { Err(Fault::Network(n)) }
            }
            let r = Record::new();
            // Empties the bucket.
            assert!(call(&r, false).await.is_err());
            assert_eq!(r.count(), 2);
            let r = Record::new();
            for _ in 0..1_000 {
                assert!(call(&r, true).await.is_ok());
                assert!(call(&r, false).await.is_err());
            }
            assert_eq!(r.count(), 2_000 + 1_000 / $cost, "a share of {}", $share);
        }
    )+};
}

shares! {
    j01_all: 1.0, 1;
    j01_half: 0.5, 2;
    j01_quarter: 0.25, 4;
    j01_fifth: 0.2, 5;
    j01_tenth: 0.1, 10;
    j01_hundredth: 0.01, 100;
}

cases! {
    j02_reserve: "a reserve of ten retries before any deposit", "RetryBudgetTest";
        #[retry(max = 12, base = 1ms, budget = (capacity = 50, cost = 5))]
        "FFFFFFFFFFF F" => "FF", retries(10), stops([Budget, Budget]);
    j02_share_zero: "no share: only the reserve, however many calls follow that fail", "RetryBudgetTest";
        #[retry(max = 2, base = 1ms, budget = (capacity = 10, cost = 5))]
        "FF FF F F F F" => "FFFFFF", retries(2), stops([Exhausted, Exhausted, Budget, Budget, Budget, Budget]);
    j02_never: "no reserve and no share: no retry", "RetryBudgetTest";
        #[retry(max = 1)]
        "F" => "F", retries(0);
}
