//! Who gets the key, who waits, who is refused, and what is replayed.

use super::*;
use resil_runtime::Deadline;
use resil_runtime::clock::now;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};

const REJECT: IdempotentPolicy = PLAIN.conflict(Conflict::Reject);

async fn slow(answer: u32) -> Kept<u32> {
    sleep(ms(1_000)).await;
    Ok(answer)
}

#[tokio::test(start_paused = true)]
async fn d18_a_hundred_calls_of_a_process_are_one_start_and_one_claim() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone());
    let calls: Vec<_> = (0..100)
        .map(|n| {
            let shared = shared.clone();
            tokio::spawn(async move { call_on(&shared, &PLAIN, key("a"), slow(n)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(0));
    }
    assert_eq!(
        (flaky.count(Step::Claim), flaky.count(Step::Complete)),
        (1, 1)
    );
    assert_eq!(shared.live.queues.len(), 0);
    assert_eq!(call_on(&shared, &PLAIN, key("a"), slow(7)).await, Ok(0));
    assert_eq!(call_on(&shared, &PLAIN, key("b"), slow(7)).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_of_another_process_polls_seldom_and_hears_soon() {
    let flaky = Flaky::sound();
    let (one, two) = (Shared::new(flaky.clone()), flaky.other(|_| Fate::default()));
    let start = now();
    let owner = tokio::spawn(async move {
        let body = async {
            sleep(LEASE * 3).await;
            Ok(1)
        };
        call_on(&one, &PLAIN, key("a"), body).await
    });
    sleep(ms(1)).await;
    let shared = Shared::new(two.clone());
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let shared = shared.clone();
            tokio::spawn(async move { call_on(&shared, &PLAIN, key("a"), slow(2)).await })
        })
        .collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Ok(1));
    }
    assert_eq!(owner.await.unwrap(), Ok(1));
    assert!(now() - start <= LEASE * 3 + ms(260));
    // Ninety seconds at 187 to 250 ms, by one of the twenty.
    let polls = two.count(Step::Claim);
    assert!((300..600).contains(&polls), "{polls}");
}

