//! The span of a call and the spans of its attempts: their fields and what is below them.

use std::time::Duration;

use resil::{breaker, bulkhead, circuit, fallback, hedge, idempotent, retry, timeout};
use tracing::{Instrument, Level, info, info_span, instrument};

use super::collect::Collected;
use super::support::{Fault, ms};

type Answer = Result<u32, Fault>;

#[retry(constant, max = 3, base = 10ms, jitter = none)]
async fn pay(fails: u32) -> Answer {
    let attempt = tracing::Span::current();
    assert_eq!(attempt.metadata().unwrap().name(), "resil.attempt");
    info!(name: "own", "an event of the body's");
    tokio::time::sleep(ms(1)).await;
    client().await;
    static TRIED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = TRIED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    if n < fails {
        Err(Fault::Network(n))
    } else {
        Ok(n)
    }
}

#[instrument]
async fn client() {
    tokio::task::yield_now().await;
    info!(name: "sent", "a request was sent");
}

#[tokio::test(start_paused = true)]
async fn a_call_with_three_attempts_below_the_caller() {
    let seen = Collected::default();
    let request = async { pay(2).instrument(info_span!("request")).await };
    assert_eq!(seen.over(request).await.unwrap(), 2);
    assert_eq!(
        seen.tree(),
        "\
request
  resil.call ok
    resil.attempt error
      client
        - sent
      - own
    resil.attempt error
      client
        - sent
      - own
    resil.attempt ok
      client
        - sent
      - own
    - resil.retry
    - resil.retry
    - resil.retry.succeeded
"
    );
    seen.all_are_closed();

    let call = &seen.spans("resil.call")[0];
    assert_eq!((call.level, call.target), (Level::INFO, "resil"));
    assert_eq!(call.get("function"), "tracing::spans::pay");
    assert_eq!(call.get("call").len(), 16);
    assert_eq!(call.get("outcome"), "ok");
    assert_eq!(call.get("attempts"), "3");
    assert_eq!(call.fields.len(), 4, "{call:?}");

    let attempts = seen.spans("resil.attempt");
    for (attempt, number) in attempts.iter().zip(1..) {
        assert_eq!((attempt.level, attempt.target), (Level::INFO, "resil"));
        assert_eq!(attempt.get("function"), "tracing::spans::pay");
        assert_eq!(attempt.get("attempt"), number.to_string());
        let resent = if number == 1 {
            String::new()
        } else {
            (number - 1).to_string()
        };
        assert_eq!(attempt.get("http.request.resend_count"), resent);
        let fails = number < 3;
        assert_eq!(attempt.get("outcome"), if fails { "error" } else { "ok" });
        let (kind, status) = if fails {
            ("tracing::support::Fault", "ERROR")
        } else {
            ("", "")
        };
        assert_eq!(attempt.get("error.type"), kind);
        assert_eq!(attempt.get("otel.status_code"), status);
        assert_eq!(attempt.get("policy"), "");
        assert_eq!(attempt.entered, 3, "once a poll: {attempt:?}");
    }
    let ids = seen
        .events("resil.retry")
        .into_iter()
        .map(|e| e.get("call").to_owned());
    assert!(ids.into_iter().all(|id| id == call.get("call")));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_body_is_a_type_and_no_text() {
    #[retry(constant, max = 1)]
    async fn fails() -> Answer {
        Err(Fault::Http(503))
    }
    let seen = Collected::default();
    seen.over(fails()).await.unwrap_err();
    let call = &seen.spans("resil.call")[0];
    assert_eq!(call.get("outcome"), "error");
    assert_eq!(call.get("error.type"), "tracing::support::Fault");
    assert_eq!(call.get("otel.status_code"), "ERROR");
    assert_eq!(call.get("attempts"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_cuts_its_attempts() {
    #[retry(constant, max = 2, base = 1ms, jitter = none)]
    #[timeout(1s)]
    async fn hangs() -> Answer {
        nested_hangs().await
    }
    #[retry]
    async fn nested_hangs() -> Answer {
        std::future::pending().await
    }
    let seen = Collected::default();
    seen.over(hangs()).await.unwrap_err();
    assert_eq!(
        seen.tree(),
        "\
resil.call timeout
  resil.attempt timeout
    resil.call dropped
      resil.attempt dropped
  resil.attempt timeout
    resil.call dropped
      resil.attempt dropped
  - resil.timeout
  - resil.retry
  - resil.timeout
  - resil.retry.stopped
"
    );
    seen.all_are_closed();
    let calls = seen.spans("resil.call");
    assert_eq!(calls[0].get("error.type"), "timeout");
    assert_eq!(calls[0].get("otel.status_code"), "ERROR");
    assert_eq!(calls[1].get("otel.status_code"), "");
    for attempt in seen.spans("resil.attempt") {
        let is_outer = attempt.get("outcome") == "timeout";
        assert_eq!(attempt.get("policy"), if is_outer { "timeout" } else { "" });
        assert_eq!(attempt.get("error.type"), attempt.get("policy"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_the_circuit_and_the_deadline_of_a_caller_cut_it_too() {
    #[timeout(1s)]
    #[circuit(name = "tracing-cut")]
    async fn hangs() -> Answer {
        std::future::pending().await
    }
    let seen = Collected::default();
    seen.over(hangs()).await.unwrap_err();
    let within = resil::Deadline::after(ms(5)).scope(hangs());
    seen.over(within).await.unwrap_err();
    for attempt in seen.spans("resil.attempt") {
        assert_eq!(attempt.get("outcome"), "timeout");
        assert_eq!(attempt.get("policy"), "timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn the_copies_of_a_hedge_are_attempts_beside_each_other() {
    #[hedge(after = 10ms, max = 3)]
    async fn get(n: &std::sync::atomic::AtomicU32) -> Answer {
        let copy = n.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if copy < 2 {
            std::future::pending::<()>().await;
        }
        Ok(copy)
    }
    let seen = Collected::default();
    assert_eq!(seen.over(get(&0.into())).await.unwrap(), 2);
    assert_eq!(
        seen.tree(),
        "\
resil.call ok
  resil.attempt dropped
  resil.attempt dropped
  resil.attempt ok
  - resil.hedge.started
  - resil.hedge.started
  - resil.hedge.won
"
    );
    let attempts = seen.spans("resil.attempt");
    let policies: Vec<_> = attempts.iter().map(|a| a.get("policy")).collect();
    assert_eq!(policies, ["hedge", "hedge", ""]);
    let numbers: Vec<_> = attempts.iter().map(|a| a.get("attempt")).collect();
    assert_eq!(numbers, ["1", "2", "3"]);
    assert_eq!(attempts[0].get("error.type"), "");
    seen.all_are_closed();
}

/// Refusals, replays and fallbacks have no attempt, and one word each.
#[tokio::test(start_paused = true)]
async fn what_ends_without_an_attempt() {
    #[circuit(name = "tracing-open")]
    async fn open() -> Answer {
        Ok(1)
    }
    #[resil::bulkhead(name = "tracing-full", max = 1)]
    async fn full() -> Answer {
        Ok(1)
    }
    #[resil::rate_limit(name = "tracing-rate", max = 1, per = 1h)]
    async fn often() -> Answer {
        Ok(1)
    }
    #[idempotent(key = k)]
    async fn once(k: u32) -> Answer {
        Ok(k)
    }
    #[fallback(Ok(7))]
    #[circuit(name = "tracing-open")]
    async fn falls_back() -> Answer {
        Ok(1)
    }
    let seen = Collected::default();
    open().await.unwrap();
    full().await.unwrap();
    breaker("tracing-open").force_open();
    let _place = bulkhead("tracing-full").try_acquire().unwrap();
    once(1).await.unwrap();
    often().await.unwrap();
    let call = async {
        assert!(open().await.is_err());
        assert!(full().await.is_err());
        assert!(often().await.is_err());
        assert!(once(1).await.is_ok());
        assert_eq!(falls_back().await.unwrap(), 7);
    };
    seen.over(call).await;
    let calls = seen.spans("resil.call");
    let told: Vec<_> = calls
        .iter()
        .map(|c| (c.get("outcome"), c.get("error.type"), c.get("attempts")))
        .collect();
    assert_eq!(
        told,
        [
            ("refused", "circuit_open", "0"),
            ("refused", "bulkhead_full", "0"),
            ("refused", "rate_limited", "0"),
            ("replayed", "", "0"),
            ("fallback", "", "0"),
        ]
    );
    assert!(seen.spans("resil.attempt").is_empty());
    seen.all_are_closed();
}

/// What the fallback's expression does belongs to the call, and to no attempt.
#[tokio::test(start_paused = true)]
async fn the_code_of_a_fallback_is_inside_the_call() {
    #[fallback({ info!(name: "other", "from the cache"); other().await })]
    #[retry(max = 1)]
    async fn falls_back() -> Answer {
        Err(Fault::Final)
    }
    #[retry]
    async fn other() -> Answer {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(3)
    }
    let seen = Collected::default();
    assert_eq!(seen.over(falls_back()).await.unwrap(), 3);
    assert_eq!(
        seen.tree(),
        "\
resil.call fallback
  resil.attempt error
  resil.call ok
    resil.attempt ok
  - resil.retry.stopped
  - resil.fallback
  - other
"
    );
    seen.all_are_closed();
}

/// A pause and a queue that a scope ends: the one returns the last error, the other one a refusal.
#[tokio::test(start_paused = true)]
async fn a_wait_that_is_ended_from_outside() {
    #[retry(constant, max = 3, base = 1s, jitter = none)]
    async fn pauses() -> Answer {
        Err(Fault::Network(1))
    }
    #[resil::bulkhead(name = "tracing-queue", max = 1, queue = 1, wait = 1m)]
    async fn queues() -> Answer {
        Ok(1)
    }
    let seen = Collected::default();
    queues().await.unwrap();
    let _place = bulkhead("tracing-queue").try_acquire().unwrap();
    let calls = async {
        let token = resil::CancellationToken::new();
        let both = async { tokio::join!(pauses(), queues()) };
        let cancels = async {
            tokio::time::sleep(ms(5)).await;
            token.cancel();
        };
        let (both, ()) = tokio::join!(resil::cancel_scope(token.clone(), both), cancels);
        assert!(both.0.is_err() && both.1.is_err());
    };
    seen.over(calls).await;
    let calls = seen.spans("resil.call");
    let told: Vec<_> = calls
        .iter()
        .map(|c| (c.get("outcome"), c.get("error.type"), c.get("attempts")))
        .collect();
    assert_eq!(
        told,
        [
            ("cancelled", "tracing::support::Fault", "1"),
            ("cancelled", "cancelled", "0"),
        ]
    );
    let ended = &seen.events("resil.wait.cancelled")[0];
    assert_eq!(
        (ended.level, ended.get("error.type")),
        (Level::DEBUG, "cancelled")
    );
    assert_eq!(
        seen.events("resil.retry.stopped")[0].get("reason"),
        "cancelled"
    );
    seen.all_are_closed();
}
