//! What a refused call gets, and who is told.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_limit_and_the_time_and_the_body_is_not_polled() {
    #[rate_limit(name = "refusal", max = 2, per = 1s, burst = 1)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(call(&r).await, Ok(1));
    advance(ms(100)).await;
    let refused = call(&r).await;
    assert_eq!(r.count(), 1);
    let Err(Fault::Resil(error)) = refused else {
        panic!("{refused:?}");
    };
    let Error::RateLimited {
        name, retry_after, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((*name, *retry_after), ("refusal", Some(ms(400))));
    assert_eq!(error.retry_after(), Some(ms(400)));
    assert_eq!(
        error.to_string(),
        "rate limit `refusal` is reached, ask again in 400ms"
    );
    // Who waits for so long is let in.
    advance(ms(400)).await;
    assert_eq!(call(&r).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_event_tells_of_a_refusal_with_its_call() {
    #[rate_limit(name = "refusal-told", key = tenant, max = 1, per = 1s, cost = weight)]
    async fn call(tenant: &str, weight: u32) -> Result<(), Fault> {
        Ok(())
    }
    let events = Events::of("refusal-told");
    for weight in [1, 1, 2] {
        let _ = call("a", weight).await;
    }
    assert!(rate_limit("refusal-told").key("b").try_acquire(2).is_err());
    let told: Vec<_> = events
        .all()
        .into_iter()
        .map(|e| match e {
            Event::RateLimited {
                name,
                key,
                retry_after,
                call,
                ..
            } => {
                assert_eq!(name, "refusal-told");
                (key.unwrap().to_string(), retry_after, call.is_some())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let a = || "a".to_owned();
    assert_eq!(
        told,
        [
            (a(), Some(ms(1_000)), true),
            (a(), None, true),
            ("b".to_owned(), None, false),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_trace_counts_the_refusal_and_no_attempt() {
    #[rate_limit(name = "refusal-traced", max = 1, per = 1s)]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&call().await), '.');
    let (out, report) = resil::trace(call()).await;
    assert_eq!(letter(&out), 'X');
    assert_eq!((report.refusals, report.attempts), (1, 0));
    assert_eq!(report.function, Some("refusal-traced"));
}

#[tokio::test(start_paused = true)]
async fn a_stack_tells_of_one_call_in_all_its_events() {
    #[retry(constant, max = 2, base = 1ms)]
    #[rate_limit(name = "refusal-one-call", max = 1, per = 1s)]
    async fn call() -> Result<(), Fault> {
        Err(Fault::Network(1))
    }
    let (_, report) = resil::trace(call()).await;
    assert_eq!((report.calls.len(), report.refusals), (1, 1));
}
