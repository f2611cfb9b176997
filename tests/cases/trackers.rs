//! Bugs that others shipped and fixed, from their issue trackers (Q01 to Q16).
//!
//! | case | where it stands |
//! |---|---|
//! | Q01, Q03 | tests/circuit/half_open.rs `q01_q03_..`; resil-runtime/tests/circuit/stack.rs, half_open.rs |
//! | Q02, Q04 | half_open.rs `d10_q01_q02_q04_..`, `g12_..`; tests/circuit/half_open.rs `d10_..` |
//! | Q05, Q07 | tripping.rs `q05_q07_..`; tests/circuit/outcomes.rs `d11_..` |
//! | Q06 | half_open.rs `d12_g06_q06_..`; tests/circuit/half_open.rs `d12_..` |
//! | Q08 | here |
//! | Q09 | tests/stack `q09_..`; `failsafe_go.rs` `l02` |
//! | Q10 | tests/retry/stops.rs `d20_..`; here, with an attempt that takes time |
//! | Q11, Q13 | tests/idempotent `q11_..`, `q13_..` |
//! | Q12, Q14 | here |
//! | Q15 | half_open.rs `d9_g10_q15_..` |
//! | Q16 | resil-runtime/tests/circuit_bound.rs `d16_..`; resil-runtime/src/circuit/keys/tests.rs and tests/circuit/keys.rs `q16_..` |

use resil::event::StopReason::{Deadline as AtDeadline, Final};
use resil::{idempotent, retry, timeout};
use tokio::time::advance;

use crate::stage::cases;
use crate::support::{Fault, Record, ms};

cases! {
    q08: "all but one kind is retried, and yet the timeout around ends it: a cancellation is no error to retry",
        "jd/tenacity issue 529, harbor issue 1223";
        #[timeout(1s)]
        #[retry(constant, max = 9, base = 100ms, jitter = none, unless(Fault::Final))]
        "F H" => "T", took(1_000), cut(1);
    q08_below: "a timeout below is an error, and ends where `unless` says so", "jd/tenacity issue 529";
        #[retry(max = 9, base = 1ms, unless(Fault::Resil(_)))]
        #[timeout(1s)]
        "H" => "T", took(1_000), stops([Final]);
    q10: "the deadline falls into the wait: it stops at once, with the last real error",
        "icerpc 2098, Kevlar 506, google-cloud-python 9872, istio/api 34";
        #[timeout(1s)]
        #[retry(constant, max = 3, base = 300ms, jitter = none)]
        "F(250)F(250)" => "F", took(800), stops([AtDeadline]);
}

#[tokio::test(start_paused = true)]
async fn q12_each_function_keeps_its_own_settings_on_a_shared_store() {
    // powertools-lambda-typescript issue 5409.
    #[idempotent(key = k, ttl = 1s)]
    async fn short(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(key = k, ttl = 10s)]
    async fn long(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!((short(&r, 1).await, long(&r, 1).await), (Ok(1), Ok(2)));
    advance(ms(1_000)).await;
    assert_eq!((short(&r, 1).await, long(&r, 1).await), (Ok(3), Ok(2)));
    advance(ms(9_000)).await;
    assert_eq!((short(&r, 1).await, long(&r, 1).await), (Ok(4), Ok(5)));
}

#[tokio::test(start_paused = true)]
async fn q14_a_name_outlives_the_name_of_the_function() {
    // powertools-lambda-python issue 5897: a function that was renamed finds its records.
    #[idempotent(name = "q14.pay", key = k)]
    async fn pay(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(name = "q14.pay", key = k)]
    async fn pay_order(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(pay(&r, 7).await, Ok(1));
    assert_eq!(pay_order(&r, 7).await, Ok(1));
}
