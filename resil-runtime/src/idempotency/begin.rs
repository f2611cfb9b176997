//! How a call begins: it claims its key, waits for who has it, or is answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::claim::{Claim, Held, Stage};
use super::codec::Codec;
use super::error::IdempotencyError;
use super::event::IdempotencyEvent;
use super::key::{Key, PreparedFingerprint, PreparedKey, Scope};
use super::ledger::{Answer, Recorded, Request};
use super::memory::{MemoryStore, global};
use super::policy::{Conflict, IdempotentPolicy};
use super::waiting::Ticket;
use crate::clock::{self, Instant, Sleep};
use crate::deadline::Deadline;
use crate::error::Refusal;
use crate::event::{Event, emit};
use crate::mark::Mark;
use crate::site::Site;

/// One `#[idempotent]` in the source: whose keys they are.
#[doc(hidden)]
#[derive(Debug)]
pub struct IdempotentSite {
    name: &'static str,
    /// The function, where no name is given.
    site: Option<&'static Site>,
}

impl IdempotentSite {
    /// The scope is `name`, or the function.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        match name {
            Some(name) => Self { name, site: None },
            None => Self {
                name: site.function(),
                site: Some(site),
            },
        }
    }

    /// Begins a call. `mark` is the one of this call; the bodies that run under the claim must be
    /// watched with it. Nothing happens before the first poll; a drop while it waits gives its
    /// turn to the next one.
    pub fn begin<'a, T>(
        &self,
        policy: &'static IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: Codec<T>,
        mark: &'a Mark,
    ) -> Beginning<'a, T> {
        self.begin_in(global(), policy, key, fingerprint, codec, mark)
    }

    pub(super) fn begin_in<'a, T>(
        &self,
        store: &'static MemoryStore,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: Codec<T>,
        mark: &'a Mark,
    ) -> Beginning<'a, T> {
        let scope = Scope {
            name: self.name,
            site: self.site.map_or(0, |site| std::ptr::from_ref(site).addr()),
            result: (codec.type_name)(),
        };
        let name = self.name;
        let wish = match (key.0, fingerprint.map(|f| f.0).transpose()) {
            (Ok(parts), Ok(fingerprint)) => {
                let request = Request {
                    token: rand::random(),
                    fingerprint,
                    lease: policy.lease,
                    ttl: policy.ttl,
                    on_abandon: policy.on_abandon,
                };
                Wish::Claim(Arc::new(Key::new(scope, parts)), request)
            }
            (Err((part, reason)), _) => {
                Wish::Refuse(IdempotencyError::InvalidKey { name, part, reason })
            }
            (_, Err(_)) => Wish::Refuse(IdempotencyError::InvalidFingerprint { name }),
        };
        Beginning {
            store,
            conflict: policy.conflict,
            codec,
            mark,
            shown: match &wish {
                Wish::Claim(key, _) => key.shown(),
                _ => 0,
            },
            wish,
            wait: None,
        }
    }
}

/// How a call goes on.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "the claim in it is given up when it is dropped"]
pub enum Begin<'a, T> {
    /// The key is this call's: run the body under the claim.
    Run(Claim<'a, T>),
    /// The recorded result.
    Replay(T),
    /// Nothing to run and nothing to replay.
    Refuse(Refusal),
}

/// See [`IdempotentSite::begin`].
#[doc(hidden)]
#[must_use = "futures do nothing unless polled"]
pub struct Beginning<'a, T> {
    store: &'static MemoryStore,
    conflict: Conflict,
    codec: Codec<T>,
    mark: &'a Mark,
    /// What events show of the key.
    shown: u32,
    wish: Wish,
    // Boxed: few calls wait.
    wait: Option<Box<Wait>>,
}

impl<T> std::fmt::Debug for Beginning<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beginning").finish_non_exhaustive()
    }
}

enum Wish {
    Refuse(IdempotencyError),
    Claim(Arc<Key>, Request),
    Answered,
}

struct Wait {
    ticket: Ticket,
    /// When the caller's time is up.
    deadline: Option<Instant>,
    /// At the sooner of the deadline and the end of the owner's lease: an owner may vanish
    /// without a sign. Each waiter has its own, as one that leaves its task unpolled must not
    /// hold up the others.
    timer: Pin<Box<Sleep>>,
}

/// How a call that met an owner goes on.
enum Next {
    AskAgain,
    Wait,
    Refuse(IdempotencyError),
}

