//! How a call begins: it claims its key, waits for who has it, or is answered.

#[cfg(feature = "store")]
mod on_store;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::claim::{Claim, Held, Stage};
use super::codec::{Gate, JSON};
use super::error::IdempotencyError;
use super::event::IdempotencyEvent;
use super::key::{Fingerprint, Key, PreparedFingerprint, PreparedKey, Scope};
use super::ledger::{Answer, Request};
use super::memory::{MemoryStore, global};
use super::policy::{Conflict, IdempotentPolicy};
#[cfg(feature = "store")]
use super::shared::{begin::Began, default_store};
use super::store::{Outcome, Recorded};
use super::types::{Instances, KeySays};
use super::under::{self, Frame, HeldKey};
use super::waiting::{HEAD_START, Look, Ticket};
use crate::call::CallState;
use crate::call::Site;
use crate::call::Types;
use crate::call::id_of;
use crate::clock::{self, Instant, Sleep};
use crate::deadline::Deadline;
use crate::error::Refusal;
use crate::event::{Event, emit};
use crate::sync::broken;
#[cfg(feature = "store")]
pub use on_store::Hold;

/// One `#[idempotent]` in the source: whose keys they are.
#[doc(hidden)]
#[derive(Debug)]
pub struct IdempotentSite {
    site: &'static Site,
    name: Option<&'static str>,
    says: KeySays,
    instances: Instances,
}

/// An [`IdempotentSite`], and for which types its function runs.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SiteOf<'s> {
    site: &'s IdempotentSite,
    types: Option<Types>,
}

impl IdempotentSite {
    /// The scope is `name`, or the function.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        Self {
            site,
            name,
            says: KeySays::NOTHING,
            instances: Instances::new(),
        }
    }

    /// What the expression of the key says of types: asked only where a function has several
    /// instances.
    pub const fn key_says(mut self, says: KeySays) -> Self {
        self.says = says;
        self
    }

    /// The site for those types.
    #[inline(always)]
    pub fn of(&self, types: Option<Types>) -> SiteOf<'_> {
        SiteOf { site: self, types }
    }

    /// What its keys belong to, as it is shown.
    fn name(&self) -> &'static str {
        self.name.unwrap_or_else(|| self.site.name())
    }
}

