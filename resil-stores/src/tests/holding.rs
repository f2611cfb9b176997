//! The lease: signs of life, the end of a body that can't give one, and what a body knows of it.

use super::*;
use resil_runtime::clock::now;

/// Notes when it is dropped.
struct Dropped(Arc<Mutex<Option<clock::Instant>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(now());
    }
}

async fn long() -> Kept<u8> {
    sleep(LEASE * 30).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_runs_thirty_times_its_lease_keeps_it() {
    let flaky = Flaky::sound();
    let (one, two) = (Shared::new(flaky.clone()), Shared::new(flaky.clone()));
    let owner = tokio::spawn(async move { call_on(&one, &PLAIN, key("a"), long()).await });
    sleep(ms(1)).await;
    let other = call_on(&two, &PLAIN, key("a"), async { Ok(2) }).await;
    assert_eq!((owner.await.unwrap(), other), (Ok(1), Ok(1)));
    assert_eq!(flaky.count(Step::Renew), 90);
}

#[tokio::test(start_paused = true)]
async fn a_lost_renewal_is_sent_again() {
    let flaky = Flaky::sound();
    let mut n = 0;
    flaky.plan(move |step| {
        n += 1;
        Fate {
            lost_request: step == Step::Renew && n % 3 != 0,
            hangs: n % 2 == 0,
            ..Fate::default()
        }
    });
    let shared = Shared::new(flaky);
    assert_eq!(call_on(&shared, &PLAIN, key("a"), long()).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_body_is_gone_before_its_lease_can_end() {
    for hangs in [false, true] {
        let (flaky, heard) = (Flaky::sound(), listen());
        let shared = Shared::new(flaky.clone());
        let gone = Arc::new(Mutex::new(None));
        let (dropped, start) = (Dropped(Arc::clone(&gone)), now());
        flaky.plan(move |step| Fate {
            lost_request: step == Step::Renew,
            hangs,
            ..Fate::default()
        });
        let body = async {
            let _dropped = dropped;
            long().await
        };
        let answer = call_on(&shared, &PLAIN, key("a"), body).await;
        assert!(matches!(
            refusal(answer),
            IdempotencyError::LeaseLost { .. }
        ));
        let gone = gone.lock().unwrap().expect("dropped");
        assert_eq!(gone - start, LEASE * 9 / 10);
        assert_eq!(heard.take(), [IdempotencyEvent::LeaseLost]);
        // Nobody else began before that.
        flaky.back();
        assert_eq!(
            call_on(&shared, &PLAIN, key("a"), async { Ok(2) }).await,
            Ok(2)
        );
        assert!(now() - start >= LEASE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_taken_over_goes_not_one_step_further() {
    let memory = Memory::default();
    let flaky = Flaky::new(memory.clone(), |_| Fate::default());
    let (one, two) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let owner = tokio::spawn(async move { call_on(&one, &PLAIN, key("a"), long()).await });
    sleep(ms(1)).await;
    // The store's clock jumps: the lease is over sooner than its owner can know.
    memory.jump(LEASE);
    assert_eq!(
        call_on(&two, &PLAIN, key("a"), async { Ok(2) }).await,
        Ok(2)
    );
    let answer = owner.await.unwrap();
    assert!(matches!(
        refusal(answer),
        IdempotencyError::LeaseLost { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_slow_is_renewed_before_the_body_runs() {
    let flaky = Flaky::sound();
    flaky.plan(|step| Fate {
        after: if step == Step::Claim {
            LEASE * 2 / 3
        } else {
            Duration::ZERO
        },
        ..Fate::default()
    });
    let shared = Shared::new(flaky.clone());
    let start = now();
    let body = async {
        assert_eq!(flaky.count(Step::Renew), 1);
        sleep(LEASE * 8 / 10).await;
        Ok(1)
    };
    assert_eq!(call_on(&shared, &PLAIN, key("a"), body).await, Ok(1));
    assert_eq!(now() - start, LEASE * 2 / 3 + LEASE * 8 / 10);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_nobody_knows_of_is_given_back() {
    for on_abandon in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let policy = PLAIN.on_abandon(on_abandon);
        let flaky = Flaky::sound();
        // The answer of the first claim is lost; of the second, the caller is.
        let mut claims = 0;
        flaky.plan(move |step| {
            claims += u32::from(step == Step::Claim);
            Fate {
                lost_reply: step == Step::Claim && claims == 1,
                after: if step == Step::Claim && claims == 2 {
                    ms(5_000)
                } else {
                    ms(0)
                },
                ..Fate::default()
            }
        });
        let shared = Shared::new(flaky.clone());
        let answer = call_on(&shared, &policy, key("a"), async { Ok(1) }).await;
        assert!(matches!(refusal(answer), IdempotencyError::Store { .. }));
        shared.drain().await;
        let mut call = Box::pin(call_on(&shared, &policy, key("a"), async { Ok(2) }));
        begin_to_run(call.as_mut()).await;
        drop(call);
        shared.drain().await;
        let start = now();
        assert_eq!(
            call_on(&shared, &policy, key("a"), async { Ok(3) }).await,
            Ok(3)
        );
        assert_eq!(now(), start);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_can_ask_for_its_key_and_fence() {
    let shared = memory();
    assert_eq!(current(), None);
    let inner = shared.clone().namespace("inner");
    let body = async {
        let outside = current().expect("under a claim");
        tokio::task::yield_now().await;
        assert_eq!(current(), Some(outside));
        let inside = call_on(&inner, &PLAIN, key("a"), async {
            let inside = current().expect("under a claim");
            assert_ne!(inside.key(), outside.key());
            sleep(ms(10)).await;
            assert_eq!(current(), Some(inside));
            Ok(inside.fence())
        });
        let fence = inside.await?;
        assert_eq!(current(), Some(outside));
        assert!(tokio::spawn(async { current() }).await.unwrap().is_none());
        // A task of its own too, although it is polled inside of the body's poll.
        let driven = tokio::task::LocalSet::new();
        let inner = driven.spawn_local(async { current() });
        driven.await;
        assert!(inner.await.unwrap().is_none());
        Ok((outside.key(), outside.fence(), fence))
    };
    let (hash, fence, inside) = call_on(&shared, &PLAIN, key("a"), body).await.unwrap();
    assert_eq!((hash.len(), current()), (64, None));
    assert_ne!(fence, inside);
    let known = shared.lookup(KeyOf::new("charge").part("a")).await.unwrap();
    assert_eq!(known.map(|s| s.fence()), Some(fence));
    // In memory without a shared store the same key has the same hash.
    let body = async { Ok(current().expect("under a claim").key()) };
    let gate = conversions::<Kept<String>, String, Declined>();
    let state = CallState::new();
    let plain = memory::IdempotentSite::new(&SITE, Some("charge"))
        .of(None)
        .begin(
            &PLAIN,
            key("a"),
            None,
            memory::recorded::<Kept<String>, _, _>(),
            &state,
        )
        .run(async { wrap_body(body.await, gate) })
        .await;
    assert_eq!(into_return(plain, gate), Ok(hash));
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_no_claim_behind_in_the_thread() {
    let shared = memory();
    let panics = caught(call_on::<u8>(&shared, &PLAIN, key("a"), async {
        panic!("boom")
    }))
    .await;
    assert!(panics.is_err());
    assert_eq!(current(), None);
    shared.drain().await;
    assert_eq!(
        call_on(&shared, &PLAIN, key("a"), async { Ok(2) }).await,
        Ok(2)
    );
}
