//! The reference model of one record. It gives the answer that each step must get, and has no
//! clock.

use super::case::LONG;
use resil_runtime::idempotency::store::{ClaimAnswer, ClaimRequest, Fingerprint, Recorded, Token};

/// A record of the model. It holds no times: the sequence says when a lease or a life has ended.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) token: Token,
    pub(super) fence: u64,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) indeterminate: bool,
    pub(super) live: bool,
    /// Whether its ttl is short: it is expired as soon as it is not live.
    pub(super) short: bool,
    pub(super) done: Option<Recorded>,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) row: Option<Row>,
    /// The highest fence that was given.
    pub(super) fence: u64,
    /// The number of completions in the life of the record.
    pub(super) completed: u32,
    /// The token of the owner of a record that expired. The store may have removed the record or
    /// not. So this owner's steps may be answered either way until the next claim, and are not
    /// tried.
    pub(super) ghost: Option<Token>,
}

impl Model {
    pub(super) fn expire(&mut self) {
        let gone = |r: &Row| r.short && !(r.live && r.done.is_none());
        if self.row.as_ref().is_some_and(gone) {
            self.ghost = self.row.take().map(|r| r.token);
        }
    }

    /// Notes that the sequence has waited for the end of a short ttl, and with `lease` of a short
    /// lease.
    pub(super) fn ended(&mut self, lease: bool) {
        if let Some(row) = &mut self.row {
            row.live &= !lease;
        }
        self.expire();
    }

    pub(super) fn pending(&mut self, by: Token) -> Option<&mut Row> {
        self.row
            .as_mut()
            .filter(|r| r.token == by && r.done.is_none())
    }

    /// Returns the answer that a claim must get. The `Err` says that it must get the key, and
    /// whether it takes the key over.
    pub(super) fn answer(&self, request: &ClaimRequest) -> Result<ClaimAnswer, bool> {
        let Some(row) = &self.row else {
            return Err(false);
        };
        if let (Some(ours), Some(theirs)) = (request.fingerprint, row.fingerprint)
            && ours != theirs
        {
            return Ok(ClaimAnswer::KeyReused);
        }
        if let Some(recorded) = &row.done {
            return Ok(ClaimAnswer::Done(recorded.clone()));
        }
        if row.token == request.token {
            return Ok(ClaimAnswer::Claimed {
                fence: row.fence,
                taken_over: false,
            });
        }
        if row.live {
            return Ok(ClaimAnswer::Busy { left: LONG });
        }
        if row.indeterminate || request.indeterminate() {
            return Ok(ClaimAnswer::Indeterminate);
        }
        Err(true)
    }
}
