//! The report on one call: [`trace`] collects the events of what is polled inside it.
//!
//! A trace is a listener for the time of its own polls. It uses the same switch as the listeners of
//! the process, so that a call that nobody traces pays nothing for it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::kinds::Event;
use super::report::CallReport;
use super::switch::Awake;

type Report = Arc<Mutex<CallReport>>;

thread_local! {
    /// The traces that are being polled on this thread, outermost first.
    static HERE: RefCell<Vec<Report>> = const { RefCell::new(Vec::new()) };
}

fn lock(report: &Report) -> MutexGuard<'_, CallReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether a trace is being polled on this thread.
pub(crate) fn is_here() -> bool {
    HERE.try_with(|here| here.borrow().is_empty()) == Ok(false)
}

/// Adds `event` to the traces that are being polled on this thread.
pub(crate) fn gather(event: &Event) {
    let _ = HERE.try_with(|here| {
        for report in here.borrow().iter() {
            lock(report).hear(event);
        }
    });
}

/// The traces around a place, to be carried into a task that is started there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around(Option<Box<[Report]>>);

impl Around {
    pub(crate) fn here() -> Self {
        let all = HERE.try_with(|here| here.borrow().clone());
        let all = all.unwrap_or_default();
        Self((!all.is_empty()).then(|| all.into()))
    }

    /// Runs `poll` inside the traces.
    pub(crate) fn enter<R>(&self, poll: impl FnOnce() -> R) -> R {
        match &self.0 {
            None => poll(),
            Some(all) => {
                let _here = Here::enter(all);
                poll()
            }
        }
    }
}

/// Puts traces in force for the time of one poll: so many of them.
struct Here(usize);

impl Here {
    /// Puts those of `all` in force that are not: what is carried may be polled where it was made.
    fn enter(all: &[Report]) -> Self {
        let entered = HERE.try_with(|here| {
            let mut here = here.borrow_mut();
            let before = here.len();
            for report in all {
                if !here.iter().any(|other| Arc::ptr_eq(other, report)) {
                    here.push(Arc::clone(report));
                }
            }
            here.len() - before
        });
        // A thread that is ending has no more traces in force.
        Self(entered.unwrap_or_default())
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let left: Result<Vec<Report>, _> = HERE.try_with(|here| {
            let mut here = here.borrow_mut();
            let from = here.len().saturating_sub(self.0);
            here.split_off(from)
        });
        drop(left);
    }
}

/// Runs `future` and returns its output with a report on the call in it: how many attempts it took,
/// how long it waited, whether the outcome is a replay, and why no further attempt was made.
///
/// ```
/// use resil_runtime::event::StopReason;
/// # use resil_runtime::trace;
/// # struct Order;
/// # async fn charge(_: &Order) -> Result<u32, std::io::Error> { Ok(7) }
/// # async fn pay(order: &Order) {
/// let (receipt, report) = trace(charge(order)).await;
/// if report.replayed {
///     println!("charged before: this is the recorded answer");
/// }
/// match report.stopped {
///     Some(StopReason::Exhausted) => println!("gave up after {} attempts", report.attempts),
///     Some(reason) => println!("no further attempt: {reason:?}"),
///     None => {}
/// }
/// # let _ = receipt;
/// # }
/// ```
///
/// It is meant for one call. If there are several, one after the other or one inside the other,
/// each is listed in [`CallReport::calls`], except for those that ended at the first attempt, which
/// have no event. Traces can be nested. The work of tasks is reported if they were started with
/// [`resil::spawn`](crate::spawn) or [`carry`](crate::carry()), up to the moment at which the
/// traced future ends; `tokio::spawn` carries nothing.
///
/// While a trace is alive, events are made in the whole process as if somebody listened
/// ([`event::subscribe`](crate::event::subscribe)), which makes failing calls a little more
/// expensive. Listeners hear all events as usual. A trace that is dropped reports nothing.
///
/// (The crate `tracing` is unrelated: with the feature of that name calls have spans too, traced or not.)
///
/// # Panics
///
/// The returned future panics if it is polled again after it was ready.
pub fn trace<F: Future>(future: F) -> Traced<F> {
    Traced {
        future,
        gathering: Some(Gathering {
            report: [Report::default()],
            _awake: Awake::new(),
        }),
    }
}

#[derive(Debug)]
struct Gathering {
    report: [Report; 1],
    _awake: Awake,
}

pin_project! {
    /// The future of [`trace`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Traced<F> {
        #[pin]
        future: F,
        // `None` when it is done.
        gathering: Option<Gathering>,
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = (F::Output, CallReport);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(gathering) = this.gathering else {
            panic!("a trace was polled again after it had answered")
        };
        let here = Here::enter(&gathering.report);
        let poll = this.future.poll(cx);
        drop(here);
        let out = ready!(poll);
        let report = std::mem::take(&mut *lock(&gathering.report[0]));
        *this.gathering = None;
        Poll::Ready((out, report.finished()))
    }
}
