//! Reads the record that a statement returns, and makes the answer of the step from it.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::fault::NAME;
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Outcome, Recorded, Resolution, Snapshot, StoreError,
    StoreErrorKind, StoreResult, Token,
};

/// Makes the error for a row that no statement of this store writes. It shows nothing of the row,
/// which may hold a result.
fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::new(NAME, StoreErrorKind::Corrupt, what.to_string())
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> StoreResult<T> {
    row.try_get(column)
        .map_err(|_| corrupt(format_args!("the column `{column}`")))
}

/// The record in the row that a statement returned.
///
/// Its methods return `None` for an *empty* answer: the reading half of the statement shows an
/// older record than the first half met, and the step is to be run again.
pub(super) struct Record<'a>(pub(super) &'a Row);

impl Record<'_> {
    /// Returns whether the first half of the statement changed the record. The row then shows the
    /// record after the change.
    fn acted(&self) -> StoreResult<bool> {
        get(self.0, "acted")
    }

    fn there(&self) -> StoreResult<bool> {
        get(self.0, "there")
    }

    fn is(&self, state: &str) -> StoreResult<bool> {
        Ok(get::<&str>(self.0, "state")? == state)
    }

    fn of(&self, token: &Token) -> StoreResult<bool> {
        Ok(get::<Option<&[u8]>>(self.0, "token")? == Some(token.as_bytes()))
    }

    fn fence(&self) -> StoreResult<u64> {
        let fence: i64 = get(self.0, "fence")?;
        u64::try_from(fence).map_err(|_| corrupt("a fence below zero"))
    }

    /// Returns how long the lease still runs, more than zero; `None` if it has ended.
    fn left(&self) -> StoreResult<Option<Duration>> {
        let left: Option<i64> = get(self.0, "left_us")?;
        let some = left.map(|us| Duration::from_micros(u64::try_from(us).unwrap_or(1).max(1)));
        Ok(some)
    }

    fn recorded(&self) -> StoreResult<Recorded> {
        let outcome = Outcome::parse(get(self.0, "outcome")?);
        let version: i64 = get(self.0, "version")?;
        Ok(Recorded::new(
            outcome.ok_or_else(|| corrupt("an outcome that is not known"))?,
            get::<&[u8]>(self.0, "body")?,
            get::<String>(self.0, "codec")?,
            u32::try_from(version).map_err(|_| corrupt("a version out of range"))?,
        ))
    }

    /// Returns the answer to a claim; `None` if by this record the claim must get the key, and has
    /// not.
    pub(super) fn claim(&self, request: &ClaimRequest) -> StoreResult<Option<ClaimAnswer>> {
        if self.acted()? {
            return Ok(Some(ClaimAnswer::Claimed {
                fence: self.fence()?,
                taken_over: get(self.0, "taken_over")?,
            }));
        }
        if !self.there()? {
            return Ok(None);
        }
        if let (Some(ours), Some(theirs)) = (
            &request.fingerprint,
            get::<Option<&[u8]>>(self.0, "fingerprint")?,
        ) && ours.as_bytes() != theirs
        {
            return Ok(Some(ClaimAnswer::KeyReused));
        }
        if self.is("done")? {
            return Ok(Some(ClaimAnswer::Done(self.recorded()?)));
        }
        if self.of(&request.token)? {
            return Ok(Some(ClaimAnswer::Claimed {
                fence: self.fence()?,
                taken_over: false,
            }));
        }
        if let Some(left) = self.left()? {
            return Ok(Some(ClaimAnswer::Busy { left }));
        }
        let indeterminate = get(self.0, "indeterminate")? || request.indeterminate();
        Ok(indeterminate.then_some(ClaimAnswer::Indeterminate))
    }

    /// Returns the answer to a completion.
    pub(super) fn complete(&self, token: &Token) -> StoreResult<Option<Ack>> {
        if self.acted()? {
            return Ok(Some(Ack::Ok));
        }
        if !self.of(token)? {
            return Ok(Some(Ack::LeaseLost));
        }
        // The reading half shows Pending, and the first half changed nothing: the step was sent
        // twice, and the other one is through.
        Ok(self.is("done")?.then_some(Ack::Ok))
    }

    /// Returns the answer to a resolution.
    pub(super) fn resolve(&self, resolution: &Resolution) -> StoreResult<Option<ByHand>> {
        let again = match resolution {
            Resolution::Done { token, .. } => self.is("done")? && self.of(token)?,
            Resolution::Free => false,
        };
        self.by_hand(|| Ok(Some(if again { ByHand::Changed } else { ByHand::Done })))
    }

    /// Returns the answer to a removal.
    pub(super) fn forget(&self) -> StoreResult<Option<ByHand>> {
        self.by_hand(|| Ok(None))
    }

    fn by_hand(
        &self,
        done: impl FnOnce() -> StoreResult<Option<ByHand>>,
    ) -> StoreResult<Option<ByHand>> {
        if self.acted()? {
            return Ok(Some(ByHand::Changed));
        }
        if !self.there()? {
            return Ok(Some(ByHand::Absent));
        }
        if self.is("done")? {
            return done();
        }
        Ok(self.left()?.map(|left| ByHand::Busy { left }))
    }

    pub(super) fn snapshot(&self) -> StoreResult<Option<Snapshot>> {
        if !self.there()? {
            return Ok(None);
        }
        let fence = self.fence()?;
        Ok(Some(if self.is("done")? {
            Snapshot::Done {
                fence,
                recorded: self.recorded()?,
            }
        } else {
            Snapshot::Pending {
                fence,
                left: self.left()?,
            }
        }))
    }
}
