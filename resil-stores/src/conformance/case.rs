//! One line of the table under test. A case has a key of its own, names tokens and fingerprints by
//! small numbers, and puts the name of the line into the message of each panic.

use std::fmt::Debug;
use std::time::Duration;

use super::Suite;
use resil_runtime::idempotency::OnAbandon;
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Fingerprint, Outcome, RecordKey, Recorded, Resolution,
    Snapshot, StoreResult, Token,
};

/// A span that does not end while the suite runs.
pub(super) const LONG: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone)]
pub(super) struct Case {
    pub(super) suite: Suite,
    pub(super) key: RecordKey,
    pub(super) line: &'static str,
}

/// Returns the token of a small number, which is the same in every case.
pub(super) fn token(n: u8) -> Token {
    let mut bytes = [n; 16];
    // Zero and 0xff are in each token, which a store must not take for a string.
    bytes[0] = 0;
    bytes[15] = 0xff;
    Token::from_bytes(bytes)
}

pub(super) fn fingerprint(n: u8) -> Fingerprint {
    Fingerprint::from_bytes([n; 32])
}

/// Returns a request of token `n`, with a lease and a ttl that don't end.
pub(super) fn request(n: u8) -> ClaimRequest {
    ClaimRequest::new(token(n), LONG, LONG)
}

pub(super) fn recorded(body: &[u8]) -> Recorded {
    Recorded::new(Outcome::Ok, body, "json", 1)
}

impl Case {
    pub(super) fn new(suite: Suite, key: RecordKey, line: &'static str) -> Self {
        Self { suite, key, line }
    }

    pub(super) fn unit(&self) -> Duration {
        self.suite.unit
    }

    pub(super) async fn wait(&self, units: u32) {
        self.suite.wait(units).await;
    }

    #[track_caller]
    pub(super) fn fail(&self, what: &str) -> ! {
        let store = self.suite.store.describe();
        panic!(
            "the store `{store}` does not keep to the protocol. {}: {what}",
            self.line
        )
    }

    #[track_caller]
    pub(super) fn same<T: PartialEq + Debug>(&self, what: &str, got: &T, wanted: &T) {
        if got != wanted {
            self.fail(&format!(
                "{what} must be answered {wanted:?}, and was {got:?}"
            ));
        }
    }

    #[track_caller]
    pub(super) fn answered<T>(&self, what: &str, answer: StoreResult<T>) -> T {
        answer.unwrap_or_else(|e| self.fail(&format!("{what} failed: {e}")))
    }

    pub(super) async fn claim(&self, request: ClaimRequest) -> ClaimAnswer {
        let answer = self.suite.store.claim(&self.key, &request).await;
        self.answered("claim", answer)
    }

    /// Makes a claim that must succeed, and returns its fence.
    pub(super) async fn claimed(&self, request: ClaimRequest, taken_over: bool) -> u64 {
        match self.claim(request).await {
            ClaimAnswer::Claimed {
                fence,
                taken_over: t,
            } if t == taken_over => fence,
            other => self.fail(&format!(
                "claim must be answered Claimed with taken_over {taken_over}, and was {other:?}"
            )),
        }
    }

    /// Makes a claim that must be `Busy`, with at most `lease` left.
    pub(super) async fn busy(&self, request: ClaimRequest, lease: Duration) {
        match self.claim(request).await {
            ClaimAnswer::Busy { left } if !left.is_zero() && left <= lease => {}
            other => self.fail(&format!(
                "claim must be answered Busy with more than zero and at most {lease:?} left, \
                 and was {other:?}"
            )),
        }
    }

    pub(super) async fn refused(&self, request: ClaimRequest, wanted: &ClaimAnswer) {
        let got = self.claim(request).await;
        self.same("claim", &got, wanted);
    }

    /// Makes a claim and abandons it, so that it is dead. Returns its fence.
    pub(super) async fn dead(&self, request: ClaimRequest) -> u64 {
        let fence = self.claimed(request, false).await;
        let got = self.abandon(request.token).await;
        self.same("abandon", &got, &Ack::Ok);
        fence
    }

