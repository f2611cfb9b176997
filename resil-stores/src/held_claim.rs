//! Runs a body under a claim on a store, with the heartbeat beside it, and ends the claim.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use resil_runtime::__private::stores::{
    ActiveClaim, Cause, Encoded, Failure, KeyedCall, Outcome, StoredCodec, Unrecorded, drop_lost,
    under,
};
use resil_runtime::clock;
use resil_runtime::idempotency::NotRecordedReason;
use resil_runtime::idempotency::store::{Outcome as Recording, Recorded};
use tokio::sync::oneshot;

use crate::lease::{End, Heartbeat, Lease, Lost};

/// A call whose body runs under a claim on a store, or unprotected while the store is away.
///
/// It is kept in a box, as it is larger than the state of a call in memory.
pub(crate) struct HeldClaim<'a, T, E> {
    /// The claim; `None` if it has ended, or the body runs unprotected.
    lease: Option<Lease>,
    heartbeat: Option<Heartbeat>,
    /// The claim as it is put on the stack while the body is polled.
    active: Option<ActiveClaim>,
    call: KeyedCall<'a>,
    codec: StoredCodec<T, E>,
    /// Whether the outcome of the body is being encoded. If that panics, the body must not run
    /// again.
    recording: bool,
    /// The outcome, kept here until the end of the claim is acknowledged or given up.
    ending: Option<(Outcome<T, E>, oneshot::Receiver<()>)>,
}

/// Says whether the claim is known to be held.
#[derive(Debug, PartialEq, Eq)]
enum Hold {
    /// The lease can't have ended.
    Sure,
    /// The lease may have ended while nobody polled this call. A heartbeat is asking the store
    /// whether the key was taken over.
    Unsure,
}

// No field is pinned in place: the body is in the caller's future, the heartbeat in a box.
impl<T, E> Unpin for HeldClaim<'_, T, E> {}

impl<'a, T, E> HeldClaim<'a, T, E> {
    /// Makes a call under `lease`; an unprotected one if there is none.
    pub(crate) fn new(lease: Option<Lease>, call: KeyedCall<'a>, codec: StoredCodec<T, E>) -> Self {
        call.has_claimed();
        let active = lease.as_ref().map(|l| l.call().active(l.fence()));
        Self {
            lease,
            heartbeat: None,
            active,
            call,
            codec,
            recording: false,
            ending: None,
        }
    }

    /// Polls `inside` under the claim. When this is ready, `inside` has been dropped.
    pub(crate) fn poll<F>(
        &mut self,
        mut inside: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome<T, E>>
    where
        F: Future<Output = Outcome<T, E>>,
    {
        if self.ending.is_some() {
            return self.poll_end(cx);
        }
        // Polled before the body: the body of a call that may have lost its key must not take
        // another step.
        match self.poll_hold(cx) {
            Ok(Hold::Sure) => {}
            Ok(Hold::Unsure) => return Poll::Pending,
            Err(Lost) => {
                drop_lost(|| inside.set(None));
                return Poll::Ready(self.lost());
            }
        }
        let Some(body) = inside.as_mut().as_pin_mut() else {
            unreachable!("an idempotent call was polled again after it had answered")
        };
        let Poll::Ready(out) = under(&mut self.active, || body.poll(cx)) else {
            if self.heartbeat.is_none()
                && let Some(lease) = &self.lease
            {
                self.heartbeat = Some(lease.heartbeat());
                if self.poll_hold(cx) == Err(Lost) {
                    drop_lost(|| inside.set(None));
                    return Poll::Ready(self.lost());
                }
            }
            return Poll::Pending;
        };
        let completion = self.completion(&out);
        // Dropped before the end is chosen: `inside` may hold an attempt that is cut only by this.
        inside.set(None);
        self.heartbeat = None;
        let Some(lease) = self.lease.take() else {
            return Poll::Ready(out);
        };
        let end = completion.unwrap_or_else(|| self.call.unrecorded().into());
        self.ending = Some((out, lease.end(end)));
        self.poll_end(cx)
    }

    /// Renews the lease whenever that is due, and returns whether the claim is known to be held.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Result<Hold, Lost> {
        let Some(lease) = &mut self.lease else {
            return Ok(Hold::Sure);
        };
        loop {
            // The clock is read too, since timers are late if the process stood still.
            let sure = clock::now() < lease.fenced_at();
            let heartbeat = match &mut self.heartbeat {
                Some(heartbeat) => heartbeat,
                None if sure => return Ok(Hold::Sure),
                None => self.heartbeat.insert(lease.heartbeat()),
            };
            // Unconstrained: a body that uses up the task's budget must not starve its own lease.
            let mut heartbeat = std::pin::pin!(tokio::task::unconstrained(heartbeat));
            let Poll::Ready(beaten) = heartbeat.as_mut().poll(cx) else {
                return Ok(if sure { Hold::Sure } else { Hold::Unsure });
            };
            lease.renewed(beaten?);
            self.heartbeat = Some(lease.heartbeat());
        }
    }

    /// Drops a claim whose lease is over or whose key was taken over, and returns the refusal.
    /// There is no claim left to end.
    fn lost(&mut self) -> Outcome<T, E> {
        self.heartbeat = None;
        let lease = self.lease.take();
        let name = lease.as_ref().map_or("", |lease| lease.call().name());
        Err(Failure::Policy(self.call.refuse(name, Cause::LeaseLost)))
    }

    /// Returns the completion that records the outcome; `None` if it is not to be recorded.
    fn completion(&mut self, out: &Outcome<T, E>) -> Option<End> {
        let settings = &self.lease.as_ref()?.call().shared.settings;
        let (codec, limit) = (&*settings.codec, settings.max_result);
        let (outcome, bytes) = match self.call.to_record(out)? {
            Ok(value) => {
                self.recording = true;
                let fns = (self.codec.ok)();
                (Recording::Ok, (fns.encode)(value, codec, limit))
            }
            Err(e) => {
                let fns = self.codec.err?();
                self.recording = true;
                (Recording::Err, (fns.encode)(e, codec, limit))
            }
        };
        self.recording = false;
        Some(complete(outcome, bytes, codec.id(), self.call.version()))
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<T, E>> {
        if let Some((_, heard)) = &mut self.ending {
            // The sender never sends: its drop says that there is nothing more to wait for.
            let _ = ready!(Pin::new(heard).poll(cx));
        }
        match self.ending.take() {
            Some((out, _)) => Poll::Ready(out),
            None => unreachable!("an idempotent call was polled again after it had answered"),
        }
    }
}

impl<T, E> Drop for HeldClaim<'_, T, E> {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        let end = if self.recording {
            // The `Serialize` of the outcome panicked.
            let codec = lease.call().shared.settings.codec.id();
            let reason = NotRecordedReason::NotEncodable;
            complete(
                Recording::NotStored,
                Err(reason),
                codec,
                self.call.version(),
            )
        } else {
            self.call.dropped().into()
        };
        drop(lease.end(end));
    }
}

fn complete(outcome: Recording, bytes: Encoded, codec: &'static str, version: u32) -> End {
    match bytes {
        Ok(bytes) => End::Complete(Recorded::new(outcome, bytes, codec, version), None),
        Err(reason) => End::Complete(Recorded::not_stored(codec, version), Some(reason)),
    }
}

impl From<Unrecorded> for End {
    fn from(how: Unrecorded) -> Self {
        match how {
            Unrecorded::Release => Self::Release,
            Unrecorded::Abandon => Self::Abandon,
        }
    }
}
