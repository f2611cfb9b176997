//! What an edge, such as an HTTP client, needs to run a request under policies: it has judged the outcome
//! itself, and says so.

use std::fmt;
use std::panic::Location;

use super::failed::Failed;
use super::layer::Layer;
use super::outline::{Repeatable, Shape};
use super::place::state_of;
use super::run::{Source, run};
use super::state::State;
use super::value::Stack;
use crate::call::{FromResil, id_of};
use crate::error::Refusal;
use crate::event::{self, ErrorText, Event};

/// What an edge runs its requests under: a stack, or one policy.
#[derive(Debug, Clone)]
pub struct Policies(Held);

#[derive(Debug, Clone)]
enum Held {
    Stack(Box<Stack>),
    // The state belongs to the place in the source.
    Alone(Shape<[Layer; 1]>, &'static Location<'static>),
}

impl Policies {
    /// Creates policies of one alone, whose state belongs to the place in the source that `place` is.
    pub fn alone(policy: impl Into<Layer>, place: &'static Location<'static>) -> Self {
        Self(Held::Alone(Shape::of([&policy.into()]), place))
    }

    /// Returns these policies without those that send a request a second time while the first is under way.
    #[must_use]
    pub fn without_hedge(&self) -> Self {
        self.without("hedge")
    }

    /// Returns these policies without those of that name, as [`Layer::name`] returns it. Their state is that of
    /// these.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let is_kept = |layer: &&Layer| layer.name() != name;
        Self(match &self.0 {
            Held::Stack(stack) => Held::Stack(Box::new(stack.of(is_kept))),
            Held::Alone(_, place) => {
                Held::Alone(Shape::of(self.layers().iter().filter(is_kept)), place)
            }
        })
    }

    /// Returns the layers, outermost first.
    pub fn layers(&self) -> &[Layer] {
        self.shape().layers()
    }

    fn shape(&self) -> &Shape {
        match &self.0 {
            Held::Stack(stack) => &stack.shape,
            Held::Alone(shape, _) => shape,
        }
    }

    /// Calls `attempt` under the policies, as [`Stack::run`] does, and asks `request` before a retry
    /// repeats an attempt that a timeout inside it has cut: there is no [`Failed`] then to say so. A hedge
    /// asks it before it starts a copy.
    ///
    /// # Errors
    ///
    /// What the last attempt has failed with, or a refusal of a policy.
    pub fn run_asking<'p, F, Fut, T>(
        &'p self,
        request: &'p dyn Repeatable,
        attempt: F,
    ) -> impl Future<Output = Result<T, Failed>> + use<'p, F, Fut, T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, Failed>>,
    {
        let policies = self;
        run(Asking { policies, request }, attempt)
    }
}

/// Tells listeners that a request fell back, under the name of the place in the source, and for which error.
pub fn fell_back(place: &'static Location<'static>, error: &dyn fmt::Display) {
    event::emit(|| Event::FellBack {
        function: state_of(place).site.name(),
        error: ErrorText::Display(error).told(),
        call: id_of(None),
    });
}

impl From<Stack> for Policies {
    fn from(stack: Stack) -> Self {
        Self(Held::Stack(Box::new(stack)))
    }
}

/// Policies, and the request that runs under them.
struct Asking<'p> {
    policies: &'p Policies,
    request: &'p dyn Repeatable,
}

