//! Owners that vanish: dropped, panicked, cut, stalled, leaked.

use std::cell::Cell;
use std::pin::pin;

use super::*;

const NEVER: Duration = Duration::from_secs(1 << 30);
const STRICT: IdempotentPolicy = PLAIN.on_abandon(OnAbandon::Indeterminate);

async fn hang() -> Answered<u8> {
    sleep(NEVER).await;
    Ok(0u8)
}

async fn ask(store: &'static MemoryStore, policy: &IdempotentPolicy, answer: u8) -> Answered<u8> {
    call(store, policy, key("a"), async { Ok(answer) }).await
}

#[tokio::test(start_paused = true)]
async fn a_dropped_owner_is_succeeded_at_once() {
    let (store, heard) = (store(), listen());
    {
        let mut owner = pin!(call(store, &PLAIN, key("a"), hang()));
        begin_to_run(owner.as_mut()).await;
    }
    assert_eq!(heard.take(), [IdempotencyEvent::Abandoned]);
    assert_eq!(ask(store, &PLAIN, 2).await, Ok(2));
    assert_eq!(heard.take(), [IdempotencyEvent::TakenOver]);
}

#[tokio::test(start_paused = true)]
async fn indeterminate_after_a_drop_never_starts_again() {
    let store = store();
    {
        let mut owner = pin!(call(store, &STRICT, key("a"), hang()));
        begin_to_run(owner.as_mut()).await;
    }
    for _ in 0..3 {
        let e = refused(ask(store, &STRICT, 2).await);
        assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
        sleep(LEASE * 100).await;
    }
    sleep(STRICT.ttl).await;
    assert_eq!(ask(store, &STRICT, 3).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn indeterminate_after_a_cut_attempt_never_starts_again() {
    let (store, heard) = (store(), listen());
    let limit = Duration::from_secs(1);
    let cut = call_cut(store, &STRICT, key("a"), limit, hang()).await;
    assert!(matches!(cut, Err(ShopError::Resil(Error::Timeout { .. }))));
    assert_eq!(heard.take(), [IdempotencyEvent::Abandoned]);
    let again = refused(call_cut::<u8>(store, &STRICT, key("a"), limit, async { panic!() }).await);
    assert!(matches!(again, IdempotencyError::Indeterminate { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_body_after_a_cut_attempt_does_not_free_the_key() {
    let store = store();
    let declined = stack(store, &STRICT, key("a"), None, async |state, gate| {
        // A retry: the first attempt is cut, the second one declined.
        tokio::select! {
            biased;
            _ = watch(hang(), state) => unreachable!(),
            () = sleep(LEASE) => {}
        }
        wrap_body(watch(async { Err(ShopError::Declined) }, state).await, gate)
    });
    assert_eq!(declined.await, Err::<u8, _>(ShopError::Declined));
    let e = refused(ask(store, &STRICT, 2).await);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
}

#[tokio::test(start_paused = true)]
async fn an_ok_after_a_cut_attempt_is_recorded() {
    let store = store();
    let ok = stack(store, &STRICT, key("a"), None, async |state, gate| {
        tokio::select! {
            biased;
            _ = watch(hang(), state) => unreachable!(),
            () = sleep(LEASE) => {}
        }
        wrap_body(watch(async { Ok(1u8) }, state).await, gate)
    });
    assert_eq!(ok.await, Ok(1));
    assert_eq!(ask(store, &STRICT, 2).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_new_claim_forgets_the_cuts_of_the_one_before() {
    // Below `retry` every attempt claims anew, with one state for the whole call.
    let store = store();
    let site = IdempotentSite::new(&SITE, None);
    let gate = conversions::<Answered<u8>, u8, ShopError>();
    let codec = recorded::<Answered<u8>, u8, ShopError>();
    let state = CallState::new();
    let claim = async || match site
        .of(None)
        .begin_in(store, &PLAIN, key("a"), None, codec, &state)
        .await
    {
        ClaimOutcome::Run(claim) => claim,
        other => panic!("{other:?}"),
    };
    {
        let cut = claim()
            .await
            .run(async { wrap_body(watch(hang(), &state).await, gate) });
        begin_to_run(pin!(cut)).await;
    }
    assert!(state.attempt_was_dropped());
    let heard = listen();
    let declined = claim().await.run(async {
        wrap_body(
            watch(async { Err(ShopError::Declined) }, &state).await,
            gate,
        )
    });
    assert!(declined.await.is_err());
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::TakenOver, IdempotencyEvent::Released]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_before_its_body_began_frees_the_key() {
    let (store, heard) = (store(), listen());
    {
        // It waits for a place in a bulkhead, say.
        let mut owner = pin!(stack(
            store,
            &STRICT,
            key("a"),
            None,
            async |state, gate| {
                sleep(NEVER).await;
                wrap_body(watch(hang(), state).await, gate)
            }
        ));
        begin_to_run(owner.as_mut()).await;
    }
    assert_eq!(heard.take(), [IdempotencyEvent::Released]);
    assert_eq!(ask(store, &STRICT, 2).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_panic_abandons_and_goes_on() {
    for (policy, again) in [(PLAIN, true), (STRICT, false)] {
        let (store, heard) = (store(), listen());
        let bang = async {
            sleep(LEASE).await;
            panic!("bang")
        };
        let panic = caught(call::<u8>(store, &policy, key("a"), bang)).await;
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"bang"));
        assert_eq!(heard.take(), [IdempotencyEvent::Abandoned]);
        assert_eq!(ask(store, &policy, 2).await == Ok(2u8), again);
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_is_gone_before_its_key_is_abandoned() {
    struct Sees<'a>(&'a Heard, &'a Cell<bool>);
    impl Drop for Sees<'_> {
        fn drop(&mut self) {
            self.1.set(self.0.events.lock().unwrap().is_empty());
        }
    }
    let (store, heard, first) = (store(), listen(), Cell::new(false));
    {
        let sees = Sees(&heard, &first);
        let mut owner = pin!(call(store, &PLAIN, key("a"), async {
            let _sees = sees;
            hang().await
        }));
        begin_to_run(owner.as_mut()).await;
    }
    assert!(first.get());
    assert_eq!(heard.take(), [IdempotencyEvent::Abandoned]);
}

#[tokio::test(start_paused = true)]
async fn d17_a_leaked_owner_frees_its_key_when_its_lease_ends() {
    let (store, heard) = (store(), listen());
    let mut owner = Box::pin(call(store, &PLAIN, key("a"), hang()));
    begin_to_run(owner.as_mut()).await;
    std::mem::forget(owner);
    let t = clock::now();
    assert_eq!(ask(store, &PLAIN, 2).await, Ok(2));
    let waited = clock::now() - t;
    assert!(waited >= LEASE && waited < LEASE + Duration::from_millis(2));
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::Waiting, IdempotencyEvent::TakenOver]
    );
}

#[tokio::test(start_paused = true)]
async fn d18_a_stalled_owner_is_dropped_where_it_stands() {
    let (store, heard) = (store(), listen());
    let went_on = Cell::new(false);
    let mut owner = pin!(call(store, &PLAIN, key("a"), async {
        sleep(LEASE / 2).await;
        went_on.set(true);
        Ok(1u8)
    }));
    begin_to_run(owner.as_mut()).await;
    sleep(LEASE).await;
    assert_eq!(ask(store, &PLAIN, 2).await, Ok(2));
    let e = refused(owner.await);
    assert!(matches!(e, IdempotencyError::LeaseLost { .. }), "{e}");
    assert!(!went_on.get());
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::TakenOver, IdempotencyEvent::LeaseLost]
    );
    assert_eq!(ask(store, &PLAIN, 3).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn d18_a_stalled_owner_that_nobody_succeeded_goes_on() {
    for policy in [PLAIN, STRICT] {
        let store = store();
        let mut owner = pin!(call(store, &policy, key("a"), async {
            sleep(LEASE / 2).await;
            Ok(1u8)
        }));
        begin_to_run(owner.as_mut()).await;
        sleep(LEASE * 2).await;
        assert_eq!(owner.await, Ok(1));
        assert_eq!(ask(store, &policy, 2).await, Ok(1));
    }
}

#[tokio::test(start_paused = true)]
async fn d18_a_late_result_is_its_callers_and_is_not_recorded() {
    let (store, heard) = (store(), listen());
    let owner = call(store, &PLAIN, key("a"), async {
        // It blocks its thread for longer than its lease, and another one comes.
        let other = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build();
            runtime.unwrap().block_on(async {
                tokio::time::advance(LEASE * 2).await;
                ask(store, &PLAIN, 2).await
            })
        });
        assert_eq!(other.join().unwrap(), Ok(2));
        Ok(1u8)
    });
    assert_eq!(owner.await, Ok(1));
    assert_eq!(heard.take(), [IdempotencyEvent::LeaseLost]);
    assert_eq!(ask(store, &PLAIN, 3).await, Ok(2));
}
