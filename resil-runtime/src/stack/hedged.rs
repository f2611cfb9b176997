//! A hedge: its copies run beside each other, so that it is no step of a [walk](super::walk). In a stack
//! the layers around it are one walk, whose body is the hedge, and the layers inside it are a walk for each
//! copy.

use std::fmt::Display;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

#[cfg(feature = "edge")]
use super::body::is_final;
use super::body::{Bare, Body, Run};
use super::first::{Polled, poll};
use super::layer::{Layer, MAX_LAYERS};
use super::outline::{Plan, Shape};
use super::place::state_of;
use super::walk::Step;
use super::walked::{begin, walked};
#[cfg(feature = "catalog")]
use crate::call::caller::{as_caller, note_call};
use crate::call::may_copy::MayCopy;
use crate::call::{CallState, Failure, Outcome};
use crate::classify::{self, Class};
use crate::error::Refusal;
use crate::event::ErrorText;
use crate::hedge::HedgePolicy;
use crate::hedge::future::{hedge, hedge_behind};
use crate::hedge::gate::Gate;
use crate::hedge::verdict::judge;

impl HedgePolicy {
    /// Calls `closure`, and once more for each further copy, and returns the first good answer.
    ///
    /// The copies share the closure, so it may change nothing that it has captured. The budget and the
    /// latencies belong to the place in the source at which `run` is called; events show it as
    /// `src/pay.rs:12:5`. A hedge refuses nothing, so the error needs no `From<resil::Error>`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
    ///
    /// const SLOW: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(50)));
    ///
    /// # async fn get(url: &str) -> std::io::Result<String> { Ok(url.to_owned()) }
    /// # async fn example(url: &str) -> std::io::Result<String> {
    /// SLOW.run(|| get(url)).await
    /// # }
    /// ```
    ///
    /// # Cancellation
    ///
    /// Dropped, the call drops all copies.
    ///
    /// # Panics
    ///
    /// If the first copy is pending outside a tokio runtime with the time driver.
    #[track_caller]
    pub fn run<F, Fut, T, E>(
        &self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Display + 'static,
    {
        let (policy, place) = (*self, Location::caller());
        async move {
            let state = state_of(place);
            #[cfg(feature = "shutdown")]
            let _in_flight = crate::cancel::entered::in_flight(state.site);
            #[cfg(feature = "catalog")]
            {
                note_call(state.site);
                state.last_run.note(&[policy.into()]);
            }
            let call = CallState::new();
            #[cfg(feature = "observe")]
            let seen = crate::observe::seen::observe(state.site, &call);
            let copy = || async {
                let attempt = async { closure().await };
                #[cfg(feature = "tracing")]
                let attempt = crate::observe::traced::traced_attempt(
                    &seen,
                    attempt,
                    crate::spans::attempt::look_at,
                );
                #[cfg(all(feature = "observe", not(feature = "tracing")))]
                let attempt = crate::observe::attempt::seen_attempt(&seen, attempt);
                let out: Outcome<T, E, Refusal> = attempt.await.map_err(Failure::Body);
                judge(out, |error| classify::of_value(error))
            };
            let copies = hedge(&state.hedge, &policy, &call, copy);
            #[cfg(feature = "catalog")]
            let copies = as_caller(state.site, copies);
            let out = copies.await;
            #[cfg(feature = "observe")]
            seen.end(&out);
            match out {
                Ok(value) => Ok(value),
                Err(Failure::Body(error) | Failure::Exposed(error, _)) => Err(error),
                Err(Failure::Policy(_)) => unreachable!("a closure refuses nothing"),
            }
        }
    }
}

/// Runs `closure` under the layers of a stack with a hedge.
pub(super) async fn hedged<F, Fut, T, E>(plan: Plan<'_>, closure: F) -> Outcome<T, E, Refusal>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    let Plan { state, call, .. } = plan;
    let (around, rest) = plan.layers().split_at(plan.shape.outline.hedge);
    let Some((Layer::Hedge(policy), inside)) = rest.split_first() else {
        unreachable!("the outline has the place of the hedge")
    };
    let around = Shape::<[Layer; MAX_LAYERS]>::of(around);
    let inside = Shape::<[Layer; MAX_LAYERS]>::of(inside);
    let inside = Plan {
        shape: &inside,
        ..plan
    };
    let closure = Shared::new(closure);
    let copy = || async {
        let out = walked(inside, || closure.call()).await;
        judge(out, |error| classify::of_value(error))
    };
    let around = Plan {
        shape: &around,
        ..plan
    };
    let mut walk = begin(around);
    let mut future = pin!(None);
    poll_fn(|cx| {
        loop {
            let body = Copies {
                future: future.as_mut(),
                start: || hedge_behind(plan, &state.hedge, policy, call, &copy),
                out: None,
            };
            let (body, step) = match poll(&mut walk, around, body, cx) {
                Polled::Good(out) => return Poll::Ready(out),
                Polled::Walked(body, step) => (body, ready!(step)),
            };
            match step {
                Step::Again => {}
                Step::Done(Err(Failure::Policy(refusal))) => {
                    return Poll::Ready(Err(Failure::Policy(refusal)));
                }
                Step::Done(_) => return Poll::Ready(body.returned()),
            }
        }
    })
    .await
}

/// Copies may be started as the request of an edge says, and at any time without one.
impl Gate for Plan<'_> {
    fn is_asked(&self) -> bool {
        #[cfg(feature = "edge")]
        return self.request.is_some();
        #[cfg(not(feature = "edge"))]
        false
    }

