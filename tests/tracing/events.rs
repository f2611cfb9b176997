//! The events of real policies: their levels, their fields and the span that they belong to.

use resil::{breaker, bulkhead, circuit, idempotent, rate_limit, retry};
use tracing::{Instrument, Level, info_span};

use super::collect::{Collected, Seen};
use super::support::{Fault, ms};

type Answer = Result<u32, Fault>;

#[track_caller]
fn one(seen: &Collected, name: &str) -> Seen {
    let all = seen.events(name);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_debug_and_a_stop_is_a_warning() {
    #[retry(constant, max = 2, base = 10ms, jitter = none)]
    async fn gives_up() -> Answer {
        Err(Fault::Network(1))
    }
    let seen = Collected::default();
    seen.over(gives_up()).await.unwrap_err();
    let retry = one(&seen, "resil.retry");
    assert_eq!((retry.level, retry.target), (Level::DEBUG, "resil::retry"));
    assert_eq!(retry.get("function"), "tracing::events::gives_up");
    assert_eq!((retry.get("attempt"), retry.get("delay_ms")), ("1", "10.0"));
    let stop = one(&seen, "resil.retry.stopped");
    assert_eq!((stop.level, stop.target), (Level::WARN, "resil::retry"));
    assert_eq!(
        (stop.get("attempts"), stop.get("reason")),
        ("2", "exhausted")
    );
    assert_eq!(stop.get("message"), "no further attempt");
    assert_eq!(stop.get("call"), seen.spans("resil.call")[0].get("call"));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_circuit_is_a_warning_and_a_refusal_is_debug() {
    #[circuit(name = "tracing-changes", failures = 1, open_for = 1s)]
    async fn fails() -> Answer {
        Err(Fault::Network(1))
    }
    let seen = Collected::default();
    let calls = async {
        fails().await.unwrap_err();
        fails().await.unwrap_err();
        let by_hand = async { breaker("tracing-changes").reset() };
        by_hand.instrument(info_span!("admin")).await;
    };
    seen.over(calls).await;
    assert_eq!(
        seen.tree(),
        "\
resil.call error
  resil.attempt error
  - resil.circuit.changed
resil.call refused
  - resil.circuit.refused
admin
  - resil.circuit.changed
"
    );
    let changes = seen.events("resil.circuit.changed");
    let told: Vec<_> = changes
        .iter()
        .map(|c| (c.level, c.get("name"), c.get("from"), c.get("to")))
        .collect();
    assert_eq!(
        told,
        [
            (Level::WARN, "tracing-changes", "closed", "open"),
            (Level::WARN, "tracing-changes", "open", "closed"),
        ]
    );
    assert_eq!(
        changes[0].get("call"),
        seen.spans("resil.call")[0].get("call")
    );
    assert_eq!(changes[1].get("call"), "");
    let refused = one(&seen, "resil.circuit.refused");
    assert_eq!(
        (refused.level, refused.get("error.type")),
        (Level::DEBUG, "circuit_open")
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_are_debug() {
    #[bulkhead(name = "tracing-refuses", max = 1)]
    async fn full() -> Answer {
        Ok(1)
    }
    #[rate_limit(name = "tracing-refuses", max = 1, per = 1h)]
    async fn often() -> Answer {
        Ok(1)
    }
    #[idempotent(key = k, conflict = reject)]
    async fn busy(k: u32) -> Answer {
        tokio::time::sleep(ms(10)).await;
        Ok(k)
    }
    let seen = Collected::default();
    let calls = async {
        let _place = resil::bulkhead("tracing-refuses").try_acquire().unwrap();
        full().await.unwrap_err();
        often().await.unwrap();
        often().await.unwrap_err();
        let (first, second) = tokio::join!(busy(1), busy(1));
        first.unwrap();
        second.unwrap_err();
    };
    seen.over(calls).await;
    for (name, kind) in [
        ("resil.bulkhead.refused", "bulkhead_full"),
        ("resil.rate_limit.refused", "rate_limited"),
        ("resil.idempotent", "in_progress"),
    ] {
        let refused = one(&seen, name);
        assert_eq!(
            (refused.level, refused.get("error.type")),
            (Level::DEBUG, kind)
        );
        let around = refused.parent.map(|at| seen.all().spans[at].clone());
        assert_eq!(around.unwrap().get("outcome"), "refused");
    }
}

#[tokio::test(start_paused = true)]
async fn clashes_are_errors() {
    #[circuit(name = "tracing-clash", failures = 4)]
    async fn first() -> Answer {
        Ok(1)
    }
    #[circuit(name = "tracing-clash", failures = 5)]
    async fn second() -> Answer {
        Ok(1)
    }
    #[idempotent(key = k, fingerprint = print)]
    async fn printed(k: u32, print: u32) -> Answer {
        Ok(print)
    }
    let seen = Collected::default();
    let calls = async {
        first().await.unwrap();
        second().await.unwrap();
        printed(1, 1).await.unwrap();
        printed(1, 2).await.unwrap_err();
    };
    seen.over(calls).await;
    let clash = one(&seen, "resil.circuit.conflict");
    assert_eq!(
        (clash.level, clash.get("name")),
        (Level::ERROR, "tracing-clash")
    );
    assert_eq!(clash.get("function"), "tracing::events::second");
    let reused = one(&seen, "resil.idempotent");
    assert_eq!(
        (reused.level, reused.get("what")),
        (Level::ERROR, "key_reused")
    );
}

/// An owner that stands still for longer than its lease loses the key, and its body is dropped.
#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_an_error() {
    #[idempotent(key = k, lease = 1s)]
    async fn slow(k: u32, hangs: bool) -> Answer {
        if hangs {
            std::future::pending::<()>().await;
        }
        Ok(k)
    }
    let seen = Collected::default();
    let calls = async {
        let mut owner = Box::pin(slow(1, true));
        let first = futures_util::future::poll_immediate(&mut owner).await;
        assert!(first.is_none());
        // Nobody polls it, so nobody renews the claim.
        tokio::time::advance(ms(5_000)).await;
        slow(1, false).await.unwrap();
        owner.await.unwrap_err();
    };
    seen.over(calls).await;
    let told: Vec<_> = seen
        .events("resil.idempotent")
        .iter()
        .map(|e| (e.level, e.get("what").to_owned()))
        .collect();
    assert_eq!(
        told,
        [
            (Level::WARN, "taken_over".to_owned()),
            (Level::ERROR, "lease_lost".to_owned())
        ]
    );
    let attempts = seen.spans("resil.attempt");
    assert_eq!(
        (attempts[0].get("outcome"), attempts[0].get("policy")),
        ("dropped", "idempotent")
    );
    seen.all_are_closed();
}
