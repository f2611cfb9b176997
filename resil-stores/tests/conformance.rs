//! The store in memory is held to the public suite; and stores that are wrong, each in one way,
//! are found by it.
#![cfg(feature = "test-util")]

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::idempotency::OnAbandon;
use resil_runtime::idempotency::store::{
    Ack, BoxFuture, ByHand, ClaimAnswer, ClaimRequest, Memory, RecordKey, Recorded, Resolution,
    Snapshot, Store, StoreResult, Token,
};
use resil_stores::conformance::Suite;

/// 20,000 sequences, or as many as `RESIL_SEQUENCES` says.
fn sequences() -> u32 {
    std::env::var("RESIL_SEQUENCES").map_or(20_000, |n| n.parse().expect("a number"))
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_conforms() {
    Suite::new(Arc::new(Memory::default()))
        .sequences(sequences())
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_memory_conforms_in_real_time() {
    Suite::new(Arc::new(Memory::default()))
        .sequences(200)
        .run()
        .await;
}

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    ClaimMovesTheLease,
    IgnoresFingerprints,
    IgnoresIndeterminate,
    AlwaysIndeterminate,
    OneFence,
    RenewDoesNothing,
    CompletesForStrangers,
    CompletesAnew,
    LosesTheVersion,
    LosesTheBody,
    KeepsForEver,
    ExpiresNever,
    ReleaseAbandons,
    AbandonReleases,
    AbandonDoesNothing,
    FreesWhatIsLive,
    ForgetsNothing,
    ChecksThenActs,
}

struct Faulty(Memory, Wrong);

const LONG: Duration = Duration::from_secs(48 * 60 * 60);

impl Store for Faulty {
    fn describe(&self) -> &'static str {
        "faulty"
    }

    fn outlives_process(&self) -> bool {
        false
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        Box::pin(async move {
            let Self(store, wrong) = self;
            let mut request = *request;
            match wrong {
                Wrong::IgnoresFingerprints => request.fingerprint = None,
                Wrong::IgnoresIndeterminate => request.on_abandon = OnAbandon::Retry,
                Wrong::AlwaysIndeterminate => request.on_abandon = OnAbandon::Indeterminate,
                Wrong::KeepsForEver => request.lease = LONG,
                Wrong::ExpiresNever => request.ttl = LONG,
                Wrong::ClaimMovesTheLease => {
                    let _ = store
                        .renew(key, request.token, request.lease, request.ttl)
                        .await?;
                }
                Wrong::ChecksThenActs if store.lookup(key).await?.is_none() => {
                    tokio::task::yield_now().await;
                    let _ = store.forget(key).await?;
                    if let Some(Snapshot::Pending { fence, .. }) = store.lookup(key).await? {
                        let taken_over = false;
                        return Ok(ClaimAnswer::Claimed { fence, taken_over });
                    }
                }
                _ => {}
            }
            let mut answer = store.claim(key, &request).await?;
            if let (Wrong::OneFence, ClaimAnswer::Claimed { fence, .. }) = (wrong, &mut answer) {
                *fence = 1;
            }
            Ok(answer)
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        match self.1 {
            Wrong::RenewDoesNothing => Box::pin(async { Ok(Ack::Ok) }),
            _ => self.0.renew(key, token, lease, ttl),
        }
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let Self(store, wrong) = self;
            let mut recorded = recorded.clone();
            let mut ttl = ttl;
            match wrong {
                Wrong::LosesTheVersion => recorded.version = 1,
                Wrong::LosesTheBody => {
                    let text = String::from_utf8_lossy(&recorded.body).into_owned();
                    recorded.body = text.into_bytes().into();
                }
                Wrong::ExpiresNever => ttl = LONG,
                Wrong::CompletesAnew => {
                    if let Some(Snapshot::Done { .. }) = store.lookup(key).await? {
                        let _ = store.forget(key).await?;
                        let request = ClaimRequest::new(token, LONG, LONG);
                        let _ = store.claim(key, &request).await?;
                    }
                }
                _ => {}
            }
            let ack = store.complete(key, token, &recorded, ttl).await?;
            Ok(if *wrong == Wrong::CompletesForStrangers {
                Ack::Ok
            } else {
                ack
            })
        })
    }

    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        match self.1 {
            Wrong::ReleaseAbandons => self.0.abandon(key, token),
            _ => self.0.release(key, token),
        }
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        match self.1 {
            Wrong::AbandonReleases => self.0.release(key, token),
            Wrong::AbandonDoesNothing => self.0.renew(key, token, LONG, LONG),
            _ => self.0.abandon(key, token),
        }
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        self.0.lookup(key)
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move {
            let answer = self.0.resolve(key, resolution).await?;
            match (self.1, answer) {
                (Wrong::FreesWhatIsLive, ByHand::Busy { .. }) => Ok(ByHand::Changed),
                _ => Ok(answer),
            }
        })
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        match self.1 {
            Wrong::ForgetsNothing => Box::pin(async { Ok(ByHand::Changed) }),
            _ => self.0.forget(key),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_wrong_is_found() {
    for wrong in [
        Wrong::ClaimMovesTheLease,
        Wrong::IgnoresFingerprints,
        Wrong::IgnoresIndeterminate,
        Wrong::AlwaysIndeterminate,
        Wrong::OneFence,
        Wrong::RenewDoesNothing,
        Wrong::CompletesForStrangers,
        Wrong::CompletesAnew,
        Wrong::LosesTheVersion,
        Wrong::LosesTheBody,
        Wrong::KeepsForEver,
        Wrong::ExpiresNever,
        Wrong::ReleaseAbandons,
        Wrong::AbandonReleases,
        Wrong::AbandonDoesNothing,
        Wrong::FreesWhatIsLive,
        Wrong::ForgetsNothing,
        Wrong::ChecksThenActs,
    ] {
        let suite = Suite::new(Arc::new(Faulty(Memory::default(), wrong))).sequences(50);
        let found = tokio::spawn(async move { suite.run().await }).await;
        let found = found.expect_err(&format!("{wrong:?} was not found"));
        let panic = found.into_panic();
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(message.contains("`faulty` does not keep"), "{message}");
        // The random sequences find it too, but for what needs a wait or a race of its own.
        let suite = Suite::new(Arc::new(Faulty(Memory::default(), wrong))).sequences(300);
        let found = tokio::spawn(async move { suite.model().await }).await;
        let rare = matches!(
            wrong,
            Wrong::ChecksThenActs | Wrong::LosesTheBody | Wrong::ClaimMovesTheLease
        );
        assert!(
            rare || found.is_err(),
            "{wrong:?} was not found by the model"
        );
    }
}
