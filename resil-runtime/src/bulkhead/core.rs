//! One bulkhead: its word, its queue and its settings, and the steps by which threads change them.
//!
//! While nobody waits, a call comes and goes by one atomic step on the [`Word`], without the lock of
//! the [`Queue`]. A call that has to wait sets a flag in the word, in the same step in which it finds
//! no place there. So a call that goes either makes that step fail, or sees the flag and hands its
//! place on, under the lock. While the flag is set, nobody takes a place past those who wait.

use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::identity::Identity;
use super::learner::Learner;
use super::policy::{BulkheadPolicy, Rules};
use super::queue::{NEVER, Queue, Wakers};
use super::turn::{Joined, Limits, Turn};
use super::word::Word;
use crate::call::{CallState, id_of};
use crate::clock;
use crate::event::{self, Event};
use crate::in_use::{InUse, Ref};
use crate::observe::count::refused;
use crate::sync::{AtomicU64, Line, Mutex, MutexGuard, Ordering, broken};

/// Returns the time in nanoseconds, as [`clock::now_ns`](crate::clock::now_ns) counts them.
pub(crate) type Clock = fn() -> u64;

/// One bulkhead, which its handles, sites and places share.
#[derive(Debug)]
pub(crate) struct BulkheadCore {
    word: Line<AtomicU64>,
    queue: Mutex<Queue>,
    identity: Identity,
    pub(super) settings: InUse<Settings>,
    clock: Clock,
}

/// The settings in use, given by the first function that gave some.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) rules: Rules,
    /// Learns the limit. Boxed, as most bulkheads have none.
    pub(super) learner: Option<Box<Learner>>,
    /// The function that gave them.
    pub(super) owner: &'static str,
}

/// The settings in use until a function gives some.
static DEFAULTS: Settings = Settings {
    rules: BulkheadPolicy::new().rules(),
    learner: None,
    owner: "",
};

impl BulkheadCore {
    /// Creates the bulkhead called `name`.
    pub(crate) fn new(name: &'static str, clock: Clock) -> Self {
        Self::of(Identity::named(name), clock)
    }

    /// Creates the bulkhead of `key` under the name of `base`.
    pub(crate) fn keyed(base: &Self, key: Arc<str>) -> Self {
        Self::of(base.identity.keyed(key), base.clock)
    }

    fn of(identity: Identity, clock: Clock) -> Self {
        Self {
            word: Line(AtomicU64::new(Word::new(DEFAULTS.rules.first).0)),
            queue: Mutex::new(Queue::default()),
            identity,
            settings: InUse::new(),
            clock,
        }
    }

    #[inline(always)]
    pub(super) fn load(&self) -> Word {
        Word(self.word.0.load(Ordering::Acquire))
    }

