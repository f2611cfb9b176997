//! Results: which are recorded and replayed, for how long, and which can not be kept.

use std::cell::Cell;
use std::time::Duration;

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did, NotRecordedReason};
use resil::{idempotent, retry, timeout};
use serde::{Deserialize, Serialize};
use tokio::time::{advance, sleep};

use super::support::{Events, Fault, Record, ms, poll_once};
use super::{did, refused};
use std::pin::pin;

// Replays.

#[tokio::test(start_paused = true)]
async fn results_of_every_shape_come_back_as_they_were() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Receipt {
        Paid { cents: i64, note: Option<String> },
        Open(f64),
    }
    #[idempotent(key = k)]
    async fn pay(r: &Record, k: u32, out: &Receipt) -> Result<Receipt, Fault> {
        r.attempt();
        Ok(out.clone())
    }
    #[idempotent(key = k)]
    async fn unit(r: &Record, k: u32) -> Result<(), Fault> {
        r.attempt();
        Ok(())
    }
    #[idempotent(key = k)]
    async fn nothing(r: &Record, k: u32) -> Result<Option<u32>, Fault> {
        r.attempt();
        Ok(None)
    }
    let r = Record::new();
    let note = Some("\"Grüße\"\n".into());
    let receipts = [Receipt::Paid { cents: -1, note }, Receipt::Open(0.1)];
    for (k, receipt) in (0..).zip(&receipts) {
        for _ in 0..2 {
            assert_eq!(pay(&r, k, receipt).await.as_ref(), Ok(receipt));
        }
    }
    for _ in 0..2 {
        assert_eq!(unit(&r, 0).await, Ok(()));
        assert_eq!(nothing(&r, 0).await, Ok(None));
    }
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_replayed_for_its_ttl_from_its_recording_on() {
    #[idempotent(key = k, ttl = 10s)]
    async fn for_ten_seconds(r: &Record, k: u32) -> Result<u32, Fault> {
        sleep(ms(4_000)).await;
        Ok(r.attempt())
    }
    #[idempotent(key = k)]
    async fn for_a_day(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(1));
    advance(ms(9_999)).await;
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(1));
    advance(ms(1)).await;
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(2));
    // A day by default.
    assert_eq!(for_a_day(&r, 1).await, Ok(3));
    advance(Duration::from_secs(86_399)).await;
    assert_eq!(for_a_day(&r, 1).await, Ok(3));
    advance(Duration::from_secs(1)).await;
    assert_eq!(for_a_day(&r, 1).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn constants_serve_as_ttl_and_lease() {
    const TTL: Duration = ms(1_000);
    trait Times {
        const LEASE: Duration;
    }
    struct Short;
    impl Times for Short {
        const LEASE: Duration = ms(60);
    }
    #[idempotent(key = String::from("the only one"), ttl = TTL, lease = T::LEASE, conflict = reject)]
    async fn constants<T: Times + Sync>(r: &Record, _: T, takes: Duration) -> Result<u32, Fault> {
        sleep(takes).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    let mut owner = pin!(constants(&r, Short, ms(10)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let e = refused(constants(&r, Short, ms(0)).await);
    assert_eq!(e.retry_after(), Some(ms(60)));
    assert_eq!(owner.await, Ok(1));
    advance(ms(999)).await;
    assert_eq!(constants(&r, Short, ms(0)).await, Ok(1));
    advance(ms(1)).await;
    assert_eq!(constants(&r, Short, ms(0)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_replay_touches_nothing_below() {
    #[idempotent(key = k)]
    #[timeout({ limits.set(limits.get() + 1); ms(1_000) })]
    #[retry(max = 3, base = 1ms)]
    async fn replayed(r: &Record, k: u32, limits: &Cell<u32>) -> Result<u32, Fault> {
        sleep(ms(5)).await;
        match r.attempt() {
            n if n < 3 => Err(Fault::Network(n)),
            n => Ok(n),
        }
    }
    let events = Events::of("idempotent::results::replayed");
    let (r, limits) = (Record::new(), Cell::new(0));
    assert_eq!(replayed(&r, 1, &limits).await, Ok(3));
    // Two failures, and the success after them.
    assert_eq!((r.count(), limits.get(), events.all().len()), (3, 1, 3));
    let at = r.elapsed();
    assert_eq!(replayed(&r, 1, &limits).await, Ok(3));
    assert_eq!((r.count(), limits.get(), r.elapsed()), (3, 1, at));
    assert_eq!(events.all().len(), 4);
    assert_eq!(did(&events), [Did::Replayed]);
}

// Results that can't be kept.

const LIMIT: usize = 256 * 1024;

#[tokio::test(start_paused = true)]
async fn a_result_above_256_kib_is_its_callers_and_never_runs_again() {
    #[idempotent(key = k)]
    async fn large(r: &Record, k: u32, len: usize) -> Result<String, Fault> {
        r.attempt();
        Ok("x".repeat(len))
    }
    let events = Events::of("idempotent::results::large");
    let r = Record::new();
    // As JSON, with its two quotes.
    assert_eq!(large(&r, 1, LIMIT - 2).await.unwrap().len(), LIMIT - 2);
    assert_eq!(large(&r, 1, 0).await.unwrap().len(), LIMIT - 2);
    assert_eq!(large(&r, 2, LIMIT - 1).await.unwrap().len(), LIMIT - 1);
    for _ in 0..2 {
        let e = refused(large(&r, 2, 0).await);
        assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
    }
    assert_eq!(r.count(), 2);
    let expected = [
        Did::Replayed,
        Did::NotRecorded(NotRecordedReason::TooLarge),
        Did::NotStored,
        Did::NotStored,
    ];
    assert_eq!(did(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_decode_is_undecodable_and_never_runs_again() {
    #[derive(Debug, PartialEq, Serialize)]
    struct OneWay(u32);
    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("never"))
        }
    }
    #[idempotent(key = k)]
    async fn undecodable(r: &Record, k: u32) -> Result<OneWay, Fault> {
        Ok(OneWay(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(undecodable(&r, 1).await, Ok(OneWay(1)));
    for _ in 0..2 {
        let e = refused(undecodable(&r, 1).await);
        assert!(matches!(e, IdempotencyError::Undecodable { .. }), "{e}");
    }
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_encode_is_not_stored_and_never_runs_again() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Unencodable(u32);
    impl Serialize for Unencodable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    #[idempotent(key = k)]
    async fn unencodable(r: &Record, k: u32) -> Result<Unencodable, Fault> {
        Ok(Unencodable(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(unencodable(&r, 1).await, Ok(Unencodable(1)));
    let e = refused(unencodable(&r, 1).await);
    assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
    assert_eq!(r.count(), 1);
}

// Nested calls.

#[tokio::test(start_paused = true)]
async fn q11_nested_calls_with_one_key_keep_their_own_records() {
    #[idempotent(key = k)]
    async fn inside(r: &Record, k: u32) -> Result<String, Fault> {
        r.attempt();
        Ok("inside".into())
    }
    #[idempotent(key = k)]
    async fn outside(r: &Record, k: u32) -> Result<String, Fault> {
        r.attempt();
        Ok(format!("outside of {}", inside(r, k).await?))
    }
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(outside(&r, 1).await.unwrap(), "outside of inside");
        assert_eq!(inside(&r, 1).await.unwrap(), "inside");
    }
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_json_would_change_is_not_stored_and_a_float_is_the_same() {
    #[allow(clippy::option_option, reason = "JSON writes both nothings alike")]
    #[idempotent(key = k)]
    async fn changed(k: u32) -> Result<Option<Option<f64>>, Fault> {
        let results = [
            Some(Some(907.303_832_202_868_9)),
            Some(None),
            Some(Some(f64::NAN)),
        ];
        Ok(results[k as usize])
    }
    let events = Events::of("idempotent::results::changed");
    let first = changed(0).await;
    assert_eq!(changed(0).await, first);
    for k in [1, 2] {
        assert!(changed(k).await.is_ok());
        let e = refused(changed(k).await);
        assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
    }
    let not_recorded = Did::NotRecorded(NotRecordedReason::Unfaithful);
    let expected = [
        Did::Replayed,
        not_recorded,
        Did::NotStored,
        not_recorded,
        Did::NotStored,
    ];
    assert_eq!(did(&events), expected);
}
