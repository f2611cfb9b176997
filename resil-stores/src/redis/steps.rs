//! The steps of the protocol, each as a script with its arguments.

use std::borrow::Cow;
use std::time::Duration;

use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot, StoreResult,
    Token,
};

use super::client::Redis;
use super::script::{self, Args, micros, number};

pub(super) async fn claim(
    store: &Redis,
    key: &RecordKey,
    request: &ClaimRequest,
) -> StoreResult<ClaimAnswer> {
    let fingerprint = request.fingerprint.as_ref();
    let args = vec![
        token(&request.token),
        fingerprint.map_or(&[][..], |f| f.as_bytes()).into(),
        number(u8::from(request.indeterminate())),
        micros(request.lease),
        micros(request.ttl),
    ];
    store.step(&script::CLAIM, key, args).await?.claim()
}

pub(super) async fn renew(
    store: &Redis,
    key: &RecordKey,
    by: Token,
    lease: Duration,
    ttl: Duration,
) -> StoreResult<Ack> {
    let args = vec![token(&by), micros(lease), micros(ttl)];
    store.step(&script::RENEW, key, args).await?.ack()
}

pub(super) async fn complete(
    store: &Redis,
    key: &RecordKey,
    by: Token,
    recorded: &Recorded,
    ttl: Duration,
) -> StoreResult<Ack> {
    let mut args = vec![token(&by), micros(ttl)];
    args.extend(outcome(recorded));
    store.step(&script::COMPLETE, key, args).await?.ack()
}

pub(super) async fn release(store: &Redis, key: &RecordKey, by: Token) -> StoreResult<Ack> {
    store
        .step(&script::RELEASE, key, vec![token(&by)])
        .await?
        .ack()
}

pub(super) async fn abandon(store: &Redis, key: &RecordKey, by: Token) -> StoreResult<Ack> {
    store
        .step(&script::ABANDON, key, vec![token(&by)])
        .await?
        .ack()
}

pub(super) async fn lookup(store: &Redis, key: &RecordKey) -> StoreResult<Option<Snapshot>> {
    store.step(&script::LOOKUP, key, vec![]).await?.snapshot()
}

pub(super) async fn resolve(
    store: &Redis,
    key: &RecordKey,
    resolution: &Resolution,
) -> StoreResult<ByHand> {
    let mut args = Args::new();
    if let Resolution::Done {
        token: by,
        recorded,
        ttl,
    } = resolution
    {
        args.extend([token(by), micros(*ttl)]);
        args.extend(outcome(recorded));
    }
    store.step(&script::RESOLVE, key, args).await?.by_hand()
}

pub(super) async fn forget(store: &Redis, key: &RecordKey) -> StoreResult<ByHand> {
    store.step(&script::FORGET, key, vec![]).await?.by_hand()
}

fn token(token: &Token) -> Cow<'_, [u8]> {
    token.as_bytes().as_slice().into()
}

/// Returns the arguments of an outcome: its word, body, codec and version.
fn outcome(recorded: &Recorded) -> [Cow<'_, [u8]>; 4] {
    [
        recorded.outcome.as_str().as_bytes().into(),
        recorded.body.as_ref().into(),
        recorded.codec.as_bytes().into(),
        number(recorded.version),
    ]
}
