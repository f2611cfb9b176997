//! Calls that are left in the middle: under every stack of `stacks.rs` the future is dropped after
//! each number of polls, here, in another task and on another thread, and its body panics at each of
//! its polls. Afterwards nothing is left of the call: no place in the breaker, no token of the
//! budget but those of retries that were made, no claim, no waiter, no deadline and no task.
//!
//! On paused time: what is to come back must come back without waiting for a lease to end.

mod body;
mod stacks;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::support::{Fault, ms};
use body::{Case, PANIC, SCRIPTS, Script};
use resil::idempotency::IdempotencyError;
use resil::{Breaker, CircuitState, Deadline, Error, breaker};
use stacks::{Answer, Call, Stack};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, advance};

/// How a call ended, as far as it did.
#[derive(Debug)]
enum Ended {
    Answered(Answer),
    Panicked,
    /// It was left after the polls that it was given.
    Cut,
}

/// Who drops the future that is left.
#[derive(Clone, Copy, Debug)]
enum Dropper {
    Here,
    Task,
    Thread,
}

/// What a breaker of the stack is in when the call comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Closed,
    /// Open, and its time is up: the call is the first probe.
    ProbeDue,
}

pub(crate) fn storm(stack: &Stack) {
    quieten();
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        for before in [Before::Closed, Before::ProbeDue] {
            if before == Before::ProbeDue && !stack.has('C') {
                continue;
            }
            for script in SCRIPTS {
                for dropper in [Dropper::Here, Dropper::Task, Dropper::Thread] {
                    drops(stack, before, script, dropper).await;
                }
                panics(stack, before, script).await;
            }
        }
        if stack.is_idempotent() {
            waiters(stack).await;
        }
    });
}

/// The panics of the bodies are meant: nothing is printed of them.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref() != Some(&PANIC) {
                shown(info);
            }
        }));
    });
}

/// Left after 0, 1, 2, .. polls, until it ends by itself.
async fn drops(stack: &Stack, before: Before, script: Script, dropper: Dropper) {
    for polls in 0_u32.. {
        assert!(polls < 100, "{} {script:?} never ends", stack.layers);
        prepare(stack, before).await;
        let case = Case::new(script);
        let mut call = (stack.call)(case.clone());
        let ended = polled(&mut call, polls).await;
        let running = case.running();
        match dropper {
            Dropper::Here => drop(call),
            Dropper::Task => tokio::spawn(async move { drop(call) }).await.unwrap(),
            Dropper::Thread => thread::spawn(move || drop(call)).join().unwrap(),
        }
        let what = format!(
            "{} {before:?} {script:?}, after {polls} polls dropped by {dropper:?}: {ended:?}",
            stack.layers
        );
        let left = Left {
            stack,
            before,
            case: &case,
            ended: &ended,
            running,
            what: &what,
        };
        left.check().await;
        if let Ended::Answered(_) = ended {
            return;
        }
    }
}

/// The body panics at its first poll, its second, .., until it has not so many.
async fn panics(stack: &Stack, before: Before, script: Script) {
    for poll in 1_u32.. {
        prepare(stack, before).await;
        let case = Case::new(script).panics_at(poll);
        let mut call = (stack.call)(case.clone());
        let ended = polled(&mut call, u32::MAX).await;
        drop(call);
        let what = format!(
            "{} {before:?} {script:?}, panic at poll {poll}: {ended:?}",
            stack.layers
        );
        let left = Left {
            stack,
            before,
            case: &case,
            ended: &ended,
            running: 0,
            what: &what,
        };
        left.check().await;
        if let Ended::Answered(_) = ended {
            return;
        }
    }
}

/// Polls `call` whenever it is woken, so many times.
async fn polled(call: &mut Call, polls: u32) -> Ended {
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(Ended::Cut);
        }
        left -= 1;
        match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
            Err(_) => Poll::Ready(Ended::Panicked),
            Ok(Poll::Ready(answer)) => Poll::Ready(Ended::Answered(answer)),
            Ok(Poll::Pending) if left == 0 => Poll::Ready(Ended::Cut),
            Ok(Poll::Pending) => Poll::Pending,
        }
    })
    .await
}

fn breaker_of(stack: &Stack) -> Option<Breaker> {
    stack.has('C').then(|| breaker(stack.layers))
}

/// A full budget, and a breaker that has counted nothing.
async fn prepare(stack: &Stack, before: Before) {
    if let Some(breaker) = breaker_of(stack) {
        breaker.reset();
        if before == Before::ProbeDue {
            if breaker.counts().failures_in_a_row == 0 {
                // Its settings come with the first call.
                let _ = (stack.call)(Case::new(Script::SucceedsAtOnce)).await;
            }
            while let Ok(permit) = breaker.try_acquire() {
                permit.failure();
            }
            advance(ms(36_000)).await;
        }
    }
    if stack.has('R') {
        for _ in 0..500 {
            let _ = (stack.meter)(Case::new(Script::SucceedsAtOnce)).await;
        }
    }
}

