//! The policies around the calls of a client.

use resil_http::client::ClientError;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{Class, Classify, Error, Stack};

use crate::peer::{Do, Server, answer, ok};
use crate::support::free_address;
use crate::{at_once, client, ms};

#[tokio::test]
async fn an_open_circuit_refuses_and_sends_nothing() {
    let server = Server::start(|_, _| answer(500, &[], "")).await;
    let client = client("circuit", &server)
        .no_retry()
        .circuit(CircuitPolicy::new().failures(3))
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(client.get("/").send().await.unwrap().status(), 500);
    }
    let error = client.get("/").send().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Refused(Error::CircuitOpen {
                name: "client-circuit",
                ..
            })
        ),
        "{error:?}"
    );
    assert!(error.is_unsent());
    assert_eq!(error.classify(), Class::Neutral);
    assert_eq!(server.seen().len(), 3);
    // It is the breaker of that name.
    resil_runtime::breaker("client-circuit").reset();
    assert_eq!(client.get("/").send().await.unwrap().status(), 500);
}

#[tokio::test]
async fn answers_that_blame_the_caller_are_no_failures_of_the_other_side() {
    let server = Server::start(|_, _| answer(404, &[], "")).await;
    let client = client("circuit-404", &server)
        .circuit(CircuitPolicy::new().failures(2))
        .build()
        .unwrap();
    for _ in 0..5 {
        assert_eq!(client.get("/").send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn errors_without_an_answer_open_the_circuit() {
    let client = client("circuit-closed-port", free_address())
        .no_retry()
        .circuit(CircuitPolicy::new().failures(2))
        .build()
        .unwrap();
    for _ in 0..2 {
        let error = client.get("/").send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::NoConnection { .. }),
            "{error:?}"
        );
    }
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
}

/// The end of a whole call in the middle of an attempt is a limit as any other.
#[tokio::test]
async fn a_call_that_comes_to_its_end_while_it_hangs_is_a_failure() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("circuit-total", &server)
        .circuit(CircuitPolicy::new().failures(2))
        .build()
        .unwrap();
    for _ in 0..2 {
        let call = client.get("/").total(ms(100));
        let error = call.send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Total { attempts: 1, .. }),
            "{error:?}"
        );
    }
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn a_full_bulkhead_and_a_rate_limit_refuse() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let full = client("bulkhead", &server)
        .bulkhead(BulkheadPolicy::new().max(1))
        .build()
        .unwrap();
    let first = tokio::spawn(full.get("/").send());
    crate::support::until("the first is inside", || server.seen().len() == 1).await;
    let error = full.get("/").send().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Refused(Error::BulkheadFull { limit: 1, .. })
        ),
        "{error:?}"
    );
    first.abort();

    let server = Server::start(|_, _| ok()).await;
    let limited = client("rate", &server)
        .rate_limit(
            RateLimitPolicy::new()
                .max(1)
                .per(std::time::Duration::from_secs(60)),
        )
        .build()
        .unwrap();
    limited.get("/").send().await.unwrap();
    let error = limited.get("/").send().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Refused(Error::RateLimited { .. })),
        "{error:?}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_stack_takes_the_place_of_the_policies() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let stack = Stack::new("client-own-stack")
        .circuit(CircuitPolicy::new().failures(2))
        .timeout(ms(300))
        .retry(at_once(2))
        .timeout(ms(100));
    let client = client("stack", &server).stack(stack).build().unwrap();
    assert_eq!(client.name(), "client-own-stack");
    for _ in 0..2 {
        let error = client.get("/").send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Refused(Error::Timeout { limit, .. }) if limit == ms(100)),
            "{error:?}"
        );
        assert!(error.is_timeout() && !error.is_unsent());
    }
    assert_eq!(server.seen().len(), 4);
    let error = client.get("/").send().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Refused(Error::CircuitOpen {
                name: "client-own-stack",
                ..
            })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_retry_around_the_call_knows_its_errors() {
    let client = client("around", free_address()).no_retry().build().unwrap();
    let around = Stack::new("client-around").retry(at_once(3));
    let mut calls = 0;
    let out: Result<(), Box<dyn std::error::Error + Send + Sync>> = around
        .run(|| {
            calls += 1;
            let call = client.get("/").header("a", "b\n").send();
            async move {
                call.await?;
                Ok(())
            }
        })
        .await;
    assert!(out.is_err());
    assert_eq!(calls, 1, "a request that can't be sent is permanent");
}

#[cfg(feature = "hedge")]
mod hedged {
    use resil_runtime::hedge::{HedgeAfter, HedgePolicy};

    use super::*;

    /// A server whose first answer takes long.
    async fn slow_first() -> Server {
        Server::start(|number, _| match number {
            0 => vec![Do::Hang],
            _ => ok(),
        })
        .await
    }

    #[tokio::test]
    async fn a_second_copy_answers_for_a_slow_one() {
        let server = slow_first().await;
        let hedge = HedgePolicy::new(HedgeAfter::Delay(ms(50)));
        let client = client("hedge", &server).hedge(hedge).build().unwrap();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.attempts(), 2);
    }

    #[tokio::test]
    async fn what_may_do_harm_twice_has_one_copy() {
        let server = slow_first().await;
        let hedge = HedgePolicy::new(HedgeAfter::Delay(ms(50)));
        let client = client("hedge-post", &server)
            .hedge(hedge)
            .read(ms(400))
            .build()
            .unwrap();
        let error = client.post("/").body("once").send().await.unwrap_err();
        assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
        assert_eq!(server.seen().len(), 1);
    }
}