    fn may_copy(&self) -> MayCopy {
        #[cfg(feature = "edge")]
        if let Some(request) = self.request {
            return request.may_copy();
        }
        MayCopy::Yes
    }
}

/// The closure, which the copies call one after the other. It is taken out while it is called: no lock is
/// held then.
struct Shared<F>(Mutex<Option<F>>);

impl<F> Shared<F> {
    fn new(closure: F) -> Self {
        Self(Mutex::new(Some(closure)))
    }

    fn call<Fut>(&self) -> Fut
    where
        F: FnMut() -> Fut,
    {
        let place = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut closure) = place().take() else {
            unreachable!("a closure that panicked ends the call")
        };
        let future = closure();
        *place() = Some(closure);
        future
    }
}

/// All copies of one attempt, as the walk around them sees them.
struct Copies<'a, H, C, T, E> {
    future: Pin<&'a mut Option<H>>,
    start: C,
    /// The value or the error; a refusal is handed on.
    out: Option<Outcome<T, E, Refusal>>,
}

impl<H, C, T, E> Run for Copies<'_, H, C, T, E>
where
    H: Future<Output = Outcome<T, E, Refusal>>,
    C: FnMut() -> H,
    E: Display + 'static,
{
    type Out = Outcome<T, E, Refusal>;

    fn run(&mut self, cx: &mut Context<'_>) -> Poll<Self::Out> {
        if self.future.is_none() {
            let future = (self.start)();
            self.future.set(Some(future));
        }
        let Some(future) = self.future.as_mut().as_pin_mut() else {
            unreachable!("it was made above")
        };
        let out = ready!(future.poll(cx));
        self.future.set(None);
        Poll::Ready(out)
    }

    fn is_good(out: &Self::Out) -> bool {
        out.is_ok()
    }

    fn keep(&mut self, out: Self::Out) -> Bare {
        let bare = match &out {
            Ok(_) => Ok(()),
            Err(Failure::Body(_)) => Err(Failure::Body(())),
            Err(Failure::Exposed(_, kind)) => Err(Failure::Exposed((), *kind)),
            Err(Failure::Policy(_)) => {
                let Err(Failure::Policy(refusal)) = out else {
                    unreachable!("it was looked at")
                };
                return Err(Failure::Policy(refusal));
            }
        };
        self.out = Some(out);
        bare
    }

    fn returned(self) -> Self::Out {
        let Some(out) = self.out else {
            unreachable!("copies that have ended have returned something")
        };
        out
    }
}

impl<H, C, T, E> Body for Copies<'_, H, C, T, E>
where
    H: Future<Output = Outcome<T, E, Refusal>>,
    C: FnMut() -> H,
    E: Display + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bare> {
        let out = ready!(self.run(cx));
        Poll::Ready(self.keep(out))
    }

    fn cut(&mut self) {
        self.future.set(None);
        self.out = None;
    }

    fn class(&self) -> Option<Class> {
        match &self.out {
            Some(Err(Failure::Body(error) | Failure::Exposed(error, _))) => {
                classify::of_value(error)
            }
            _ => None,
        }
    }

    fn text(&self) -> ErrorText<'_> {
        match &self.out {
            Some(Err(Failure::Body(error) | Failure::Exposed(error, _))) => {
                ErrorText::Display(error)
            }
            _ => ErrorText::Nothing,
        }
    }

    #[cfg(feature = "edge")]
    fn is_final(&self) -> bool {
        match &self.out {
            Some(Err(Failure::Body(error) | Failure::Exposed(error, _))) => is_final(error),
            _ => false,
        }
    }
}
