//! How a claim ends: recorded, released, abandoned, each also when the caller or the store is gone.

use super::*;
use resil_runtime::clock::now;

const STRICT: IdempotentPolicy = PLAIN.on_abandon(OnAbandon::Indeterminate);

async fn again(shared: &Shared, policy: &IdempotentPolicy) -> Kept<u8> {
    call_on(shared, policy, key("a"), async { Ok(9) }).await
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_can_not_lose_what_is_being_recorded() {
    let flaky = Flaky::sound();
    flaky.plan(|step| Fate {
        before: if step == Step::Complete {
            ms(500)
        } else {
            ms(0)
        },
        ..Fate::default()
    });
    let shared = Shared::new(flaky);
    let mut call = Box::pin(call_on(&shared, &STRICT, key("a"), async { Ok(1) }));
    begin_to_run(call.as_mut()).await;
    drop(call);
    shared.drain().await;
    drain().await;
    assert_eq!(again(&shared, &STRICT).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_gets_its_value_when_it_is_recorded_and_not_before() {
    let flaky = Flaky::sound();
    flaky.plan(|step| Fate {
        after: if step == Step::Complete {
            ms(500)
        } else {
            ms(0)
        },
        ..Fate::default()
    });
    let (shared, start) = (Shared::new(flaky), now());
    assert_eq!(again(&shared, &PLAIN).await, Ok(9));
    assert_eq!(now() - start, ms(500));
}

#[tokio::test(start_paused = true)]
async fn recording_is_tried_again_until_the_lease_ends() {
    let (flaky, heard) = (Flaky::sound(), listen());
    let shared = Shared::new(flaky.clone());
    let (start, away) = (now(), flaky.clone());
    let body = async move {
        away.away();
        Ok(1)
    };
    let back = flaky.clone();
    tokio::spawn(async move {
        sleep(ms(10_000)).await;
        back.back();
    });
    assert_eq!(call_on(&shared, &STRICT, key("a"), body).await, Ok(1));
    assert!(now() - start < ms(10_300));
    assert!(heard.take().is_empty());
    assert_eq!(again(&shared, &STRICT).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_could_not_be_recorded_is_the_callers_and_it_is_told() {
    let (flaky, heard) = (Flaky::sound(), listen());
    let shared = Shared::new(flaky.clone());
    let (start, away) = (now(), flaky.clone());
    let body = async move {
        away.away();
        Ok(1)
    };
    assert_eq!(call_on(&shared, &STRICT, key("a"), body).await, Ok(1));
    assert!(now() - start <= LEASE && now() - start + ms(300) > LEASE);
    // Told where the task runs: on this very thread.
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::NotRecorded(NotRecordedReason::StoreAway)]
    );
    flaky.back();
    sleep(LEASE).await;
    let answer = again(&shared, &STRICT).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::Indeterminate { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_completion_is_asked_for_again() {
    let flaky = Flaky::sound();
    let mut n = 0;
    flaky.plan(move |step| {
        n += u32::from(step == Step::Complete);
        Fate {
            lost_reply: step == Step::Complete && n < 4,
            ..Fate::default()
        }
    });
    let (shared, heard) = (Shared::new(flaky.clone()), listen());
    assert_eq!(again(&shared, &PLAIN).await, Ok(9));
    assert_eq!(flaky.count(Step::Complete), 4);
    assert!(heard.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_done_without_a_result() {
    let (shared, heard) = (memory().max_result(10), listen());
    let runs = std::cell::Cell::new(0);
    let body = || async {
        runs.set(runs.get() + 1);
        Ok("x".repeat(20))
    };
    assert_eq!(
        call_on(&shared, &PLAIN, key("a"), body())
            .await
            .unwrap()
            .len(),
        20
    );
    let answer = call_on(&shared, &PLAIN, key("a"), body()).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::NotStored { .. }
    ));
    assert_eq!(runs.get(), 1);
    assert_eq!(
        heard.take(),
        [
            IdempotencyEvent::NotRecorded(NotRecordedReason::TooLarge),
            IdempotencyEvent::NotStored
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_body_abandons_and_an_unpolled_one_releases() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone());
    let mut call = Box::pin(call_on(&shared, &PLAIN, key("a"), async {
        sleep(LEASE).await;
        Ok(1)
    }));
    begin_to_run(call.as_mut()).await;
    drop(call);
    shared.drain().await;
    assert_eq!(
        (flaky.count(Step::Abandon), flaky.count(Step::Release)),
        (1, 0)
    );
    let start = now();
    assert_eq!(again(&shared, &PLAIN).await, Ok(9));
    assert_eq!(now(), start);

    let mut call = Box::pin(call_on(&shared, &STRICT, key("b"), async {
        sleep(LEASE).await;
        Ok(1)
    }));
    begin_to_run(call.as_mut()).await;
    drop(call);
    shared.drain().await;
    let answer = call_on(&shared, &STRICT, key("b"), async { Ok(2) }).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::Indeterminate { .. }
    ));

    // An inside that ends before a body began: an open circuit.
    let before: Kept<u8> = stack_on(&shared, &STRICT, key("c"), None, false, async |_, _| {
        Err(Failure::Policy(Refusal::CircuitOpen {
            name: &"pay",
            retry_in: None,
        }))
    })
    .await;
    assert!(before.is_err());
    assert_eq!(
        call_on(&shared, &STRICT, key("c"), async { Ok(2) }).await,
        Ok(2)
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_abandons_whatever_comes_after_it() {
    let shared = memory();
    for keeps in [false, true] {
        let out: Kept<u8> = stack_on(
            &shared,
            &STRICT,
            key(&keeps),
            None,
            keeps,
            async |state, gate| {
                let slow = async {
                    sleep(ms(500)).await;
                    Ok(1)
                };
                let attempt = async { wrap_body(watch(slow, state).await, gate) };
                let _ = timeout(ms(100), attempt).await;
                wrap_body(watch(async { Err(Declined::Card(2)) }, state).await, gate)
            },
        )
        .await;
        assert_eq!(out, Err(Declined::Card(2)));
        let answer = call_on(&shared, &STRICT, key(&keeps), async { Ok(3) }).await;
        assert!(matches!(
            refusal(answer),
            IdempotencyError::Indeterminate { .. }
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_at_release_does_not_hold_up_the_error() {
    let flaky = Flaky::sound();
    let (shared, start, away) = (Shared::new(flaky.clone()), now(), flaky.clone());
    let body = async move {
        away.away();
        Err(Declined::Card(1))
    };
    let answer: Kept<u8> = call_on(&shared, &STRICT, key("a"), body).await;
    assert_eq!(answer, Err(Declined::Card(1)));
    assert_eq!(now(), start);
    sleep(ms(3_000)).await;
    flaky.back();
    // It is released as soon as the store is back.
    let waited = now();
    assert_eq!(again(&shared, &PLAIN).await, Ok(9));
    assert!(now() - waited < ms(600));
}

#[tokio::test(start_paused = true)]
async fn a_zombie_completes_nothing_and_keeps_its_value() {
    let memory = Memory::default();
    let flaky = Flaky::new(memory.clone(), |_| Fate::default());
    let (one, two) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let heard = listen();
    let body = async {
        memory.jump(LEASE);
        let other = call_on(&two, &PLAIN, key("a"), async { Ok(2) }).await;
        assert_eq!(other, Ok(2));
        Ok(1)
    };
    assert_eq!(call_on(&one, &PLAIN, key("a"), body).await, Ok(1));
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::TakenOver, IdempotencyEvent::LeaseLost]
    );
    assert_eq!(again(&one, &PLAIN).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_result_whose_serialize_panics_is_done_without_it() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Bomb;
    impl Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("boom")
        }
    }
    let shared = memory();
    assert!(
        caught(call_on(&shared, &PLAIN, key("a"), async { Ok(Bomb) }))
            .await
            .is_err()
    );
    shared.drain().await;
    let answer = again(&shared, &PLAIN).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::NotStored { .. }
    ));
}
