//! A record as one row of the table, and the times in it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::ValueRef;

use resil_runtime::idempotency::store::{Fingerprint, Outcome, Recorded, Snapshot, Token};

/// Milliseconds since 1970, by SQLite's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) i64);

impl Millis {
    /// The lease end of a claim that its owner has abandoned. It lies before all other times, so
    /// that a clock that is set back does not make the claim live again.
    pub(super) const ABANDONED: Self = Self(0);

    /// Returns the time `span` later. A part of a millisecond counts as a whole one, and a span
    /// that no clock reaches never ends.
    pub(super) fn after(self, span: Duration) -> Self {
        let millis = span.as_nanos().div_ceil(1_000_000);
        Self(
            self.0
                .saturating_add(i64::try_from(millis).unwrap_or(i64::MAX)),
        )
    }

    fn since(self, now: Self) -> Option<Duration> {
        let left = u64::try_from(self.0.saturating_sub(now.0)).ok()?;
        (left > 0).then(|| Duration::from_millis(left))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) token: Token,
    pub(super) fence: u64,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) indeterminate: bool,
    pub(super) lease_end: Millis,
    pub(super) expiry: Millis,
    pub(super) done: Option<Recorded>,
}

impl Row {
    /// Returns how long the lease of a live claim still runs; `None` if the record is not live.
    pub(super) fn live(&self, now: Millis) -> Option<Duration> {
        match self.done {
            Some(_) => None,
            None => self.lease_end.since(now),
        }
    }

    pub(super) fn expired(&self, now: Millis) -> bool {
        self.expiry <= now && self.live(now).is_none()
    }

    pub(super) fn snapshot(&self, now: Millis) -> Snapshot {
        match &self.done {
            Some(recorded) => Snapshot::Done {
                fence: self.fence,
                recorded: recorded.clone(),
            },
            None => Snapshot::Pending {
                fence: self.fence,
                left: self.live(now),
            },
        }
    }

    /// Reads the columns in the order of [`Table`](super::table::Table)'s `SELECT`. The table
    /// checks the types of its columns, so a value that does not fit was not written by this store.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Result<Self, Strange>> {
        let done = match text(row, 0)? {
            Some("done") => true,
            Some("pending") => false,
            _ => return Ok(Err(Strange("state"))),
        };
        let Some(token) = blob(row, 1)?.and_then(|b| b.try_into().ok()) else {
            return Ok(Err(Strange("token")));
        };
        let Ok(fence) = u64::try_from(row.get::<_, i64>(2)?) else {
            return Ok(Err(Strange("fence")));
        };
        let fingerprint = match blob(row, 3)?.map(<[u8; 32]>::try_from) {
            None => None,
            Some(Ok(bytes)) => Some(Fingerprint::from_bytes(bytes)),
            Some(Err(_)) => return Ok(Err(Strange("fingerprint"))),
        };
        let done = if done {
            match recorded(row)? {
                Ok(recorded) => Some(recorded),
                Err(strange) => return Ok(Err(strange)),
            }
        } else {
            None
        };
        Ok(Ok(Self {
            token: Token::from_bytes(token),
            fence,
            fingerprint,
            indeterminate: row.get(4)?,
            lease_end: Millis(row.get(5)?),
            expiry: Millis(row.get(6)?),
            done,
        }))
    }
}

/// The name of a column with a value that this store does not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strange(pub(super) &'static str);

fn recorded(row: &rusqlite::Row<'_>) -> rusqlite::Result<Result<Recorded, Strange>> {
    let Some(outcome) = text(row, 7)?.and_then(Outcome::parse) else {
        return Ok(Err(Strange("outcome")));
    };
    let body: Arc<[u8]> = match blob(row, 8)? {
        Some(body) => body.into(),
        None => return Ok(Err(Strange("body"))),
    };
    let codec = match text(row, 9)? {
        // Nearly every record has this codec, which then needs no allocation.
        Some("json") => Cow::Borrowed("json"),
        Some(codec) => Cow::Owned(codec.to_owned()),
        None => return Ok(Err(Strange("codec"))),
    };
    let Some(version) = row
        .get::<_, Option<i64>>(10)?
        .and_then(|v| u32::try_from(v).ok())
    else {
        return Ok(Err(Strange("version")));
    };
    Ok(Ok(Recorded::new(outcome, body, codec, version)))
}

fn text<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    })
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    })
}