    pub(super) async fn renew(&self, by: Token, lease: Duration, ttl: Duration) -> Ack {
        let got = self.suite.store.renew(&self.key, by, lease, ttl).await;
        self.answered("renew", got)
    }

    pub(super) async fn complete(&self, by: Token, recorded: &Recorded) -> Ack {
        self.complete_for(by, recorded, LONG).await
    }

    pub(super) async fn complete_for(&self, by: Token, recorded: &Recorded, ttl: Duration) -> Ack {
        let got = self
            .suite
            .store
            .complete(&self.key, by, recorded, ttl)
            .await;
        self.answered("complete", got)
    }

    pub(super) async fn release(&self, by: Token) -> Ack {
        let got = self.suite.store.release(&self.key, by).await;
        self.answered("release", got)
    }

    pub(super) async fn abandon(&self, by: Token) -> Ack {
        let got = self.suite.store.abandon(&self.key, by).await;
        self.answered("abandon", got)
    }

    pub(super) async fn lookup(&self) -> Option<Snapshot> {
        let got = self.suite.store.lookup(&self.key).await;
        self.answered("lookup", got)
    }

    pub(super) async fn resolve(&self, resolution: &Resolution) -> ByHand {
        let got = self.suite.store.resolve(&self.key, resolution).await;
        self.answered("resolve", got)
    }

    pub(super) async fn forget(&self) -> ByHand {
        let got = self.suite.store.forget(&self.key).await;
        self.answered("forget", got)
    }

    /// Takes every step of an owner by a token that is not the owner's. All must be refused, and
    /// change nothing.
    pub(super) async fn stranger(&self, by: Token) {
        let before = self.still().await;
        let lost = Ack::LeaseLost;
        self.same(
            "renew by a stranger",
            &self.renew(by, LONG, LONG).await,
            &lost,
        );
        let complete = self.complete(by, &recorded(b"stranger")).await;
        self.same("complete by a stranger", &complete, &lost);
        self.same("release by a stranger", &self.release(by).await, &lost);
        self.same("abandon by a stranger", &self.abandon(by).await, &lost);
        self.unchanged(before.as_ref()).await;
    }

    /// Returns the state of the key, without the time that is left.
    pub(super) async fn still(&self) -> Option<Snapshot> {
        let mut now = self.lookup().await;
        if let Some(Snapshot::Pending {
            left: Some(left), ..
        }) = &mut now
        {
            *left = Duration::MAX;
        }
        now
    }

    pub(super) async fn unchanged(&self, before: Option<&Snapshot>) {
        let now = self.still().await;
        if now.as_ref() != before {
            self.fail(&format!(
                "nothing may change, but {before:?} became {now:?}"
            ));
        }
    }

    /// Checks that the key is Done with exactly `recorded`.
    pub(super) async fn is_done(&self, recorded: &Recorded) {
        self.refused(request(77), &ClaimAnswer::Done(recorded.clone()))
            .await;
        match self.lookup().await {
            Some(Snapshot::Done { recorded: kept, .. }) => {
                self.same("lookup", &kept, recorded);
            }
            other => self.fail(&format!("lookup must show it Done, and showed {other:?}")),
        }
    }

    /// Checks that the key has no record.
    pub(super) async fn is_absent(&self) {
        self.same("lookup", &self.lookup().await, &None);
    }

    #[track_caller]
    pub(super) fn rises(&self, before: u64, after: u64) {
        if after <= before {
            self.fail(&format!(
                "the fence must rise with every owner: {before}, then {after}"
            ));
        }
    }
}

/// Returns the request under the stricter mode.
pub(super) fn strict(request: ClaimRequest) -> ClaimRequest {
    request.on_abandon(OnAbandon::Indeterminate)
}

/// Returns the request with fingerprint `n`.
pub(super) fn with(request: ClaimRequest, n: u8) -> ClaimRequest {
    request.fingerprint(Some(fingerprint(n)))
}

impl Suite {
    /// Makes a case for `line`, with a key of its own.
    pub(super) fn case(&self, line: &'static str) -> Case {
        Case::new(self.clone(), self.fresh_key(), line)
    }
}
