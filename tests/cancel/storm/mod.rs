//! The storm of cancellations: under each of twelve stacks the scope around a call is cancelled, or the
//! shutdown around it begins, after each number of polls, with all that the call may have to wait for free and
//! taken. From there on it ends at once where it waits, its body runs to its end, and nothing is left of it.

mod body;
mod stacks;

use body::{Answer, Case, SCRIPTS, Script};
use resil::event::StopReason;
use resil::{BulkheadPlace, CallReport, Shutdown, breaker, trace};
use stacks::Stack;
use tokio::time::{Instant, advance};

use super::*;

type Traced = Pin<Box<dyn Future<Output = (Answer, CallReport)> + Send>>;

/// How the waits are ended.
#[derive(Clone, Copy, Debug)]
enum By {
    Token,
    Shutdown,
}

/// What the call meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Met {
    Free,
    /// The place of the bulkhead is taken, the turn of the rate limit is in a second, another call has the key.
    Taken,
}

pub(crate) fn storm(stack: &Stack) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut waited = 0;
        for by in [By::Token, By::Shutdown] {
            for met in [Met::Free, Met::Taken] {
                for script in SCRIPTS {
                    waited += at_every_poll(stack, by, met, script).await;
                }
            }
        }
        assert!(
            waited > 8,
            "{}: it was in a wait {waited} times only",
            stack.layers
        );
    });
}

/// What the test holds so that the call has to wait.
struct Taken {
    place: Option<BulkheadPlace>,
    owner: Option<stacks::Call>,
}

/// Lets the settings in, lets all waits of former calls pass, and takes what is to be taken.
async fn prepare(stack: &Stack, met: Met, case: &Case) -> Taken {
    advance(ms(10_000)).await;
    let _ = (stack.call)(Case::new(Script::Smooth)).await;
    advance(ms(10_000)).await;
    if stack.has('C') {
        breaker(stack.layers).reset();
    }
    let mut taken = Taken {
        place: None,
        owner: None,
    };
    if met == Met::Free {
        return taken;
    }
    if stack.has('I') {
        let mut owner = (stack.call)(case.again(Script::Smooth));
        assert!(poll_once(owner.as_mut()).await.is_pending());
        taken.owner = Some(owner);
    } else if stack.has('L') {
        resil::rate_limit(stack.layers).try_acquire(1).unwrap();
    } else if stack.has('B') {
        taken.place = Some(resil::bulkhead(stack.layers).try_acquire().unwrap());
    }
    taken
}

/// Ends the waits after 0, 1, 2, .. polls, until the call ends by itself. Returns how often it was in a wait.
async fn at_every_poll(stack: &Stack, by: By, met: Met, script: Script) -> u32 {
    let mut waited = 0;
    for polls in 0_u32.. {
        assert!(polls < 100, "{} {script:?} never ends", stack.layers);
        let case = Case::new(script);
        let taken = prepare(stack, met, &case).await;
        let (token, part) = (CancellationToken::new(), Shutdown::new());
        let call = cancel_scope(token.clone(), part.scope((stack.call)(case.clone())));
        let mut call: Traced = Box::pin(trace(call));
        if polled(&mut call, polls, &case, &taken).await {
            return waited;
        }
        let (begun, running) = (case.begun(), case.running());
        match by {
            By::Token => token.cancel(),
            By::Shutdown => part.begin(),
        }
        let at = Instant::now();
        let (answer, report) = call.await;
        let ended = Ended {
            what: format!(
                "{} {by:?} {met:?} {script:?} after {polls} polls: {answer:?}",
                stack.layers
            ),
            stack,
            by,
            case,
            begun,
            running,
            took: at.elapsed(),
            answer,
            report,
        };
        waited += u32::from(ended.check(polls, met));
        let left = part.drain(Duration::ZERO).await;
        assert!(left.is_empty(), "{left}: {}", ended.what);
        ended.check_nothing_is_left(taken).await;
    }
    waited
}

