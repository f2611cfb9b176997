//! The stacks of the storm: twelve, in which each policy that waits stands above and below a retry.

use std::pin::Pin;

use resil::{bulkhead, circuit, hedge, idempotent, rate_limit, retry, timeout};

use super::body::{Answer, Case, body};

pub(crate) type Call = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One stack, outermost layer first: `I` idempotent, `C` circuit, `R` retry, `T` timeout, `B` bulkhead, `L`
/// rate limit, `H` hedge.
pub(crate) struct Stack {
    /// The layers, and the name of all that has one.
    pub(crate) layers: &'static str,
    pub(crate) call: fn(Case) -> Call,
}

impl Stack {
    pub(crate) fn has(&self, layer: char) -> bool {
        self.layers.contains(layer)
    }

    /// Whether `outer` stands above `inner`.
    pub(crate) fn is_above(&self, outer: char, inner: char) -> bool {
        match (self.layers.find(outer), self.layers.find(inner)) {
            (Some(outer), Some(inner)) => outer < inner,
            _ => false,
        }
    }
}

/// The letters become attributes, one after the other.
macro_rules! stacked {
    ($name:ident $text:literal $c:ident [$($done:tt)*]) => {
        $($done)*
        async fn $name($c: Case) -> Answer {
            body(&$c).await
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] I $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[idempotent(name = $text, key = $c.key)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] C $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[circuit(name = $text, failures = 9)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] R $($rest:tt)*) => {
        stacked! {
            $name $text $c
            [$($done)* #[retry(constant, max = 3, base = 10ms, jitter = none, budget = off)]]
            $($rest)*
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] T $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[timeout(1m)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] B $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[bulkhead(name = $text, max = 1, queue = 9)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] L $($rest:tt)*) => {
        stacked! {
            $name $text $c
            [$($done)* #[rate_limit(name = $text, max = 1, per = 1s, burst = 1, wait = 1h)]]
            $($rest)*
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] H $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[hedge(after = 20ms, max = 2, budget = off)]] $($rest)* }
    };
}

/// A module, and in it a test of each storm, for every stack.
macro_rules! stacks {
    ($($name:ident $text:literal: $($layer:ident)+;)*) => {$(
        mod $name {
            use super::*;

            stacked! { call $text c [] $($layer)+ }

            #[test]
            fn ends_at_once_at_every_poll() {
                super::super::storm(&Stack {
                    layers: $text,
                    call: |c| Box::pin(call(c)),
                });
            }
        }
    )*};
}

stacks! {
    r "R": R;
    ir "IR": I R;
    ri "RI": R I;
    br "BR": B R;
    rb "RB": R B;
    lr "LR": L R;
    rl "RL": R L;
    hr "HR": H R;
    icrt "ICRT": I C R T;
    rctb "RCTB": R C T B;
    tcbr "TCBR": T C B R;
    ilcrtb "ILCRTB": I L C R T B;
}
