//! The stacks of the storm: every one, two and three of the policies in every order, the usual four,
//! and those in which an abandoned key is indeterminate (which none may stand under a retry).

use std::pin::Pin;
use std::time::Duration;

use resil::{BulkheadPolicy, RateLimitPolicy, circuit, idempotent, retry, timeout};
use tokio::time::sleep;

use super::body::{Case, body};
use crate::support::{Fault, ms};

pub(crate) type Answer = Result<u32, Fault>;
pub(crate) type Call = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One stack, outermost layer first: `I` idempotent, `J` idempotent with `indeterminate`,
/// `C` circuit, `R` retry, `T` timeout, `B` bulkhead, `L` rate limit, `H` hedge, `F` fallback.
pub(crate) struct Stack {
    /// The layers, and what its breaker, its budget, its bulkhead and its rate limit are called.
    pub(crate) layers: &'static str,
    pub(crate) call: fn(Case) -> Call,
    /// A retry with the same budget and nothing around it.
    pub(crate) meter: fn(Case) -> Call,
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

    pub(crate) fn is_idempotent(&self) -> bool {
        self.has('I') || self.has('J')
    }
}

/// One place, for which a few others may wait.
pub(crate) const PLACES: BulkheadPolicy = BulkheadPolicy::new()
    .max(1)
    .queue(4)
    .wait(Duration::from_millis(20));

/// One call a minute after the first hundred: no time that a test takes brings one back.
pub(crate) const RATE: RateLimitPolicy = RateLimitPolicy::new()
    .max(1)
    .per(Duration::from_secs(60))
    .burst(100)
    .wait(Duration::from_secs(600));

/// The value of a fallback, which is not there at once.
pub(crate) async fn instead() -> u32 {
    sleep(ms(5)).await;
    0
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
        stacked! { $name $text $c [$($done)* #[idempotent(key = $c.key)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] J $($rest:tt)*) => {
        stacked! {
            $name $text $c
            [$($done)* #[idempotent(key = $c.key, on_abandon = indeterminate)]]
            $($rest)*
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] C $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[circuit(name = $text, failures = 3)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] R $($rest:tt)*) => {
        stacked! {
            $name $text $c
            [$($done)* #[retry(max = 3, base = 10ms, jitter = none, budget = $text)]]
            $($rest)*
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] T $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[timeout(1s)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] B $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[bulkhead(name = $text, policy = PLACES)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] L $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[rate_limit(name = $text, policy = RATE)]] $($rest)* }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] H $($rest:tt)*) => {
        stacked! {
            $name $text $c
            [$($done)* #[hedge(after = 3ms, max = 3, budget = off)]]
            $($rest)*
        }
    };
    ($name:ident $text:literal $c:ident [$($done:tt)*] F $($rest:tt)*) => {
        stacked! { $name $text $c [$($done)* #[fallback(instead().await)]] $($rest)* }
    };
}

/// A module, and in it a test of each storm, for every stack.
macro_rules! stacks {
    ($($name:ident $text:literal: $($layer:ident)+;)*) => {$(
        mod $name {
            use super::*;

            stacked! { call $text c [] $($layer)+ }

            #[retry(constant, max = 101, base = 1ms, jitter = none, budget = $text)]
            async fn meter(c: Case) -> Answer {
                body(&c).await
            }

            const STACK: Stack = Stack {
                layers: $text,
                call: |c| Box::pin(call(c)),
                meter: |c| Box::pin(meter(c)),
            };

            #[test]
            fn survives_the_storm() {
                super::super::storm(&STACK);
            }
        }
    )*};
}

stacks! {
    i "I": I;
    c "C": C;
    r "R": R;
    t "T": T;
    ic "IC": I C;
    ir "IR": I R;
    it "IT": I T;
    ci "CI": C I;
    cr "CR": C R;
    ct "CT": C T;
    ri "RI": R I;
    rc "RC": R C;
    rt "RT": R T;
    ti "TI": T I;
    tc "TC": T C;
    tr "TR": T R;
    icr "ICR": I C R;
    ict "ICT": I C T;
    irc "IRC": I R C;
    irt "IRT": I R T;
    itc "ITC": I T C;
    itr "ITR": I T R;
    cir "CIR": C I R;
    cit "CIT": C I T;
    cri "CRI": C R I;
    crt "CRT": C R T;
    cti "CTI": C T I;
    ctr "CTR": C T R;
    ric "RIC": R I C;
    rit "RIT": R I T;
    rci "RCI": R C I;
    rct "RCT": R C T;
    rti "RTI": R T I;
    rtc "RTC": R T C;
    tic "TIC": T I C;
    tir "TIR": T I R;
    tci "TCI": T C I;
    tcr "TCR": T C R;
    tri "TRI": T R I;
    trc "TRC": T R C;
    ictr "ICTR": I C T R;
    icrt "ICRT": I C R T;
    citr "CITR": C I T R;
    rtci "RTCI": R T C I;
    j "J": J;
    jr "JR": J R;
    jt "JT": J T;
    jc "JC": J C;
    cj "CJ": C J;
    tj "TJ": T J;
    jcr "JCR": J C R;
    jct "JCT": J C T;
    jrt "JRT": J R T;
    jtr "JTR": J T R;
    jtc "JTC": J T C;
    cjr "CJR": C J R;
    cjt "CJT": C J T;
    ctj "CTJ": C T J;
    tjr "TJR": T J R;
    tjc "TJC": T J C;
    tcj "TCJ": T C J;
    jcrt "JCRT": J C R T;
}
