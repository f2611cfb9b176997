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
    line: u32,
}

impl IdempotentSite {
    /// The scope is `name`, or the function with its line.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        match name {
            Some(name) => Self { name, line: 0 },
            None => Self {
                name: site.function(),
                line: site.line(),
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
            line: self.line,
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

impl<'a, T> Future for Beginning<'a, T> {
    type Output = Begin<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Begin<'a, T>> {
        let this = &mut *self;
        this.mark.set_replayed(false);
        let answer = ready!(this.ask(cx));
        // Leaves its seat now, and hands on a call that it made no use of.
        this.wait = None;
        Poll::Ready(match answer {
            Ok(begin) => begin,
            Err(refused) => Begin::Refuse(Refusal::Idempotency(Box::new(refused))),
        })
    }
}

impl<'a, T> Beginning<'a, T> {
    fn ask(&mut self, cx: &mut Context<'_>) -> Poll<Result<Begin<'a, T>, IdempotencyError>> {
        let (key, request) = match std::mem::replace(&mut self.wish, Wish::Answered) {
            Wish::Claim(key, request) => (key, request),
            Wish::Refuse(e) => {
                emit(|| Event::Idempotency {
                    name: e.name(),
                    what: IdempotencyEvent::InvalidKey,
                    key: 0,
                });
                return Poll::Ready(Err(e));
            }
            Wish::Answered => panic!("polled after it was done"),
        };
        // Put back only where it goes on waiting.
        let name = key.name();
        let tell = |what| {
            emit(|| Event::Idempotency {
                name,
                what,
                key: key.shown(),
            });
        };
        let refuse = |what, e| {
            tell(what);
            Poll::Ready(Err(e))
        };
        if let Some(wait) = &mut self.wait
            && !wait.ticket.look(cx.waker())
            && wait.timer.as_mut().poll(cx).is_pending()
        {
            self.wish = Wish::Claim(key, request);
            return Poll::Pending;
        }
        loop {
            let lease_end = match self.store.claim(&key, &request) {
                Some(Answer::Busy { lease_end }) => lease_end,
                Some(Answer::Claimed {
                    fence, taken_over, ..
                }) => {
                    if taken_over {
                        tell(IdempotencyEvent::TakenOver);
                    }
                    if let Some(wait) = self.wait.take() {
                        wait.ticket.won();
                    }
                    self.mark.forget_cut();
                    let held = Held {
                        store: self.store,
                        key,
                        request,
                        mark: self.mark,
                        fence,
                        renewed: clock::now(),
                        stage: Stage::Open,
                    };
                    let codec = self.codec;
                    return Poll::Ready(Ok(Begin::Run(Claim { held, codec })));
                }
                Some(Answer::Done(recorded)) => {
                    return Poll::Ready(self.replay(name, &recorded, tell));
                }
                Some(Answer::KeyReused) => {
                    let e = IdempotencyError::KeyReused { name };
                    return refuse(IdempotencyEvent::KeyReused, e);
                }
                Some(Answer::Indeterminate) => {
                    let e = IdempotencyError::Indeterminate { name };
                    return refuse(IdempotencyEvent::Indeterminate, e);
                }
                Some(Answer::NoRoom) | None => {
                    let e = IdempotencyError::Full { name };
                    return refuse(IdempotencyEvent::Full, e);
                }
            };
            let in_progress = |now| {
                let e = IdempotencyError::InProgress {
                    name,
                    retry_in: Some(lease_end.saturating_duration_since(now)),
                };
                refuse(IdempotencyEvent::InProgress, e)
            };
            let now = clock::now();
            if self.conflict == Conflict::Reject {
                return in_progress(now);
            }
            let Some(wait) = &mut self.wait else {
                let deadline = Deadline::current().map(Deadline::instant);
                if deadline.is_some_and(|at| at <= now) {
                    return in_progress(now);
                }
                let Some(mut ticket) = self.store.waiting.enter(&key) else {
                    return in_progress(now);
                };
                tell(IdempotencyEvent::Waiting);
                ticket.look(cx.waker());
                let until = deadline.map_or(lease_end, |at| at.min(lease_end));
                self.wait = Some(Box::new(Wait {
                    ticket,
                    deadline,
                    timer: Box::pin(clock::sleep_until(until)),
                }));
                // Asked again with a seat: the owner may have ended before it was taken.
                continue;
            };
            if wait.deadline.is_some_and(|at| at <= now) {
                return in_progress(now);
            }
            wait.ticket.go_on();
            let until = wait.deadline.map_or(lease_end, |at| at.min(lease_end));
            if wait.timer.deadline() != until {
                wait.timer.as_mut().reset(until);
            }
            if wait.timer.as_mut().poll(cx).is_pending() {
                self.wish = Wish::Claim(key, request);
                return Poll::Pending;
            }
        }
    }

    fn replay(
        &self,
        name: &'static str,
        recorded: &Recorded,
        tell: impl Fn(IdempotencyEvent),
    ) -> Result<Begin<'a, T>, IdempotencyError> {
        let Recorded::Ok(bytes) = recorded else {
            tell(IdempotencyEvent::NotStored);
            return Err(IdempotencyError::NotStored { name });
        };
        let Some(value) = (self.codec.decode)(bytes) else {
            tell(IdempotencyEvent::Undecodable);
            return Err(IdempotencyError::Undecodable { name });
        };
        self.mark.set_replayed(true);
        tell(IdempotencyEvent::Replayed);
        Ok(Begin::Replay(value))
    }
}