impl SiteOf<'_> {
    fn name(&self) -> &'static str {
        self.site.name()
    }

    /// The scope in this process, but for the type of the result.
    fn scope(&self) -> Scope {
        let IdempotentSite {
            site,
            name,
            instances,
            ..
        } = self.site;
        Scope {
            // Where the function's static lies.
            site: match name {
                Some(_) => 0,
                None => std::ptr::from_ref(*site).addr(),
            },
            instance: self.types.map(|types| instances.get(types, name.is_some())),
            ..Scope::named(self.name())
        }
    }

    /// Begins a call. `mark` is the one of this call; the bodies that run under the claim must be
    /// watched with it. Nothing happens before the first poll; a drop while it waits gives its
    /// turn to the next one.
    pub fn begin<'a, T, E>(
        &self,
        policy: &'static IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        gate: Gate<T, E>,
        mark: &'a CallState,
    ) -> Beginning<'a, T, E> {
        #[cfg(feature = "store")]
        if let Some(store) = default_store() {
            return self.begin_shared(Ok(store.clone()), policy, key, fingerprint, gate, mark);
        }
        self.begin_in(global(), policy, key, fingerprint, gate, mark)
    }

    pub(super) fn begin_in<'a, T, E>(
        &self,
        store: &'static MemoryStore,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        gate: Gate<T, E>,
        mark: &'a CallState,
    ) -> Beginning<'a, T, E> {
        let scope = Scope {
            result: (gate.type_name)(),
            ..self.scope()
        };
        let name = scope.name;
        let wish = match (key.0, fingerprint.map(|f| f.0).transpose()) {
            (Ok(parts), Ok(fingerprint)) => {
                let request = Request {
                    token: rand::random(),
                    fingerprint: fingerprint.map(Fingerprint::new),
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
            version: policy.version,
            gate,
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
pub enum Begin<'a, T, E> {
    /// The key is this call's: run the body under the claim.
    Run(Claim<'a, T, E>),
    /// The key is this call's, on a shared store; or the body runs unprotected.
    #[cfg(feature = "store")]
    Hold(Hold<'a, T, E>),
    /// The recorded outcome.
    Replay(Result<T, E>),
    /// Nothing to run and nothing to replay.
    Refuse(Refusal),
}

/// See [`IdempotentSite::begin`].
#[doc(hidden)]
#[must_use = "futures do nothing unless polled"]
pub struct Beginning<'a, T, E> {
    store: &'static MemoryStore,
    conflict: Conflict,
    version: u32,
    gate: Gate<T, E>,
    mark: &'a CallState,
    /// What events show of the key.
    shown: u32,
    wish: Wish,
    // Boxed: few calls wait.
    wait: Option<Box<Wait>>,
}

impl<T, E> std::fmt::Debug for Beginning<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beginning").finish_non_exhaustive()
    }
}

enum Wish {
    Refuse(IdempotencyError),
    Claim(Arc<Key>, Request),
    #[cfg(feature = "store")]
    Shared(&'static str, Pin<Box<dyn Future<Output = Began> + Send>>),
    Answered,
}

struct Wait {
    ticket: Ticket,
    /// When the caller's time is up.
    deadline: Option<Instant>,
    /// At the sooner of the deadline and the end of the owner's lease: an owner may vanish
    /// without a sign; or when another one that was called has had its head start. Each waiter has its own, as one that leaves its task unpolled must not
    /// hold up the others.
    timer: Pin<Box<Sleep>>,
}

impl Wait {
    /// Ready when the store is to be asked again.
    fn is_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.ticket.look(cx.waker()) {
            Look::Now => return Poll::Ready(()),
            Look::Soon => {
                let soon = clock::add(clock::now(), HEAD_START);
                if soon < self.timer.deadline() {
                    self.timer.as_mut().reset(soon);
                }
            }
            Look::Wait => {}
        }
        self.timer.as_mut().poll(cx)
    }
}

/// How a call that met an owner goes on.
enum Next {
    AskAgain,
    Wait,
    Refuse(IdempotencyError),
}

impl<'a, T, E> Future for Beginning<'a, T, E> {
    type Output = Begin<'a, T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Begin<'a, T, E>> {
        let this = &mut *self;
        this.mark.set_replayed(false);
        let answer = match std::mem::replace(&mut this.wish, Wish::Answered) {
            Wish::Claim(key, request) => ready!(this.ask(key, request, cx)),
            #[cfg(feature = "store")]
            Wish::Shared(name, mut began) => match began.as_mut().poll(cx) {
                Poll::Ready(began) => this.began(name, began),
                Poll::Pending => {
                    this.wish = Wish::Shared(name, began);
                    return Poll::Pending;
                }
            },
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

impl<'a, T, E> Beginning<'a, T, E> {
    fn ask(
        &mut self,
        key: Arc<Key>,
        request: Request,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Begin<'a, T, E>, IdempotencyError>> {
        let name = key.name();
        if under::holds(self.store, &key) {
            return Poll::Ready(Err(IdempotencyError::Reentrant { name }));
        }
        if let Some(wait) = &mut self.wait {
            if wait.is_over(cx).is_pending() {
                self.wish = Wish::Claim(key, request);
                return Poll::Pending;
            }
            wait.ticket.asks();
        }
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
                Some(Answer::Done(recorded)) => {
                    let gate = self.gate;
                    let (ok, err) = ((gate.ok)().decode, gate.err.map(|both| both().decode));
                    break self.replay(name, JSON, &recorded, ok, err);
                }
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
            return if broken("ask_again") {
                Next::Wait
            } else {
                Next::AskAgain
            };
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

    fn claimed(&mut self, key: Arc<Key>, request: Request, fence: u64) -> Claim<'a, T, E> {
        if let Some(wait) = self.wait.take() {
            wait.ticket.won();
        }
        self.mark.begin_claim();
        let held = HeldKey::Memory(self.store, Arc::clone(&key));
        Claim {
            held: Held {
                store: self.store,
                key,
                request,
                mark: self.mark,
                fence,
                renewed: clock::now(),
                stage: Stage::Open,
                version: self.version,
                frame: Some(Frame::new(held, fence)),
            },
            gate: self.gate,
        }
    }

    fn replay(
        &self,
        name: &'static str,
        codec: &str,
        recorded: &Recorded,
        ok: impl FnOnce(&[u8]) -> Option<T>,
        err: Option<impl FnOnce(&[u8]) -> Option<E>>,
    ) -> Result<Begin<'a, T, E>, IdempotencyError> {
        if recorded.outcome == Outcome::NotStored {
            return Err(IdempotencyError::NotStored { name });
        }
        let body = &*recorded.body;
        let known = recorded.version == self.version && recorded.codec == codec;
        let value = match recorded.outcome {
            Outcome::Ok if known => ok(body).map(Ok),
            // Another function of this name stores errors, and this one does not.
            Outcome::Err if known => err.and_then(|err| err(body)).map(Err),
            _ => None,
        };
        let Some(value) = value else {
            return Err(IdempotencyError::Undecodable { name });
        };
        self.mark.set_replayed(true);
        self.tell(name, IdempotencyEvent::Replayed);
        Ok(Begin::Replay(value))
    }

    fn tell(&self, name: &'static str, what: IdempotencyEvent) {
        emit(|| Event::Idempotency {
            name,
            what,
            key: self.shown,
            call: Some(id_of(Some(self.mark))),
        });
    }
}

fn sooner(deadline: Option<Instant>, lease_end: Instant) -> Instant {
    deadline.map_or(lease_end, |at| at.min(lease_end))
}
