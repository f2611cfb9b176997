//! The steps of the protocol, each as a statement with its parameters.

use std::time::Duration;

use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot, StoreResult,
    Token,
};

use super::client::{Postgres, micros};
use super::fault::{Fault, told};
use super::link::Params;
use super::row::Record;
use super::run::Tries;

pub(super) async fn check(store: &Postgres) -> StoreResult<Vec<String>> {
    let mut warnings = Vec::new();
    let text = "SELECT pg_is_in_recovery() AS replica, name, setting FROM pg_settings \
                 WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";
    let rows = store.rows(text, &[]).await.map_err(told)?;
    if rows.first().is_some_and(|row| row.get("replica")) {
        warnings.push(
            "the server is a replica: connect to the primary, which alone takes claims".to_owned(),
        );
    }
    for row in &rows {
        let (name, setting): (&str, &str) = (row.get("name"), row.get("setting"));
        if setting == "off" {
            warnings.push(format!(
                "{name} is off: set it to on, or a crash loses records"
            ));
        }
    }
    // Read to find out whether the table is there, and may be read.
    store
        .rows(&store.sql.read, &[&&[0_u8; 32][..]])
        .await
        .map_err(told)?;
    Ok(warnings)
}

pub(super) async fn claim(
    store: &Postgres,
    key: &RecordKey,
    request: &ClaimRequest,
) -> StoreResult<ClaimAnswer> {
    let mut tries = Tries::new(store);
    loop {
        match store.claim_once(key, request).await {
            Ok(Some(answer)) => {
                if matches!(answer, ClaimAnswer::Claimed { .. }) {
                    store.sweep_now_and_then();
                }
                return Ok(answer);
            }
            Ok(None) | Err(Fault::Again) => tries.next().await?,
            Err(fault) => return Err(told(fault)),
        }
    }
}

pub(super) async fn renew(
    store: &Postgres,
    key: &RecordKey,
    token: Token,
    lease: Duration,
    ttl: Duration,
) -> StoreResult<Ack> {
    let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
    let params: &Params<'_> = &[&key, &token, &micros(lease), &micros(ttl)];
    store.owner(&store.sql.renew, params).await
}

pub(super) async fn complete(
    store: &Postgres,
    key: &RecordKey,
    token: Token,
    recorded: &Recorded,
    ttl: Duration,
) -> StoreResult<Ack> {
    let (key, by) = (&key.hash()[..], &token.as_bytes()[..]);
    let params: &Params<'_> = &[
        &key,
        &by,
        &micros(ttl),
        &recorded.outcome.as_str(),
        &&recorded.body[..],
        &&*recorded.codec,
        &i64::from(recorded.version),
    ];
    store
        .step(&store.sql.complete, params, |record| match record {
            Some(record) => record.complete(&token),
            None => Ok(Some(Ack::LeaseLost)),
        })
        .await
}

pub(super) async fn release(store: &Postgres, key: &RecordKey, token: Token) -> StoreResult<Ack> {
    let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
    store.owner(&store.sql.release, &[&key, &token]).await
}

pub(super) async fn abandon(store: &Postgres, key: &RecordKey, token: Token) -> StoreResult<Ack> {
    let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
    store.owner(&store.sql.abandon, &[&key, &token]).await
}

pub(super) async fn lookup(store: &Postgres, key: &RecordKey) -> StoreResult<Option<Snapshot>> {
    let key = &key.hash()[..];
    let rows = store.rows(&store.sql.read, &[&key]).await.map_err(told)?;
    rows.first().map_or(Ok(None), |row| Record(row).snapshot())
}

pub(super) async fn resolve(
    store: &Postgres,
    key: &RecordKey,
    resolution: &Resolution,
) -> StoreResult<ByHand> {
    let key = &key.hash()[..];
    let read = |record: Option<Record<'_>>| match record {
        Some(record) => record.resolve(resolution),
        None => Ok(Some(ByHand::Absent)),
    };
    let Resolution::Done {
        token,
        recorded,
        ttl,
    } = resolution
    else {
        return store.step(&store.sql.resolve_free, &[&key], read).await;
    };
    let token = &token.as_bytes()[..];
    let params: &Params<'_> = &[
        &key,
        &token,
        &micros(*ttl),
        &recorded.outcome.as_str(),
        &&recorded.body[..],
        &&*recorded.codec,
        &i64::from(recorded.version),
    ];
    store.step(&store.sql.resolve_done, params, read).await
}

pub(super) async fn forget(store: &Postgres, key: &RecordKey) -> StoreResult<ByHand> {
    let key = &key.hash()[..];
    store
        .step(&store.sql.forget, &[&key], |record| match record {
            Some(record) => record.forget(),
            None => Ok(Some(ByHand::Absent)),
        })
        .await
}
