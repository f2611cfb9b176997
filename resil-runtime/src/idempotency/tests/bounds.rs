//! What the store may hold.

use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::extremes::{cases, durations};
use crate::idempotency::capacity::{Capacity, Room};
use crate::idempotency::key::{Key, Scope};
use crate::idempotency::records::{Answer, Records, Request};
use crate::idempotency::store::{Outcome, Recorded};

async fn ok(store: &'static MemoryStore, k: u64) -> Answered<u64> {
    call(store, &PLAIN, key(&k), async move { Ok(k) }).await
}

#[tokio::test(start_paused = true)]
async fn d16_a_million_keys_stay_under_the_cap() {
    let store = store_of(MemoryLimits::new().entries(5_000).bytes(8 << 20));
    let scope = Scope {
        name: "shop::charge",
        site: 7,
        result: "u64",
        instance: None,
    };
    for k in 0..1_000_000u64 {
        let key = Arc::new(Key::new(scope, k.to_le_bytes().to_vec()));
        let request = Request {
            token: k.into(),
            fingerprint: None,
            lease: LEASE,
            ttl: PLAIN.ttl,
            on_abandon: OnAbandon::Retry,
        };
        let claimed = store.claim(&key, &request);
        assert!(matches!(claimed, Some(Answer::Claimed { .. })));
        // A third of them each: done, abandoned, leaked.
        match k % 3 {
            0 => {
                let recorded = Recorded::new(Outcome::Ok, vec![0; 100], "json", 1);
                let done = store.complete(&key, request.token, recorded, PLAIN.ttl);
                assert_eq!(done, Ok(true));
            }
            1 => assert_eq!(store.abandon(&key, request.token), Ok(())),
            _ => {}
        }
        if k % 1_000 == 0 {
            let (entries, bytes) = store.held();
            assert!(entries <= 5_000 && bytes <= 8 << 20);
            tokio::time::advance(LEASE).await;
        }
    }
    let (entries, bytes) = store.held();
    assert_eq!(entries, 5_000);
    assert!(bytes <= 8 << 20);
}