    /// Changes the word if it still is `from`. On failure returns the word that it is.
    #[inline(always)]
    fn change(&self, from: Word, to: Word) -> Result<(), Word> {
        let done = self
            .word
            .0
            .compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire);
        done.map(|_| ()).map_err(Word)
    }

    /// Changes the word by `to`, until nothing comes in between. Returns the word before; `None` if
    /// `to` returned `None`.
    pub(super) fn update(&self, to: impl Fn(Word) -> Option<Word>) -> Option<Word> {
        let mut from = self.load();
        loop {
            match self.change(from, to(from)?) {
                Ok(()) => return Some(from),
                Err(now) => from = now,
            }
        }
    }

    pub(super) fn settings(&self) -> Ref<'_, Settings> {
        self.settings.get_or(&DEFAULTS)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Takes a place if there is nothing else to do: one is free, nobody waits, and calls are not
    /// timed.
    #[inline(always)]
    pub(super) fn take_at_once(&self) -> bool {
        let mut word = Word(self.word.0.load(Ordering::Relaxed));
        loop {
            if !word.is_plain() {
                return false;
            }
            if broken("bulkhead_take_in_one") {
                let one_more = word.with_one_more().0;
                self.word.0.store(one_more, Ordering::Release);
                return true;
            }
            match self.change(word, word.with_one_more()) {
                Ok(()) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Takes a place if one is free and nobody waits. Returns whether it did.
    pub(super) fn take(&self) -> bool {
        let free =
            |word: Word| (word.has_room() && !word.is_waited()).then(|| word.with_one_more());
        self.update(free).is_some()
    }

    /// Gives a place back. If somebody waits, it goes to them.
    #[inline(always)]
    pub(crate) fn release(&self) {
        let before = Word(self.word.0.fetch_sub(1, Ordering::AcqRel));
        if before.is_waited() {
            self.hand_on();
        }
    }

    /// Hands the places that are free to those who wait.
    #[cold]
    #[inline(never)]
    fn hand_on(&self) {
        let mut wakers = Wakers::default();
        self.dispatch(&mut self.lock(), &mut wakers);
        wakers.run();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands free places to the calls at the front of the queue. Those whose time to wait is over are
    /// taken out.
    fn dispatch(&self, queue: &mut Queue, wakers: &mut Wakers) {
        let mut now = None;
        while let Some(until) = queue.first_until() {
            if until != NEVER && until <= *now.get_or_insert_with(|| self.now()) {
                queue.expire_first(wakers);
                continue;
            }
            let free = |word: Word| word.has_room().then(|| word.with_one_more());
            if self.update(free).is_none() {
                break;
            }
            let now = *now.get_or_insert_with(|| self.now());
            queue.hand_to_first(now, wakers);
        }
        self.tidy(queue, wakers);
    }

    /// Takes the flag off if nobody waits any more. Else sees to it that the first one looks after
    /// the places that were handed to others.
    fn tidy(&self, queue: &mut Queue, wakers: &mut Wakers) {
        if queue.is_idle() {
            self.update(|word| word.is_waited().then(|| word.with_waited(false)));
        } else {
            queue.let_first_watch(wakers);
        }
    }

    /// Lets a call in that found no place, or puts it into the queue until `until`.
    pub(super) fn join(&self, until: Option<u64>, waker: Waker) -> Joined {
        let room = usize::try_from(self.settings().rules.queue).unwrap_or(usize::MAX);
        let mut queue = self.lock();
        let mut word = self.load();
        loop {
            if queue.is_idle() && word.has_room() {
                match self.change(word, word.with_one_more()) {
                    Ok(()) => return Joined::In,
                    Err(now) => word = now,
                }
                continue;
            }
            if queue.len() >= room {
                return Joined::Full;
            }
            if broken("bulkhead_flag_in_one") {
                let waited = Word(0).with_waited(true).0;
                self.word.0.fetch_or(waited, Ordering::AcqRel);
                break;
            }
            match self.change(word, word.with_waited(true)) {
                Ok(()) => break,
                Err(now) => word = now,
            }
        }
        Joined::Waits(queue.push(waker, until))
    }

    /// Answers a call that waits under `number`, whose time is `ahead` of the clock. A place that was handed
    /// to it is of no use after its deadline: then the place goes on to the next one.
    pub(super) fn turn(&self, number: u64, limits: Limits, ahead: Duration, waker: Waker) -> Turn {
        let mut wakers = Wakers::default();
        let turn = self.turn_of(number, limits, ahead, waker, &mut wakers);
        wakers.run();
        turn
    }

    fn turn_of(
        &self,
        number: u64,
        limits: Limits,
        ahead: Duration,
        waker: Waker,
        wakers: &mut Wakers,
    ) -> Turn {
        let Limits { until, deadline } = limits;
        let now = || self.now().saturating_add(clock::nanos(ahead));
        let mut queue = self.lock();
        if queue.come_back(number, until) {
            // It may be the first one that waits: with the flag, nobody gets past it.
            self.update(|word| Some(word.with_waited(true)));
            self.dispatch(&mut queue, wakers);
        }
        if queue.claim(number) {
            wakers.drop_later(waker);
            if deadline.is_some_and(|deadline| deadline <= now()) {
                self.free(&mut queue, wakers);
                return Turn::Late;
            }
            return Turn::In;
        }
        if until.is_some_and(|until| until <= now()) {
            wakers.drop_later(waker);
            queue.leave(number, wakers);
            self.tidy(&mut queue, wakers);
            return Turn::Late;
        }
        if !queue.waits(number) {
            // The queue has let it go, as its time was over.
            wakers.drop_later(waker);
            return Turn::Late;
        }
        match queue.wait_on(number, waker, wakers) {
            Some(look_at) if look_at <= now() && self.take_over(&mut queue, number, wakers) => {
                Turn::In
            }
            look_at => Turn::Wait(look_at.into_iter().chain(until).min()),
        }
    }

    /// Takes over a place that was handed to another call, which was not polled for too long.
    fn take_over(&self, queue: &mut Queue, number: u64, wakers: &mut Wakers) -> bool {
        let done = queue.take_over(number, wakers);
        if done {
            self.tidy(queue, wakers);
        }
        done
    }

    /// Gives back a place that was handed to a call.
    fn free(&self, queue: &mut Queue, wakers: &mut Wakers) {
        self.word.0.fetch_sub(1, Ordering::AcqRel);
        if !broken("bulkhead_hand_on") {
            self.dispatch(queue, wakers);
        }
    }

    /// Takes a call out of the queue that does not wait any more.
    #[cold]
    pub(super) fn leave(&self, number: u64) {
        let mut wakers = Wakers::default();
        let mut queue = self.lock();
        if queue.leave(number, &mut wakers) {
            self.free(&mut queue, &mut wakers);
        } else {
            self.tidy(&mut queue, &mut wakers);
        }
        drop(queue);
        wakers.run();
    }

    /// Returns the number of calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody is inside and nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.load().inside() == 0 && self.lock().is_empty()
    }

    /// Changes the limit as `to` says. Calls that are inside stay, also where they are more than the limit.
    /// Returns the words before and after, for [`let_in`](Self::let_in).
    pub(super) fn change_limit(&self, to: impl Fn(Word) -> Word) -> (Word, Word) {
        let mut before = self.load();
        if broken("bulkhead_limit_in_one") {
            self.word.0.store(to(before).0, Ordering::Release);
            return (before, to(before));
        }
        loop {
            match self.change(before, to(before)) {
                Ok(()) => return (before, to(before)),
                Err(now) => before = now,
            }
        }
    }

    /// Lets calls in that wait, if the limit was raised. Wakes them, so no lock of a learner is held.
    pub(super) fn let_in(&self, (before, after): (Word, Word)) {
        if before.is_waited() && before.limit() < after.limit() {
            self.hand_on();
        }
    }

    /// Tells listeners that `call` was refused; without one, that a manual call was.
    #[cold]
    pub(super) fn tell_refused(&self, call: Option<&CallState>, is_manual: bool, limit: u32) {
        refused("bulkhead", self.identity.name().text());
        event::emit(|| Event::BulkheadRefused {
            name: self.identity.name().text(),
            key: self.identity.key().cloned(),
            limit,
            call: (!is_manual).then(|| id_of(call)),
        });
    }
}