/// What a call has left behind.
struct Left<'a> {
    stack: &'a Stack,
    before: Before,
    case: &'a Case,
    ended: &'a Ended,
    /// Bodies that were running when it was dropped.
    running: u32,
    what: &'a str,
}

impl Left<'_> {
    async fn check(&self) {
        let what = self.what;
        assert_eq!(self.case.running(), 0, "a body is left: {what}");
        assert_eq!(Deadline::current(), None, "a deadline is left: {what}");
        let tasks = Handle::current().metrics().num_alive_tasks();
        assert_eq!(tasks, 0, "a task is left: {what}");
        if let Some(breaker) = breaker_of(self.stack) {
            self.check_breaker(breaker);
            breaker.reset();
        }
        if self.stack.has('R') && self.before == Before::Closed {
            self.check_budget().await;
        }
        if self.stack.is_idempotent() {
            self.check_key().await;
        }
    }

    fn check_breaker(&self, breaker: Breaker) {
        let (what, counts) = (self.what, breaker.counts());
        assert_eq!(counts.probes_out, 0, "a probe is left: {what}");
        if breaker.state() == CircuitState::HalfOpen {
            assert!(breaker.try_acquire().is_ok(), "wedged: {what}");
        }
        if self.before == Before::ProbeDue {
            return;
        }
        let each_run_counts = !self.stack.is_above('C', 'R');
        let failures = match self.ended {
            Ended::Cut if each_run_counts => self.case.begun() - self.running,
            Ended::Cut => 0,
            Ended::Panicked if each_run_counts => self.case.begun(),
            Ended::Panicked => 1,
            Ended::Answered(_) => return,
        };
        if failures == 3 {
            assert_eq!(breaker.state(), CircuitState::Open, "{what}");
        } else {
            assert_eq!(counts.failures_in_a_row, failures, "{what}");
        }
    }

    /// A retry costs its token, and nothing else does. A full budget is 100 of them.
    async fn check_budget(&self) {
        let retries = self.case.begun().saturating_sub(1);
        let given_back = match self.ended {
            Ended::Answered(Ok(_)) if retries > 0 => 1,
            _ => 0,
        };
        let meter = Case::new(Script::FailsAtOnce);
        let _ = (self.stack.meter)(meter.clone()).await;
        assert_eq!(
            meter.begun() - 1,
            100 - retries + given_back,
            "tokens: {}",
            self.what
        );
    }

    /// The key is free, or its result is replayed, or nobody can know; at once in any case.
    async fn check_key(&self) {
        let what = self.what;
        let asked = Instant::now();
        let again = (self.stack.call)(self.case.again(Script::Smooth)).await;
        assert!(asked.elapsed() < ms(500), "the key was waited for: {what}");
        let done = matches!(self.ended, Ended::Answered(_));
        if self.stack.has('I') {
            assert!(again.is_ok(), "{again:?}: {what}");
        } else if !done {
            let lost = self.case.begun() > 0;
            assert_eq!(is_indeterminate(&again), lost, "{again:?}: {what}");
        }
    }
}

fn is_indeterminate(answer: &Answer) -> bool {
    matches!(
        answer,
        Err(Fault::Resil(Error::Idempotency(
            IdempotencyError::Indeterminate { .. }
        )))
    )
}

/// Those who wait for a key: who leaves takes no call with it that another one needs.
async fn waiters(stack: &Stack) {
    let begin = |case: Case| {
        let mut call = (stack.call)(case);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
        call
    };
    // When the first waiter leaves: before the key is free, once it was called, once it has run.
    for leaves in 0..3 {
        if let Some(breaker) = breaker_of(stack) {
            breaker.reset();
        }
        let case = Case::new(Script::Smooth);
        let leader = begin(case.clone());
        let mut first = begin(case.again(Script::Smooth));
        let mut second = pin!(begin(case.again(Script::Smooth)));
        let asked = Instant::now();
        if leaves == 0 {
            drop(first);
            drop(leader);
        } else {
            drop(leader);
            if leaves == 2 {
                let _ = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
            drop(first);
        }
        let answer = second.as_mut().await;
        let what = format!("{}: a waiter that leaves ({leaves})", stack.layers);
        assert!(asked.elapsed() < ms(500), "{what}");
        if stack.has('J') {
            assert!(is_indeterminate(&answer), "{answer:?}: {what}");
        } else {
            assert!(answer.is_ok(), "{answer:?}: {what}");
        }
    }
}