#[tokio::test(start_paused = true)]
async fn when_the_first_ones_error_is_forgotten_the_next_one_runs_and_the_others_wait() {
    let shared = memory();
    let runs = Arc::new(Mutex::new(0));
    let calls: Vec<_> = (0..10)
        .map(|n| {
            let (shared, runs) = (shared.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                let body = async {
                    *runs.lock().unwrap() += 1;
                    sleep(ms(100)).await;
                    if n < 2 { Err(Declined::Card(n)) } else { Ok(n) }
                };
                call_on(&shared, &PLAIN, key("a"), body).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert_eq!(*runs.lock().unwrap(), 3);
    assert_eq!(answers[0], Err(Declined::Card(0)));
    assert_eq!(answers[1], Err(Declined::Card(1)));
    assert!(answers[2..].iter().all(|a| *a == Ok(2)));
}

#[tokio::test(start_paused = true)]
async fn a_second_caller_is_rejected_where_it_is_so_written() {
    let flaky = Flaky::sound();
    let (one, two) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let owner = one.clone();
    let owner = tokio::spawn(async move { call_on(&owner, &PLAIN, key("a"), slow(1)).await });
    sleep(ms(1)).await;
    for shared in [&one, &two] {
        match refusal(call_on(shared, &REJECT, key("a"), slow(2)).await) {
            IdempotencyError::InProgress { retry_in, .. } => {
                assert!(retry_in.is_some_and(|left| left <= LEASE && left > LEASE / 2));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(owner.await.unwrap(), Ok(1));
    for shared in [&one, &two] {
        assert_eq!(call_on(shared, &REJECT, key("a"), slow(2)).await, Ok(1));
    }
}

#[tokio::test(start_paused = true)]
async fn replays_beside_each_other_do_not_reject_each_other() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone());
    assert_eq!(call_on(&shared, &PLAIN, key("a"), slow(1)).await, Ok(1));
    flaky.plan(|_| Fate {
        before: ms(10),
        ..Fate::default()
    });
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let shared = shared.clone();
            tokio::spawn(async move { call_on(&shared, &REJECT, key("a"), slow(2)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_waits_at_most_to_the_deadline_in_force() {
    let flaky = Flaky::sound();
    let (one, two) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let owner = one.clone();
    let owner = tokio::spawn(async move { call_on(&owner, &PLAIN, key("a"), slow(1)).await });
    sleep(ms(1)).await;
    for shared in [&one, &two] {
        let start = now();
        let call = call_on(shared, &PLAIN, key("a"), slow(2));
        let answer = Deadline::after(ms(300)).scope(call).await;
        assert!(matches!(
            refusal(answer),
            IdempotencyError::InProgress { .. }
        ));
        assert_eq!(now() - start, ms(300));
    }
    assert_eq!(owner.await.unwrap(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn too_many_waiters_are_told_that_it_is_in_progress() {
    let shared = memory();
    let mut calls: Vec<_> = (0..1_026)
        .map(|n| Box::pin(call_on(&shared, &PLAIN, key("a"), slow(n))))
        .collect();
    let last = calls.pop().unwrap();
    for call in &mut calls {
        begin_to_run(call.as_mut()).await;
    }
    assert!(matches!(
        refusal(last.await),
        IdempotencyError::InProgress { .. }
    ));
    drop(calls);
    shared.drain().await;
    assert_eq!(shared.live.queues.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn d17_an_owner_that_is_not_polled_holds_up_no_other_for_good() {
    let shared = memory();
    let mut owner = Box::pin(call_on(&shared, &PLAIN, key("a"), slow(1)));
    begin_to_run(owner.as_mut()).await;
    let start = now();
    assert_eq!(call_on(&shared, &PLAIN, key("a"), slow(2)).await, Ok(2));
    assert!(now() - start <= LEASE + ms(1_500));
    // It finds out before its body goes on.
    assert!(matches!(
        refusal(owner.await),
        IdempotencyError::LeaseLost { .. }
    ));
}

/// As long as the answers of a store are shared, though somebody still waits.
#[tokio::test(start_paused = true)]
async fn a_result_that_is_forgotten_elsewhere_is_not_shared_on() {
    let flaky = Flaky::sound();
    let (here, there) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let mut owner = Box::pin(call_on(&here, &PLAIN, key("a"), slow(1)));
    begin_to_run(owner.as_mut()).await;
    // It waits, and is not polled any more.
    let mut idle = Box::pin(call_on(&here, &PLAIN, key("a"), slow(2)));
    begin_to_run(idle.as_mut()).await;
    assert_eq!(owner.await, Ok(1));
    let forgotten = there.forget(KeyOf::new("charge").part("a")).await;
    assert_eq!(forgotten, Ok(ByHand::Changed));
    sleep(ms(300)).await;
    assert_eq!(call_on(&here, &PLAIN, key("a"), slow(3)).await, Ok(3));
    assert_eq!(idle.await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn another_version_or_codec_is_undecodable_and_nothing_runs() {
    struct Other;
    impl crate::Codec for Other {
        fn id(&self) -> &'static str {
            "other"
        }
        fn encode(
            &self,
            value: &dyn erased_serde::Serialize,
            to: &mut dyn std::io::Write,
        ) -> Result<(), CodecError> {
            to.write_all(b"~")?;
            Json::default().encode(value, to)
        }
        fn decode(&self, bytes: &[u8], read: &mut Read<'_>) -> Result<(), CodecError> {
            Json::default().decode(bytes.strip_prefix(b"~").ok_or("no tilde")?, read)
        }
    }
    let flaky = Flaky::sound();
    let json = Shared::new(flaky.clone());
    let other = Shared::new(flaky).codec(Other);
    assert_eq!(call_on(&json, &PLAIN, key("a"), slow(1)).await, Ok(1));
    assert_eq!(call_on(&other, &PLAIN, key("b"), slow(2)).await, Ok(2));
    assert_eq!(call_on(&other, &PLAIN, key("b"), slow(3)).await, Ok(2));
    for answer in [
        call_on(&other, &PLAIN, key("a"), slow(3)).await,
        call_on(&json, &PLAIN, key("b"), slow(3)).await,
        call_on(&json, &PLAIN.version(2), key("a"), slow(3)).await,
    ] {
        assert!(matches!(
            refusal(answer),
            IdempotencyError::Undecodable { .. }
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_error_is_replayed_and_a_forgotten_one_frees_the_key() {
    let shared = memory();
    let keeping = async |keeps: bool, answer: u8| {
        stack_on::<u8>(
            &shared,
            &PLAIN,
            key("a"),
            None,
            keeps,
            async |state, gate| {
                wrap_body(
                    watch(async { Err(Declined::Card(answer)) }, state).await,
                    gate,
                )
            },
        )
        .await
    };
    assert_eq!(keeping(false, 1).await, Err(Declined::Card(1)));
    assert_eq!(keeping(true, 2).await, Err(Declined::Card(2)));
    assert_eq!(keeping(true, 3).await, Err(Declined::Card(2)));
    // A function of that name that does not store errors can't read one.
    let other = keeping(false, 4).await;
    assert!(matches!(
        refusal(other),
        IdempotencyError::Undecodable { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn q14_a_store_that_outlives_the_process_wants_a_name() {
    let shared = Shared::new(Flaky::sound().durable());
    let gate = conversions::<Kept<u8>, u8, Declined>();
    let codec = recorded::<Kept<u8>, u8, Declined>();
    let state = CallState::new();
    let out = IdempotentSite::new(&SITE, None)
        .of(None)
        .begin_on(
            StoreChoice::of(&shared),
            &PLAIN,
            key("a"),
            None,
            codec,
            &state,
        )
        .run(async { wrap_body(Ok(1), gate) })
        .await;
    let e = refusal(into_return(out, gate));
    assert!(matches!(e, IdempotencyError::Unnamed { .. }));
    assert!(e.to_string().contains("name = \"..\""), "{e}");
    assert_eq!(call_on(&shared, &PLAIN, key("a"), slow(1)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn namespaces_and_peppers_keep_keys_apart() {
    let flaky = Flaky::sound();
    let shared = || Shared::new(flaky.clone());
    for (n, shared) in [
        shared(),
        shared().namespace("test"),
        shared().pepper("salt"),
        shared().namespace("test").pepper("salt"),
    ]
    .iter()
    .enumerate()
    {
        let n = u32::try_from(n).unwrap();
        assert_eq!(call_on(shared, &PLAIN, key("a"), slow(n)).await, Ok(n));
    }
    assert!(!format!("{:?}", shared().pepper("salt")).contains("salt"));
}

#[tokio::test(start_paused = true)]
async fn what_a_store_finds_is_told_or_refused_under_strict() {
    struct Evicting(Memory);
    impl Store for Evicting {
        fn describe(&self) -> &'static str {
            "evicting"
        }
        fn outlives_process(&self) -> bool {
            true
        }
        fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
            Box::pin(async { Ok(vec!["it evicts what it likes".to_owned()]) })
        }
        resil_runtime::__store_steps!(forward);
    }
    let lax = Shared::new(Evicting(Memory::default()));
    assert_eq!(call_on(&lax, &PLAIN, key("a"), slow(1)).await, Ok(1));
    let strict = lax.clone().strict(true).open_on_outage(true);
    match refusal(call_on(&strict, &PLAIN, key("a"), slow(1)).await) {
        IdempotencyError::Store { source, .. } => assert_eq!(
            source.to_string(),
            "the store `evicting` is not set up: it evicts what it likes"
        ),
        other => panic!("{other:?}"),
    }
}
