//! The table of the protocol for this store: each step decides what becomes of the row that it
//! finds. The caller runs the SQL, and reads the clock.

use std::time::Duration;

use super::row::{Millis, Row};
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Recorded, Resolution, Snapshot, Token,
};

/// The decision of a step: what becomes of the row, and the answer.
pub(super) enum Then<A> {
    /// The row stays as it is.
    Keep(A),
    /// The row is removed.
    Delete(A),
    /// This row is written.
    Write(Row, A),
    /// This row is written with a new fence, from which the answer is made.
    Own(Row, fn(u64) -> A),
}

/// One step on one row.
pub(super) trait Step: Send + 'static {
    type Answer: Send + 'static;

    /// Whether the step is taken even if its caller has gone meanwhile.
    const FOR_NOBODY: bool = true;
    /// Whether the row is read before the lock is taken, since the step often has nothing to write.
    const OFTEN_READS: bool = false;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<Self::Answer>;
}

pub(super) fn claim(request: &ClaimRequest) -> Claim {
    Claim(*request)
}

pub(super) fn renew(token: Token, lease: Duration, ttl: Duration) -> Renew {
    Renew { token, lease, ttl }
}

pub(super) fn complete(token: Token, recorded: &Recorded, ttl: Duration) -> Complete {
    let recorded = recorded.clone();
    Complete {
        token,
        recorded,
        ttl,
    }
}

pub(super) fn release(token: Token) -> Release {
    Release(token)
}

pub(super) fn abandon(token: Token) -> Abandon {
    Abandon(token)
}

pub(super) fn lookup() -> Lookup {
    Lookup
}

pub(super) fn resolve(resolution: &Resolution) -> Resolve {
    Resolve(resolution.clone())
}

pub(super) fn forget() -> Forget {
    Forget
}

pub(super) struct Claim(ClaimRequest);

impl Step for Claim {
    type Answer = ClaimAnswer;

    // Nobody would run under the claim, and others would have to wait until its lease ends.
    const FOR_NOBODY: bool = false;
    // Replays write nothing, and neither do waiters that ask whether the owner is done.
    const OFTEN_READS: bool = true;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<ClaimAnswer> {
        let request = &self.0;
        let fresh = Row {
            token: request.token,
            fence: 0,
            fingerprint: request.fingerprint,
            indeterminate: request.indeterminate(),
            lease_end: now.after(request.lease),
            expiry: now.after(request.ttl),
            done: None,
        };
        let Some(row) = row.filter(|row| !row.expired(now)) else {
            return Then::Own(fresh, |fence| ClaimAnswer::Claimed {
                fence,
                taken_over: false,
            });
        };
        // Where one side has no fingerprint there is nothing to compare.
        if let (Some(ours), Some(theirs)) = (request.fingerprint, row.fingerprint)
            && ours != theirs
        {
            return Then::Keep(ClaimAnswer::KeyReused);
        }
        let live = row.live(now);
        if let Some(recorded) = row.done {
            return Then::Keep(ClaimAnswer::Done(recorded));
        }
        if row.token == request.token {
            // The claim is sent again, as its answer was lost.
            return Then::Keep(ClaimAnswer::Claimed {
                fence: row.fence,
                taken_over: false,
            });
        }
        if let Some(left) = live {
            return Then::Keep(ClaimAnswer::Busy { left });
        }
        // Two functions that share a `name` may differ in this: the stricter one holds.
        if row.indeterminate || request.indeterminate() {
            return Then::Keep(ClaimAnswer::Indeterminate);
        }
        let fingerprint = fresh.fingerprint.or(row.fingerprint);
        let row = Row {
            fingerprint,
            ..fresh
        };
        Then::Own(row, |fence| ClaimAnswer::Claimed {
            fence,
            taken_over: true,
        })
    }
}

/// Decides an owner's step: `change` if the row is Pending for `token`, and else `LeaseLost`.
fn on_pending(row: Option<Row>, token: Token, change: impl FnOnce(Row) -> Then<Ack>) -> Then<Ack> {
    match row {
        Some(row) if row.token == token && row.done.is_none() => change(row),
        _ => Then::Keep(Ack::LeaseLost),
    }
}

pub(super) struct Renew {
    token: Token,
    lease: Duration,
    ttl: Duration,
}

impl Step for Renew {
    type Answer = Ack;

    // A caller that has gone needs its lease no longer.
    const FOR_NOBODY: bool = false;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<Ack> {
        on_pending(row, self.token, |row| {
            let row = Row {
                lease_end: now.after(self.lease),
                expiry: now.after(self.ttl),
                ..row
            };
            Then::Write(row, Ack::Ok)
        })
    }
}

pub(super) struct Complete {
    token: Token,
    recorded: Recorded,
    ttl: Duration,
}

impl Step for Complete {
    type Answer = Ack;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<Ack> {
        match row {
            Some(row) if row.token == self.token && row.done.is_some() => Then::Keep(Ack::Ok),
            row => on_pending(row, self.token, |row| {
                let row = Row {
                    done: Some(self.recorded.clone()),
                    expiry: now.after(self.ttl),
                    ..row
                };
                Then::Write(row, Ack::Ok)
            }),
        }
    }
}

pub(super) struct Release(Token);

impl Step for Release {
    type Answer = Ack;

    fn decide(&self, row: Option<Row>, _: Millis) -> Then<Ack> {
        on_pending(row, self.0, |_| Then::Delete(Ack::Ok))
    }
}

pub(super) struct Abandon(Token);

impl Step for Abandon {
    type Answer = Ack;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<Ack> {
        on_pending(row, self.0, |row| {
            if row.live(now).is_none() {
                return Then::Keep(Ack::Ok);
            }
            let lease_end = Millis::ABANDONED;
            Then::Write(Row { lease_end, ..row }, Ack::Ok)
        })
    }
}

pub(super) struct Lookup;

impl Step for Lookup {
    type Answer = Option<Snapshot>;

    const FOR_NOBODY: bool = false;
    const OFTEN_READS: bool = true;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<Option<Snapshot>> {
        let row = row.filter(|row| !row.expired(now));
        Then::Keep(row.map(|row| row.snapshot(now)))
    }
}

pub(super) struct Resolve(Resolution);

impl Step for Resolve {
    type Answer = ByHand;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<ByHand> {
        let Some(row) = row.filter(|row| !row.expired(now)) else {
            return Then::Keep(ByHand::Absent);
        };
        if row.done.is_some() {
            let again = matches!(&self.0, Resolution::Done { token, .. } if *token == row.token);
            return Then::Keep(if again { ByHand::Changed } else { ByHand::Done });
        }
        if let Some(left) = row.live(now) {
            return Then::Keep(ByHand::Busy { left });
        }
        match &self.0 {
            Resolution::Free => Then::Delete(ByHand::Changed),
            Resolution::Done {
                token,
                recorded,
                ttl,
            } => {
                let row = Row {
                    token: *token,
                    done: Some(recorded.clone()),
                    expiry: now.after(*ttl),
                    ..row
                };
                Then::Own(row, |_| ByHand::Changed)
            }
        }
    }
}

pub(super) struct Forget;

impl Step for Forget {
    type Answer = ByHand;

    fn decide(&self, row: Option<Row>, now: Millis) -> Then<ByHand> {
        match row {
            Some(row) if !row.expired(now) => match row.live(now) {
                Some(left) => Then::Keep(ByHand::Busy { left }),
                None => Then::Delete(ByHand::Changed),
            },
            _ => Then::Keep(ByHand::Absent),
        }
    }
}