impl<'a, T> Future for Beginning<'a, T> {
    type Output = Begin<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Begin<'a, T>> {
        let this = &mut *self;
        this.mark.set_replayed(false);
        let answer = match std::mem::replace(&mut this.wish, Wish::Answered) {
            Wish::Claim(key, request) => ready!(this.ask(key, request, cx)),
            Wish::Refuse(e) => Err(e),
            Wish::Answered => panic!("polled after it was done"),
        };
        // Leaves its seat now, and hands on a call that it made no use of.
        this.wait = None;
        Poll::Ready(answer.unwrap_or_else(|e| {
            this.tell(e.name(), IdempotencyEvent::of(&e));
            Begin::Refuse(Refusal::Idempotency(Box::new(e)))
        }))
    }
}

impl<'a, T> Beginning<'a, T> {
    fn ask(
        &mut self,
        key: Arc<Key>,
        request: Request,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Begin<'a, T>, IdempotencyError>> {
        if let Some(wait) = &mut self.wait
            && !wait.ticket.look(cx.waker())
            && wait.timer.as_mut().poll(cx).is_pending()
        {
            self.wish = Wish::Claim(key, request);
            return Poll::Pending;
        }
        let name = key.name();
        Poll::Ready(loop {
            let lease_end = match self.store.claim(&key, &request) {
                Some(Answer::Busy { lease_end }) => lease_end,
                Some(Answer::Claimed {
                    fence, taken_over, ..
                }) => {
                    if taken_over {
                        self.tell(name, IdempotencyEvent::TakenOver);
                    }
                    break Ok(Begin::Run(self.claimed(key, request, fence)));
                }
                Some(Answer::Done(recorded)) => break self.replay(name, &recorded),
                Some(Answer::KeyReused) => break Err(IdempotencyError::KeyReused { name }),
                Some(Answer::Indeterminate) => break Err(IdempotencyError::Indeterminate { name }),
                Some(Answer::NoRoom) | None => break Err(IdempotencyError::Full { name }),
            };
            match self.met(&key, lease_end, cx) {
                Next::AskAgain => {}
                Next::Refuse(e) => break Err(e),
                Next::Wait => {
                    self.wish = Wish::Claim(key, request);
                    return Poll::Pending;
                }
            }
        })
    }

    /// Another owner's lease runs until `lease_end`, if it is not renewed.
    fn met(&mut self, key: &Arc<Key>, lease_end: Instant, cx: &mut Context<'_>) -> Next {
        let now = clock::now();
        let in_progress = Next::Refuse(IdempotencyError::InProgress {
            name: key.name(),
            retry_in: Some(lease_end.saturating_duration_since(now)),
        });
        let Some(wait) = &mut self.wait else {
            let deadline = Deadline::current().map(Deadline::instant);
            if self.conflict == Conflict::Reject || deadline.is_some_and(|at| at <= now) {
                return in_progress;
            }
            let Some(mut ticket) = self.store.waiting.enter(key) else {
                return in_progress;
            };
            ticket.look(cx.waker());
            self.wait = Some(Box::new(Wait {
                ticket,
                deadline,
                timer: Box::pin(clock::sleep_until(sooner(deadline, lease_end))),
            }));
            self.tell(key.name(), IdempotencyEvent::Waiting);
            // With a seat: the owner may have ended before it was taken.
            return Next::AskAgain;
        };
        if wait.deadline.is_some_and(|at| at <= now) {
            return in_progress;
        }
        wait.ticket.go_on();
        let until = sooner(wait.deadline, lease_end);
        if wait.timer.deadline() != until {
            wait.timer.as_mut().reset(until);
        }
        if wait.timer.as_mut().poll(cx).is_ready() {
            return Next::AskAgain;
        }
        Next::Wait
    }

    fn claimed(&mut self, key: Arc<Key>, request: Request, fence: u64) -> Claim<'a, T> {
        if let Some(wait) = self.wait.take() {
            wait.ticket.won();
        }
        self.mark.forget_cut();
        Claim {
            held: Held {
                store: self.store,
                key,
                request,
                mark: self.mark,
                fence,
                renewed: clock::now(),
                stage: Stage::Open,
            },
            codec: self.codec,
        }
    }

    fn replay(
        &self,
        name: &'static str,
        recorded: &Recorded,
    ) -> Result<Begin<'a, T>, IdempotencyError> {
        let Recorded::Ok(bytes) = recorded else {
            return Err(IdempotencyError::NotStored { name });
        };
        let Some(value) = (self.codec.decode)(bytes) else {
            return Err(IdempotencyError::Undecodable { name });
        };
        self.mark.set_replayed(true);
        self.tell(name, IdempotencyEvent::Replayed);
        Ok(Begin::Replay(value))
    }

    fn tell(&self, name: &'static str, what: IdempotencyEvent) {
        let key = self.shown;
        emit(|| Event::Idempotency { name, what, key });
    }
}

fn sooner(deadline: Option<Instant>, lease_end: Instant) -> Instant {
    deadline.map_or(lease_end, |at| at.min(lease_end))
}