#[tokio::test(start_paused = true)]
async fn d16_the_oldest_results_go_first_and_it_is_told() {
    let (store, heard) = (store_of(MemoryLimits::new().entries(3)), listen());
    for k in 0..3 {
        ok(store, k).await.unwrap();
    }
    assert_eq!(heard.take(), []);
    ok(store, 3).await.unwrap();
    assert_eq!(heard.take(), [IdempotencyEvent::Evicted]);
    for k in 1..4 {
        ok(store, k).await.unwrap();
        assert_eq!(heard.take(), [IdempotencyEvent::Replayed]);
    }
    ok(store, 0).await.unwrap();
    assert_eq!(heard.take(), [IdempotencyEvent::Evicted]);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_goes_before_a_live_result() {
    let (store, heard) = (store_of(MemoryLimits::new().entries(2)), listen());
    let short = PLAIN.ttl(Duration::from_secs(1));
    ok(store, 1).await.unwrap();
    call(store, &short, key(&2u64), async { Ok(2u64) })
        .await
        .unwrap();
    sleep(Duration::from_secs(2)).await;
    ok(store, 3).await.unwrap();
    assert_eq!(heard.take(), []);
    ok(store, 1).await.unwrap();
    assert_eq!(heard.take(), [IdempotencyEvent::Replayed]);
}

#[tokio::test(start_paused = true)]
async fn a_store_full_of_claims_refuses_and_one_that_died_makes_room() {
    let store = store_of(MemoryLimits::new().entries(2));
    let hang = || async {
        sleep(Duration::from_secs(1 << 30)).await;
        Ok(0)
    };
    let mut a = Box::pin(call(store, &PLAIN, key("a"), hang()));
    let mut b = Box::pin(call(store, &PLAIN, key("b"), hang()));
    begin_to_run(a.as_mut()).await;
    begin_to_run(b.as_mut()).await;
    let e = refused(ok(store, 1).await);
    assert!(matches!(e, IdempotencyError::Full { .. }), "{e}");
    std::mem::forget(a);
    sleep(LEASE).await;
    assert_eq!(ok(store, 1).await, Ok(1));
    // The other one stood still just as long, and still has its key.
    std::mem::forget(b);
}

#[tokio::test(start_paused = true)]
async fn an_indeterminate_claim_is_kept_for_its_ttl_even_if_the_store_is_full() {
    let store = store_of(MemoryLimits::new().entries(1));
    let strict = PLAIN.on_abandon(OnAbandon::Indeterminate);
    {
        let hang = std::future::pending::<Answered<u64>>();
        let mut owner = std::pin::pin!(call(store, &strict, key("a"), hang));
        begin_to_run(owner.as_mut()).await;
    }
    sleep(LEASE * 2).await;
    let e = refused(ok(store, 1).await);
    assert!(matches!(e, IdempotencyError::Full { .. }), "{e}");
    let e = refused(call(store, &strict, key("a"), async { Ok(2u64) }).await);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
    sleep(strict.ttl).await;
    assert_eq!(ok(store, 1).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn d17_a_called_waiter_that_finds_no_room_hands_on_its_call() {
    let store = store_of(MemoryLimits::new().entries(1));
    let (decline, declined) = tokio::sync::oneshot::channel::<()>();
    let mut owner = Box::pin(call::<u64>(store, &PLAIN, key("a"), async {
        declined.await.unwrap();
        Err(ShopError::Declined)
    }));
    begin_to_run(owner.as_mut()).await;
    let ask = |k| Box::pin(call::<u64>(store, &PLAIN, key(k), std::future::pending()));
    let (mut first, mut second) = (ask("a"), ask("a"));
    begin_to_run(first.as_mut()).await;
    begin_to_run(second.as_mut()).await;
    decline.send(()).unwrap();
    assert!(owner.await.is_err());
    // Another key takes the room that the owner left, before the waiters are polled.
    let mut other = ask("b");
    begin_to_run(other.as_mut()).await;
    let t = clock::now();
    for waiter in [&mut first, &mut second] {
        let e = refused(waiter.await);
        assert!(matches!(e, IdempotencyError::Full { .. }), "{e}");
    }
    assert_eq!(clock::now(), t);
}

#[tokio::test(start_paused = true)]
async fn d16_long_keys_count() {
    let store = store_of(MemoryLimits::new().bytes(100_000));
    for k in 0..100 {
        let long = format!("{k:020000}");
        let body = async { Ok(1u8) };
        call(store, &PLAIN, key(&long), body).await.unwrap();
    }
    let (entries, bytes) = store.held();
    assert!(entries <= 4 && bytes > 20_000, "{entries} {bytes}");
}

#[tokio::test(start_paused = true)]
async fn d16_bytes_are_bounded_too() {
    let limits = MemoryLimits::new().bytes(20_000).max_result(30_000);
    let store = store_of(limits);
    for k in 0..100u64 {
        let body = async { Ok("x".repeat(5_000)) };
        call(store, &PLAIN, key(&k), body).await.unwrap();
        assert!(store.held().1 <= 20_000);
    }
    // One that never fits evicts nothing.
    let (before, _) = store.held();
    let heard = listen();
    let large = async { Ok("x".repeat(25_000)) };
    call(store, &PLAIN, key("large"), large).await.unwrap();
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::NotRecorded(NotRecordedReason::NoRoom)]
    );
    assert_eq!(store.held().0, before + 1);
    let again = call::<String>(store, &PLAIN, key("large"), async { panic!() }).await;
    assert!(matches!(refused(again), IdempotencyError::NotStored { .. }));
}

proptest::proptest! {
    #![proptest_config(cases())]

    /// The key is held as long as its lease, and the result replayed as long as its ttl.
    #[test]
    fn spans_of_any_length_do_not_overflow(
        (lease, ttl, later) in (durations(), durations(), durations()),
    ) {
        let lease = lease.max(Duration::from_millis(30));
        let ttl = ttl.max(Duration::from_nanos(1));
        let policy = PLAIN.lease(lease).ttl(ttl);
        let claim = |token| Request {
            token,
            fingerprint: None,
            lease: policy.lease,
            ttl: policy.ttl,
            on_abandon: policy.on_abandon,
        };
        let capacity = Arc::new(Capacity::new(9, usize::MAX));
        let room = || Room::take(&capacity, 1, 1);
        let scope = Scope { name: "any", site: 1, result: "u8", instance: None, };
        let key = Arc::new(Key::new(scope, vec![1]));
        let mut records = Records::new();
        let now = clock::now();
        let then = clock::add(now, later);
        let first = records.claim(&key, &claim(1), now, room);
        prop_assert!(matches!(first, Answer::Claimed { .. }), "{first:?}");
        let second = records.claim(&key, &claim(2), then, room);
        let held = then < clock::add(now, lease);
        prop_assert_eq!(matches!(second, Answer::Busy { .. }), held);
        let owner = if held { 1 } else { 2 };
        prop_assert!(records.renew(&key, owner, (lease, ttl), then).is_ok());
        let done = records.complete(&key, owner, Recorded::not_stored("json", 1), None, (ttl, then));
        prop_assert!(done.is_ok());
        let end = clock::add(then, later);
        let third = records.claim(&key, &claim(3), end, room);
        let replayed = end < clock::add(then, ttl);
        prop_assert_eq!(matches!(third, Answer::Done(_)), replayed);
    }
}
