//! Where the attribute stands: one claim around all attempts, or one for each.

use resil::idempotency::IdempotencyEvent as Did;
use resil::{idempotent, retry, timeout};
use tokio::time::sleep;

use super::support::{Events, Fault, Record, ms};
use super::{Do, act, did};

#[tokio::test(start_paused = true)]
async fn written_first_it_holds_one_claim_around_all_attempts() {
    #[idempotent(key = k)]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn one_claim(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Fail).await
    }
    let events = Events::of("idempotent::place::one_claim");
    let r = Record::new();
    assert_eq!(one_claim(&r, 1).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released], "once, after all attempts");
    // Nobody gets in between two attempts.
    let both = tokio::join!(one_claim(&r, 1), one_claim(&r, 1));
    assert_eq!(both, (Err(Fault::Network(6)), Err(Fault::Network(9))));
    assert_eq!(r.times()[3..], [200, 300, 400, 400, 500, 600]);
}

#[tokio::test(start_paused = true)]
async fn below_retry_every_attempt_claims_anew() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[idempotent(key = k)]
    async fn claims_anew(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let events = Events::of("idempotent::place::claims_anew");
    let r = Record::new();
    assert_eq!(claims_anew(&r, 1, Do::Fail).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released; 3]);
    // Another caller gets in between two attempts, and the retry is answered by its result.
    let other = async {
        sleep(ms(50)).await;
        claims_anew(&r, 1, Do::Succeed).await
    };
    let both = tokio::join!(claims_anew(&r, 1, Do::Fail), other);
    assert_eq!(both, (Ok(5), Ok(5)));
    assert_eq!(r.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn below_retry_a_cut_attempt_is_taken_over_by_the_next() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    #[idempotent(key = k)]
    async fn retaken(r: &Record, k: u32) -> Result<u32, Fault> {
        let what = if r.count() == 0 {
            Do::Hang
        } else {
            Do::Succeed
        };
        act(r, what).await
    }
    let events = Events::of("idempotent::place::retaken");
    let r = Record::new();
    assert_eq!(retaken(&r, 1).await, Ok(2));
    assert_eq!(r.times(), [0, 1_100]);
    assert_eq!(did(&events), [Did::Abandoned, Did::TakenOver]);
    assert_eq!(retaken(&r, 1).await, Ok(2));
}
