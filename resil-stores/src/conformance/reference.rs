//! The reference model of one record: what every step must be answered, with no clock in it.

use super::case::LONG;
use resil_runtime::idempotency::store::{ClaimAnswer, ClaimRequest, Fingerprint, Recorded, Token};

/// A record of the model, which knows no clock.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) token: Token,
    pub(super) fence: u64,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) indeterminate: bool,
    pub(super) live: bool,
    /// Past the end of its life as soon as it is not live.
    pub(super) short: bool,
    pub(super) done: Option<Recorded>,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) row: Option<Row>,
    /// The highest fence that was given.
    pub(super) fence: u64,
    /// Recorded in this life.
    pub(super) completed: u32,
    /// The owner of a record that expired. A store may have removed it or not: until the next claim
    /// its steps may be answered either way, and are not asked.
    pub(super) ghost: Option<Token>,
}

impl Model {
    pub(super) fn expire(&mut self) {
        let gone = |r: &Row| r.short && !(r.live && r.done.is_none());
        if self.row.as_ref().is_some_and(gone) {
            self.ghost = self.row.take().map(|r| r.token);
        }
    }

    /// A short lease or life was waited for.
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

    /// Returns the answer that a claim must get; `None` where it must get the key, taken over or not.
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
