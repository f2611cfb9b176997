//! The steps of the protocol, each a statement.

use std::time::Duration;

use super::link::{Fault, Params};
use super::row::Record;
use super::run::{Tries, told};
use super::{NAME, Postgres, micros};
use resil_runtime::idempotency::store::{
    Ack, BoxFuture, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot,
    Store, StoreResult, Token,
};

impl Store for Postgres {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn outlives_process(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async move {
            let mut warnings = Vec::new();
            let text = "SELECT pg_is_in_recovery() AS replica, name, setting FROM pg_settings \
                 WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";
            let rows = self.rows(text, &[]).await.map_err(told)?;
            if rows.first().is_some_and(|row| row.get("replica")) {
                warnings.push(
                    "the server is a replica: connect to the primary, which alone takes claims"
                        .to_owned(),
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
            // That the table is there, and may be read.
            self.rows(&self.sql.read, &[&&[0_u8; 32][..]])
                .await
                .map_err(told)?;
            Ok(warnings)
        })
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        Box::pin(async move {
            let mut tries = Tries::new(self);
            loop {
                match self.claim_once(key, request).await {
                    Ok(Some(answer)) => {
                        if matches!(answer, ClaimAnswer::Claimed { .. }) {
                            self.sweep_now_and_then();
                        }
                        return Ok(answer);
                    }
                    Ok(None) | Err(Fault::Again) => tries.next().await?,
                    Err(fault) => return Err(told(fault)),
                }
            }
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
            let params: &Params<'_> = &[&key, &token, &micros(lease), &micros(ttl)];
            self.owner(&self.sql.renew, params).await
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
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
            self.step(&self.sql.complete, params, |record| match record {
                Some(record) => record.complete(&token),
                None => Ok(Some(Ack::LeaseLost)),
            })
            .await
        })
    }

    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
            self.owner(&self.sql.release, &[&key, &token]).await
        })
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let (key, token) = (&key.hash()[..], &token.as_bytes()[..]);
            self.owner(&self.sql.abandon, &[&key, &token]).await
        })
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        Box::pin(async move {
            let key = &key.hash()[..];
            let rows = self.rows(&self.sql.read, &[&key]).await.map_err(told)?;
            rows.first().map_or(Ok(None), |row| Record(row).snapshot())
        })
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move {
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
                return self.step(&self.sql.resolve_free, &[&key], read).await;
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
            self.step(&self.sql.resolve_done, params, read).await
        })
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move {
            let key = &key.hash()[..];
            self.step(&self.sql.forget, &[&key], |record| match record {
                Some(record) => record.forget(),
                None => Ok(Some(ByHand::Absent)),
            })
            .await
        })
    }
}