/// Polls `call` whenever it is woken, so many times. Returns whether it has ended.
///
/// What it waits for stays taken for as long as that. So it is left as well when nothing but time would go by.
async fn polled(call: &mut Traced, polls: u32, case: &Case, taken: &Taken) -> bool {
    let mut left = polls;
    let all = std::future::poll_fn(|cx| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        match call.as_mut().poll(cx) {
            std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
            std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(false),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    });
    let is_held_up = case.begun() == 0 && (taken.place.is_some() || taken.owner.is_some());
    if !is_held_up {
        return all.await;
    }
    // It waits until what is taken is given back, which it is not: one poll is all that can be told apart.
    let ended = tokio::time::timeout(ms(100), all).await;
    ended.unwrap_or(polls > 1)
}

/// A call whose waits were ended.
struct Ended<'a> {
    what: String,
    stack: &'a Stack,
    by: By,
    case: Case,
    /// The bodies that had begun and that were running at that time.
    begun: u32,
    running: u32,
    took: Duration,
    answer: Answer,
    report: CallReport,
}

impl Ended<'_> {
    /// Checks how it ended. Returns whether it was in a wait.
    fn check(&self, polls: u32, met: Met) -> bool {
        let (what, answer) = (&self.what, &self.answer);
        assert_eq!(self.case.running(), 0, "a body was interrupted: {what}");
        let more = self.case.begun() - self.begun;
        if self.begun == 0 {
            // It waits for its first attempt, or it has not been polled.
            let waits = met == Met::Taken || polls > 0;
            if waits && !matches!(self.stack.layers, "R" | "HR") {
                assert!(is_cancelled(answer), "{what}");
                assert_eq!((more, self.took), (0, Duration::ZERO), "{what}");
                return true;
            }
            assert!(more == 1, "it runs once: {more} {what}");
            return false;
        }
        assert_eq!(more, 0, "another attempt began: {what}");
        let last = Err(Fault::Network(self.begun));
        if self.running > 0 {
            let succeeds = match self.case.script {
                Script::Smooth => true,
                Script::Flaky => self.begun == 3,
                _ => false,
            };
            assert_eq!(
                *answer,
                if succeeds { Ok(self.begun) } else { last },
                "{what}"
            );
            return false;
        }
        assert_eq!((answer, self.took), (&last, Duration::ZERO), "{what}");
        let reason = match self.by {
            By::Token => StopReason::Cancelled,
            By::Shutdown => StopReason::Shutdown,
        };
        assert_eq!(self.report.stopped, Some(reason), "{what}");
        self.check_circuit();
        true
    }

    /// The end of a pause is neutral for a circuit above it; of the attempts a circuit below has counted each.
    fn check_circuit(&self) {
        if self.stack.has('C') {
            let counts = breaker(self.stack.layers).counts();
            let above = self.stack.is_above('C', 'R');
            let failures = if above { 0 } else { self.begun };
            assert_eq!(counts.failures_in_a_row, failures, "{}", self.what);
        }
    }

    /// Places, permits, turns and claims are given back.
    async fn check_nothing_is_left(&self, taken: Taken) {
        let (what, stack) = (&self.what, self.stack);
        if let Some(owner) = taken.owner {
            assert!(owner.await.is_ok(), "the owner of the key goes on: {what}");
        }
        drop(taken.place);
        if stack.has('C') {
            assert_eq!(breaker(stack.layers).counts().probes_out, 0, "{what}");
            breaker(stack.layers).reset();
        }
        if stack.has('B') {
            let bulkhead = resil::bulkhead(stack.layers);
            assert_eq!((bulkhead.in_flight(), bulkhead.waiting()), (0, 0), "{what}");
        }
        let asked = Instant::now();
        let again = (stack.call)(self.case.again(Script::Smooth)).await;
        assert!(again.is_ok(), "{again:?}: {what}");
        // At most the turn after the last one that was used.
        let longest = if stack.has('L') { ms(1_010) } else { ms(10) };
        assert!(asked.elapsed() <= longest, "{:?}: {what}", asked.elapsed());
    }
}
