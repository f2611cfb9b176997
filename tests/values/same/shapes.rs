//! Stacks in both forms: a function with attributes, and the same layers as values.

use std::sync::Arc;

use resil::stack::Layer;
use resil::{
    BulkheadPolicy, CircuitPolicy, RateLimitPolicy, RetryPolicy, Stack, TimeoutPolicy, bulkhead,
    circuit, rate_limit, retry, timeout,
};

use super::script::{Call, Fault, body};
use super::settings;
use crate::in_both_forms;

pub(super) type Running = in_both_forms::Running<Fault>;

/// A stack in both forms, with settings of its own.
pub(super) struct Form {
    /// The layers, outermost first.
    pub(super) layers: &'static [&'static str],
    /// The name of the value.
    pub(super) name: &'static str,
    pub(super) attribute: fn(Arc<Call>) -> Running,
    pub(super) retry: RetryPolicy,
    pub(super) circuit: CircuitPolicy,
    pub(super) bulkhead: BulkheadPolicy,
    pub(super) rate_limit: RateLimitPolicy,
    /// With the feature `hedge`.
    pub(super) hedge: Option<Layer>,
}

impl Form {
    pub(super) fn timeouts(&self) -> usize {
        let timeouts = self.layers.iter().filter(|l| l.starts_with("timeout"));
        timeouts.count()
    }

    /// The stack as a value, with limits for its timeouts; `None` where a rule refuses them.
    pub(super) fn value(&self, call: &Call) -> Option<Stack> {
        let layers = self.layers.iter().map(|layer| match *layer {
            "retry" => self.retry.into(),
            "circuit" => self.circuit.into(),
            "bulkhead" => self.bulkhead.into(),
            "rate_limit" => self.rate_limit.into(),
            "hedge" => self.hedge.unwrap(),
            timeout => {
                let n: usize = timeout.strip_prefix("timeout").unwrap().parse().unwrap();
                Layer::from(TimeoutPolicy::new(call.limits[n]))
            }
        });
        Stack::try_new(self.name, layers).ok()
    }
}

/// Writes a function with the attributes of a stack.
macro_rules! attributes {
    ($set:ident $call:ident [$($attributes:tt)*]) => {
        $($attributes)*
        async fn annotated($call: &Call) -> Result<u32, Fault> {
            body($call).await
        }
    };
    ($set:ident $call:ident [$($a:tt)*] retry $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[retry(policy = $set::RETRY)]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] circuit $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[circuit(policy = $set::CIRCUIT)]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] bulkhead $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[bulkhead(policy = $set::BULKHEAD)]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] rate_limit $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[rate_limit(policy = $set::RATE_LIMIT)]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] hedge $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[resil::hedge(policy = $set::HEDGE)]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] timeout0 $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[timeout($call.limits[0])]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] timeout1 $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[timeout($call.limits[1])]] $($rest)*);
    };
    ($set:ident $call:ident [$($a:tt)*] timeout2 $($rest:ident)*) => {
        attributes!($set $call [$($a)* #[timeout($call.limits[2])]] $($rest)*);
    };
}

macro_rules! form {
    ($shape:ident $set:ident: $($layer:ident)*) => {{
        attributes!($set call [] $($layer)*);
        fn attribute(call: Arc<Call>) -> Running {
            Box::pin(async move { annotated(&call).await })
        }
        Form {
            layers: &[$(stringify!($layer)),*],
            name: concat!("values.same.", stringify!($shape), ".", stringify!($set)),
            attribute,
            retry: $set::RETRY,
            circuit: $set::CIRCUIT,
            bulkhead: $set::BULKHEAD,
            rate_limit: $set::RATE_LIMIT,
            hedge: $set::hedge(),
        }
    }};
}

macro_rules! sets {
    ($($set:ident = $seed:literal),*) => {
        $(struct $set;
        impl $set {
            const RETRY: RetryPolicy = settings::retry($seed);
            const CIRCUIT: CircuitPolicy = settings::circuit($seed);
            const BULKHEAD: BulkheadPolicy = settings::bulkhead($seed);
            const RATE_LIMIT: RateLimitPolicy = settings::rate_limit($seed);
            #[cfg(feature = "hedge")]
            const HEDGE: resil::HedgePolicy = settings::hedge($seed);

            fn hedge() -> Option<Layer> {
                #[cfg(feature = "hedge")]
                return Some(Self::HEDGE.into());
                #[cfg(not(feature = "hedge"))]
                None
            }
        })*
    };
}

sets! { A = 1, B = 2, C = 3, D = 4, E = 5, F = 6, G = 7, H = 8 }

macro_rules! forms {
    ($(#[$doc:meta])* $name:ident [$($set:ident)*] $shapes:tt) => {
        $(#[$doc])*
        pub(super) fn $name() -> Vec<Form> {
            let mut all = Vec::new();
            $(forms!(@ all $set $shapes);)*
            all
        }
    };
    (@ $all:ident $set:ident { $($shape:ident: $($layer:ident)*;)* }) => {
        $(
            // A module-like scope: each has an `annotated` of its own.
            $all.push({
                #[allow(non_snake_case)]
                fn $shape() -> Form {
                    form!($shape $set: $($layer)*)
                }
                $shape()
            });
        )*
    };
}

#[cfg(feature = "hedge")]
forms! {
    /// All stacks with a hedge, each with all settings.
    hedged_forms [A B C D E F G H]
    {
        hedged: hedge;
        hedged_attempts: circuit retry hedge timeout0;
        hedged_retries: hedge retry timeout0;
        hedged_circuit: timeout0 hedge circuit;
        hedged_places: bulkhead hedge retry;
        places_hedged: retry hedge bulkhead timeout0;
        hedged_between: timeout0 circuit hedge rate_limit timeout1;
        hedged_deep: timeout0 bulkhead circuit retry hedge timeout1;
    }
}

forms! {
    /// All other stacks, each with all settings.
    forms [A B C D E F G H]
    {
        retried: retry;
        bounded: timeout0;
        broken: circuit;
        placed: bulkhead;
        limited: rate_limit;
        usual: circuit retry timeout0;
        whole: circuit timeout0 retry timeout1;
        twice_bounded: timeout0 retry timeout1;
        circuit_below: retry circuit timeout0;
        circuit_innermost: retry timeout0 circuit;
        bounded_circuit: timeout0 circuit retry;
        bulkhead_above: bulkhead retry timeout0;
        bulkhead_below: retry bulkhead timeout0;
        bounded_bulkhead: timeout0 bulkhead retry timeout1;
        limit_above: rate_limit retry;
        limit_below: retry rate_limit timeout0;
        bounded_limit: timeout0 retry rate_limit;
        all_above: circuit bulkhead rate_limit retry timeout0;
        bulkhead_inside: timeout0 circuit retry bulkhead timeout1;
        nested: timeout0 timeout1;
        circuit_and_timeout: circuit timeout0;
        timeout_and_circuit: timeout0 circuit;
        thrice_bounded: timeout0 retry timeout1 circuit timeout2;
        mixed: circuit timeout0 rate_limit retry bulkhead timeout1;
        mixed_too: timeout0 rate_limit bulkhead circuit retry timeout1;
    }
}