impl Source<Failed> for Asking<'_> {
    fn shape(&self) -> &Shape {
        self.policies.shape()
    }

    fn state(&self) -> &'static State {
        match &self.policies.0 {
            Held::Stack(stack) => stack.state(),
            Held::Alone(_, place) => state_of(place),
        }
    }

    fn refuse(refusal: Refusal) -> Failed {
        Failed::from_resil(refusal)
    }

    fn request(&self) -> Option<&dyn Repeatable> {
        Some(self.request)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    #[cfg(feature = "hedge")]
    use crate::call::may_copy::MayCopy;
    use crate::classify::Class;
    use crate::clock;
    use crate::error::Error;
    use crate::retry::RetryPolicy;

    fn failed(class: Class, may_repeat: bool) -> Failed {
        Failed::new(7_u8, class, may_repeat, "503")
    }

    async fn attempts(policies: &Policies, end: fn() -> Failed) -> u32 {
        let mut attempts = 0;
        let out: Result<(), _> = policies
            .run_asking(&|| true, || {
                attempts += 1;
                async move { Err(end()) }
            })
            .await;
        let what = out.unwrap_err().into_inner();
        assert_eq!(what.downcast_ref::<u8>(), Some(&7));
        attempts
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_not_be_repeated_is_not_retried_and_counts_by_its_class() {
        let stack = Stack::new("edge-verdict")
            .circuit(crate::circuit::CircuitPolicy::new().failures(2))
            .retry(RetryPolicy::new().max(3));
        let policies = Policies::from(stack);
        assert_eq!(
            attempts(&policies, || failed(Class::Transient, true)).await,
            3
        );
        assert_eq!(
            attempts(&policies, || failed(Class::Permanent, true)).await,
            1
        );
        assert_eq!(
            attempts(&policies, || failed(Class::Transient, false)).await,
            1
        );
        attempts(&policies, || failed(Class::Transient, false)).await;
        let refused = policies.run_asking(&|| true, || async { Ok(()) });
        let refused = refused.await.unwrap_err().into_inner();
        let error = refused.downcast_ref::<Error>();
        assert!(
            matches!(error, Some(Error::CircuitOpen { .. })),
            "{error:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_alone_has_the_state_of_its_place() {
        #[track_caller]
        fn here() -> &'static Location<'static> {
            Location::caller()
        }
        let policies = Policies::alone(RetryPolicy::new().max(2), here());
        assert_eq!(policies.layers().len(), 1);
        assert_eq!(
            attempts(&policies, || failed(Class::Transient, true)).await,
            2
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_timeout_has_cut_is_repeated_only_if_it_may_be() {
        let second = Duration::from_secs(1);
        let stack = Stack::new("edge-cut")
            .retry(RetryPolicy::new().max(3))
            .timeout(second);
        let policies = Policies::from(stack);
        for (repeats, attempts) in [(true, 3), (false, 1)] {
            let mut started = 0;
            let may_repeat = move || repeats;
            let run = policies.run_asking(&may_repeat, || {
                started += 1;
                pending::<Result<(), Failed>>()
            });
            let refused = run.await.unwrap_err().into_inner();
            let error = refused.downcast_ref::<Error>();
            assert!(matches!(error, Some(Error::Timeout { .. })), "{error:?}");
            assert_eq!(started, attempts);
        }
    }

    /// A request whose first copy waits for that before it begins.
    #[cfg(feature = "hedge")]
    struct Request(std::sync::Mutex<MayCopy>);

    #[cfg(feature = "hedge")]
    impl Repeatable for Request {
        fn may_repeat(&self) -> bool {
            true
        }

        fn may_copy(&self) -> MayCopy {
            *self.0.lock().unwrap()
        }
    }

    #[cfg(feature = "hedge")]
    impl Request {
        /// Sends one that begins after the first one of `times`, in ms, and then takes the second one. From when it
        /// has begun it may be copied as `may_copy` says. Returns the number of copies.
        async fn send(times: (u64, u64), may_copy: MayCopy, policies: &Policies) -> u32 {
            let request = Self(MayCopy::NotYet.into());
            let after = |time| {
                let later = clock::add(clock::now(), Duration::from_millis(time));
                clock::sleep_until(later)
            };
            let mut copies = 0;
            let copy = || {
                copies += 1;
                async {
                    if request.may_copy() == MayCopy::NotYet {
                        after(times.0).await;
                        *request.0.lock().unwrap() = may_copy;
                    }
                    after(times.1).await;
                    Ok(())
                }
            };
            policies.run_asking(&request, copy).await.unwrap();
            copies
        }
    }

    #[cfg(feature = "hedge")]
    #[tokio::test(start_paused = true)]
    async fn a_hedge_waits_until_a_request_may_be_copied() {
        use crate::hedge::{HedgeAfter, HedgePolicy};

        let begins = clock::now();
        let hedge = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(5))).no_budget();
        let policies = Policies::from(Stack::new("edge-copies").hedge(hedge));
        for (begins_after, may_copy, copies) in [
            (0, MayCopy::Yes, 2),
            (100, MayCopy::Yes, 2),
            (0, MayCopy::Never, 1),
            (100, MayCopy::Never, 1),
        ] {
            let sent = Request::send((begins_after, 10), may_copy, &policies).await;
            assert_eq!(sent, copies, "{begins_after} {may_copy:?}");
        }
        let elapsed = (clock::now() - begins).as_millis();
        assert!((240..248).contains(&elapsed), "{elapsed}");
    }

    #[cfg(feature = "hedge")]
    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_never_copied_gives_the_budget_nothing_and_teaches_nothing() {
        use crate::hedge::{HedgeAfter, HedgePolicy};

        let stack = |after, ratio| {
            let hedge = HedgePolicy::new(after).budget(ratio);
            Policies::from(Stack::new("edge-copies-budget").hedge(hedge))
        };
        let delay = HedgeAfter::Delay(Duration::from_millis(5));
        let (gives, takes) = (stack(delay, 1.0), stack(delay, 0.0));
        for copies in [2; 10].into_iter().chain([1]) {
            let sent = Request::send((0, 10), MayCopy::Yes, &takes).await;
            assert_eq!(sent, copies);
        }
        Request::send((0, 10), MayCopy::Never, &gives).await;
        assert_eq!(Request::send((0, 10), MayCopy::Yes, &takes).await, 1);
        assert_eq!(Request::send((0, 10), MayCopy::Yes, &gives).await, 2);

        // No copy starts before enough latencies are known.
        let learns = HedgeAfter::Percentile {
            percent: 50.0,
            default: None,
        };
        let learns = HedgePolicy::new(learns).no_budget();
        let learns = Policies::from(Stack::new("edge-copies-latencies").hedge(learns));
        for (may_copy, copies) in [(MayCopy::Never, 1), (MayCopy::Yes, 2)] {
            for _ in 0..200 {
                Request::send((0, 10), may_copy, &learns).await;
            }
            let late = Request::send((0, 100), MayCopy::Yes, &learns).await;
            assert_eq!(late, copies, "{may_copy:?}");
        }
    }

    #[cfg(feature = "hedge")]
    #[tokio::test(start_paused = true)]
    async fn without_a_hedge_there_is_one_copy() {
        use crate::hedge::{HedgeAfter, HedgePolicy};

        let hedge = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(1)));
        let stack = Policies::from(Stack::new("edge-hedge").hedge(hedge));
        let alone = Policies::alone(hedge, Location::caller());
        for (policies, copies) in [
            (&stack, 2),
            (&stack.without_hedge(), 1),
            (&alone, 2),
            (&alone.without_hedge(), 1),
        ] {
            let mut started = 0;
            policies
                .run_asking(&|| true, || {
                    started += 1;
                    async {
                        let later = clock::add(clock::now(), Duration::from_millis(10));
                        clock::sleep_until(later).await;
                        Ok(())
                    }
                })
                .await
                .unwrap();
            assert_eq!(started, copies);
        }
    }
}
