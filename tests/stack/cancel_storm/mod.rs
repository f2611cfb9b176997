//! Calls that are left in the middle: under every stack of `stacks.rs` and `four.rs` the future is
//! dropped after each number of polls, here, in another task and on another thread, and its body
//! panics at each of its polls. Afterwards nothing is left of the call: no copy, no place in the breaker
//! or the bulkhead, no wait for one, no turn of a rate limit, no token of the budget but those of
//! retries that were made, no claim, no waiter, no deadline and no task.
//!
//! On paused time: what is to come back must come back without waiting for a lease to end.

mod body;
// Before those who use its macro.
#[macro_use]
mod stacks;
mod four;
mod left;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::support::{Fault, ms};
use body::{Case, PANIC, SCRIPTS, Script};
use left::Left;
use resil::idempotency::IdempotencyError;
use resil::{Breaker, BulkheadPlace, Error, breaker, bulkhead, rate_limit};
use stacks::{Answer, Call, PLACES, RATE, Stack};
use tokio::runtime::Builder;
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

/// What the layers of the stack are in when the call comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    /// All of them let a call in.
    Closed,
    /// The breaker is open, and its time is up: the call is the first probe.
    ProbeDue,
    /// The only place of the bulkhead is taken: the call waits, and is refused.
    Full,
    /// It is free again after the first poll: a call that waits has been handed it.
    HandedOver,
    /// The burst of the rate limit is used up: the call waits a minute for its turn.
    Limited,
}

impl Before {
    const ALL: [Self; 5] = [
        Self::Closed,
        Self::ProbeDue,
        Self::Full,
        Self::HandedOver,
        Self::Limited,
    ];

    fn is_of(self, stack: &Stack) -> bool {
        match self {
            Self::Closed => true,
            Self::ProbeDue => stack.has('C'),
            Self::Full | Self::HandedOver => stack.has('B'),
            Self::Limited => stack.has('L'),
        }
    }
}

pub(crate) fn storm(stack: &Stack) {
    quieten();
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        for before in Before::ALL {
            if !before.is_of(stack) {
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
        let mut taken = prepare(stack, before).await;
        let came = Instant::now();
        let case = Case::new(script);
        let mut call = (stack.call)(case.clone());
        let ended = polled(&mut call, polls, before, &mut taken).await;
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
            came,
            what: &what,
        };
        left.check(taken).await;
        if let Ended::Answered(_) = ended {
            return;
        }
    }
}

/// The body panics at its first poll, its second, .., until it has not so many.
async fn panics(stack: &Stack, before: Before, script: Script) {
    for poll in 1_u32.. {
        let mut taken = prepare(stack, before).await;
        let came = Instant::now();
        let case = Case::new(script).panics_at(poll);
        let mut call = (stack.call)(case.clone());
        let ended = polled(&mut call, u32::MAX, before, &mut taken).await;
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
            came,
            what: &what,
        };
        left.check(taken).await;
        if let Ended::Answered(_) = ended {
            return;
        }
    }
}

/// Polls `call` whenever it is woken, so many times. The place that is taken may become free after the
/// first one.
async fn polled(
    call: &mut Call,
    polls: u32,
    before: Before,
    taken: &mut Option<BulkheadPlace>,
) -> Ended {
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(Ended::Cut);
        }
        left -= 1;
        let poll = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        if before == Before::HandedOver {
            *taken = None;
        }
        match poll {
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

/// A full budget, a breaker that has counted nothing, a full burst; and what is to be in the way of the
/// call.
async fn prepare(stack: &Stack, before: Before) -> Option<BulkheadPlace> {
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
    if stack.has('L') {
        let limit = rate_limit(stack.layers);
        assert!(limit.configure(RATE));
        // Two hours bring the whole burst back.
        advance(ms(7_200_000)).await;
        if before == Before::Limited {
            limit.try_acquire(100).expect("the whole burst");
        }
    }
    if !stack.has('B') {
        return None;
    }
    let places = bulkhead(stack.layers);
    assert!(places.configure(PLACES));
    let is_taken = matches!(before, Before::Full | Before::HandedOver);
    is_taken.then(|| places.try_acquire().expect("the only place"))
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
        prepare(stack, Before::Closed).await;
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
