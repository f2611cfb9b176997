//! A layer for each policy, and one for a whole stack.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::edge::Policies;
#[cfg(feature = "hedge")]
use resil_runtime::hedge::HedgePolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Stack, TimeoutPolicy};
use tower_layer::Layer;

use super::request::{HttpRequests, Once};
use super::run::Rules;
use super::service::PolicyService;
use crate::outcome::HttpOutcome;

/// Writes what all layers of policies have. Those that send a request several times have a parameter for how it is
/// copied.
macro_rules! policy_layer {
    ($name:ident, $requests:ty $(, $r:ident)?) => {
        impl<O: Clone $(, $r: Clone)?> $name<O $(, $r)?> {
            fn of(policies: Policies, outcome: O, requests: $requests) -> Self {
                let rules = Rules::new(policies, outcome, requests);
                Self {
                    rules: Arc::new(rules),
                }
            }

            /// Sets what an answer means: [`HttpOutcome`] unless this is called.
            #[must_use]
            pub fn outcome<P: Clone>(self, outcome: P) -> $name<P $(, $r)?> {
                let (policies, _, requests) = self.rules.to_parts();
                $name::of(policies, outcome, requests)
            }
        }

        impl<S, O $(, $r)?> Layer<S> for $name<O $(, $r)?> {
            type Service = PolicyService<S, O, $requests>;

            fn layer(&self, inner: S) -> Self::Service {
                PolicyService::new(inner, Arc::clone(&self.rules))
            }
        }

        impl<O $(, $r)?> Clone for $name<O $(, $r)?> {
            fn clone(&self) -> Self {
                Self {
                    rules: Arc::clone(&self.rules),
                }
            }
        }

        impl<O: fmt::Debug $(, $r: fmt::Debug)?> fmt::Debug for $name<O $(, $r)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("rules", &self.rules)
                    .finish()
            }
        }
    };
}

/// Writes the layer of one policy.
macro_rules! layer_of {
    ($(
        $(#[$doc:meta])*
        $name:ident($policy:ty) $(, $r:ident = $default:ident)?;
    )*) => {$(
        layer_of!(@ $(#[$doc])* $name($policy) $(, $r = $default)?);
    )*};
    (@ $(#[$doc:meta])* $name:ident($policy:ty)) => {
        $(#[$doc])*
        pub struct $name<O = HttpOutcome> {
            rules: Arc<Rules<O, Once>>,
        }

        layer_of!(@new $name($policy), Once);
        policy_layer!($name, Once);
    };
    (@ $(#[$doc:meta])* $name:ident($policy:ty), $r:ident = $default:ident) => {
        $(#[$doc])*
        pub struct $name<O = HttpOutcome, $r = $default> {
            rules: Arc<Rules<O, $r>>,
        }

        layer_of!(@new $name($policy), $default);
        policy_layer!($name, $r, $r);
    };
    (@new $name:ident($policy:ty), $requests:ident) => {

        impl $name {
            /// Creates the layer. Its state belongs to the place in the source of this call, and all services that
            /// it or a clone of it makes share that; events show it as `src/main.rs:12:5`. For a state with a name,
            /// write a [`StackLayer`] of this one policy.
            #[track_caller]
            pub fn new(policy: $policy) -> Self {
                let policies = Policies::alone(policy, Location::caller());
                Self::of(policies, HttpOutcome::new(), $requests::new())
            }
        }
    };
}

/// Writes how the copies of a request are made, for the layers that send it several times.
macro_rules! cloning {
    ($($(#[$cfg:meta])* $name:ident),*) => {$(
        $(#[$cfg])*
        impl<O: Clone> $name<O, HttpRequests> {
            /// Sets how many bytes of a body are kept for another copy of its request: 64 KiB unless this is
            /// called. A request with more is sent once, as it comes.
            #[must_use]
            pub fn buffer_limit(self, bytes: usize) -> Self {
                self.clone_request(HttpRequests::new().buffer_limit(bytes))
            }
        }

        $(#[$cfg])*
        impl<O: Clone, R: Clone> $name<O, R> {
            /// Sets how requests are copied: [`HttpRequests`] unless this is called.
            #[must_use]
            pub fn clone_request<P: Clone>(self, requests: P) -> $name<O, P> {
                let (policies, outcome, _) = self.rules.to_parts();
                $name::of(policies, outcome, requests)
            }
        }
    )*};
}

layer_of! {
    /// Sends a request again that has failed.
    ///
    /// What has failed, and whether it may be sent again, the [`Outcome`](crate::Outcome) says; what is sent again,
    /// the [`CloneRequest`](super::CloneRequest).
    ///
    /// ```
    /// use resil_http::layers::RetryLayer;
    /// use resil_runtime::retry::RetryPolicy;
    ///
    /// const STANDARD: RetryPolicy = RetryPolicy::new().max(4);
    /// let layer = RetryLayer::new(STANDARD).buffer_limit(16 * 1024);
    /// ```
    RetryLayer(RetryPolicy), R = HttpRequests;

    /// Bounds the time until the answer, and shows the service inside the limit as the ambient deadline.
    ///
    /// The time that the body of the answer takes is not part of it. Past the limit the request is dropped, and the
    /// error is `resil::Error::Timeout`.
    TimeoutLayer(TimeoutPolicy);

    /// Refuses requests while too many before them have failed, by the class that the
    /// [`Outcome`](crate::Outcome) gives them.
    CircuitLayer(CircuitPolicy);

    /// Bounds how many requests wait for their answer at once.
    ///
    /// A place is given back with the head of the answer.
    BulkheadLayer(BulkheadPolicy);

    /// Bounds how many requests begin in a time. Each one weighs 1.
    RateLimitLayer(RateLimitPolicy);
}

#[cfg(feature = "hedge")]
layer_of! {
    /// Sends a request once more while its answer is late, and takes the first good answer.
    ///
    /// Only requests that may be sent twice are copied, and only those whose body can be read beforehand: see
    /// [`HttpRequests`]. This layer does not bound how long the body takes: a [`TimeoutLayer`] around it does.
    HedgeLayer(HedgePolicy), R = HttpRequests;
}

/// Runs requests under a whole [`Stack`].
///
/// The state is that of the stack's name, which attributes and other stacks of that name share.
///
/// ```
/// use std::time::Duration;
/// use resil_http::layers::StackLayer;
/// use resil_runtime::Stack;
/// use resil_runtime::retry::RetryPolicy;
///
/// static SEARCH: Stack = Stack::new("search")
///     .retry(RetryPolicy::new().max(4))
///     .timeout(Duration::from_secs(1));
///
/// let layer = StackLayer::new(SEARCH.clone());
/// ```
pub struct StackLayer<O = HttpOutcome, R = HttpRequests> {
    rules: Arc<Rules<O, R>>,
}

impl StackLayer {
    /// Creates the layer.
    pub fn new(stack: Stack) -> Self {
        Self::of(
            Policies::from(stack),
            HttpOutcome::new(),
            HttpRequests::new(),
        )
    }
}

policy_layer!(StackLayer, R, R);
cloning!(
    RetryLayer,
    StackLayer,
    #[cfg(feature = "hedge")]
    HedgeLayer
);
