//! Resolve and forget, on a shared store and in memory.

use super::*;

const STRICT: IdempotentPolicy = PLAIN.on_abandon(OnAbandon::Indeterminate);

async fn vanish(shared: &Shared) {
    let mut call = Box::pin(call_on(shared, &STRICT, key("a"), async {
        sleep(LEASE).await;
        Ok(1)
    }));
    begin_to_run(call.as_mut()).await;
    drop(call);
    shared.drain().await;
}

fn a() -> KeyOf {
    KeyOf::new("charge").part("a")
}

async fn ask(shared: &Shared) -> Kept<u8> {
    call_on(shared, &STRICT, key("a"), async { Ok(9) }).await
}

#[tokio::test(start_paused = true)]
async fn a_vanished_call_is_resolved_by_hand() {
    let shared = memory();
    let nothing = Finding::nothing_done();
    assert_eq!(shared.resolve(a(), nothing).await, Ok(ByHand::Absent));
    vanish(&shared).await;
    let answer = ask(&shared).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::Indeterminate { .. }
    ));
    assert_eq!(
        shared.resolve(a(), Finding::ok(&5u8)).await,
        Ok(ByHand::Changed)
    );
    assert_eq!(ask(&shared).await, Ok(5));
    assert_eq!(shared.resolve(a(), nothing).await, Ok(ByHand::Done));

    assert_eq!(shared.forget(a()).await, Ok(ByHand::Changed));
    vanish(&shared).await;
    assert_eq!(shared.resolve(a(), nothing).await, Ok(ByHand::Changed));
    assert_eq!(ask(&shared).await, Ok(9));

    assert_eq!(shared.forget(a()).await, Ok(ByHand::Changed));
    vanish(&shared).await;
    let other = Finding::ok(&5u8).version(2);
    assert_eq!(shared.resolve(a(), other).await, Ok(ByHand::Changed));
    let answer = ask(&shared).await;
    assert!(matches!(
        refusal(answer),
        IdempotencyError::Undecodable { .. }
    ));

    let none = shared.forget(KeyOf::new("charge").part("")).await;
    assert!(matches!(
        none,
        Err(IdempotencyError::InvalidKey { part: 1, .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_running_call_is_not_resolved() {
    let shared = memory();
    let mut call = Box::pin(call_on(&shared, &STRICT, key("a"), async {
        sleep(ms(100)).await;
        Ok(1)
    }));
    begin_to_run(call.as_mut()).await;
    assert!(matches!(
        shared.resolve(a(), Finding::nothing_done()).await,
        Ok(ByHand::Busy { .. })
    ));
    assert!(matches!(shared.forget(a()).await, Ok(ByHand::Busy { .. })));
    assert_eq!(call.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_store_in_memory_are_resolved_too() {
    let by_hand = || KeyOf::new("by-hand").part("a").part(&7);
    let gate = conversions::<Kept<u8>, u8, Declined>();
    let ask = async |takes: Duration| {
        let state = CallState::new();
        let prepared = KeyBuilder::new().part("a").part(&7).finish();
        let out = IdempotentSite::new(&SITE, Some("by-hand"))
            .of(None)
            .begin(
                &STRICT,
                prepared,
                None,
                recorded::<Kept<u8>, _, _>(),
                &state,
            )
            .run(async {
                let body = async {
                    sleep(takes).await;
                    Ok(1)
                };
                wrap_body(watch(body, &state).await, gate)
            })
            .await;
        into_return(out, gate)
    };
    let mut call = Box::pin(ask(LEASE));
    begin_to_run(call.as_mut()).await;
    assert!(matches!(forget(by_hand()).await, Ok(ByHand::Busy { .. })));
    drop(call);
    assert!(matches!(
        refusal(ask(ms(1)).await),
        IdempotencyError::Indeterminate { .. }
    ));
    assert_eq!(
        resolve(by_hand(), Finding::ok(&5u8)).await,
        Ok(ByHand::Changed)
    );
    assert_eq!(ask(ms(1)).await, Ok(5));
    assert_eq!(forget(by_hand()).await, Ok(ByHand::Changed));
    assert_eq!(forget(by_hand()).await, Ok(ByHand::Absent));
    assert_eq!(ask(ms(1)).await, Ok(1));
    // Used: it is too late for another one.
    assert_eq!(install(memory()), Err(InstallError::InUse));
    assert_eq!(install_named("once", memory()), Ok(()));
    assert_eq!(
        install_named("once", memory()),
        Err(InstallError::Installed)
    );
    assert!(StoreChoice::named("once").0.is_ok());
    let e = StoreChoice::named("nowhere").0.unwrap_err();
    assert!(e.to_string().contains("install_named"), "{e}");
}
