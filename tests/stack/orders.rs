//! The attribute written first is outermost: `retry`, `timeout`, `circuit` and `idempotent` in both orders, in
//! every form that they can be written in. Pairs with the other four are in `pairs`.

use resil::{circuit, idempotent, retry, timeout};

use super::Do::{Fail, Hang, Succeed};
use super::{Do, Fault, Trace};

/// Calls of one pair with a key and the body's part each, and what is traced in each.
macro_rules! order {
    ($module:literal $pair:ident: $($k:literal $what:ident => $expected:literal),+) => {
        #[tokio::test(start_paused = true)]
        async fn $pair() {
            let t = Trace::of(concat!("stack::orders::", $module, "::", stringify!($pair)));
            $(
                let _ = super::$pair(&t, $k, $what).await;
                assert_eq!(t.take(), $expected);
            )+
        }
    };
}

/// What every two policies do in both orders, for the functions of the module around.
macro_rules! orders {
    ($module:literal) => {
        mod order {
            use super::super::{Fail, Hang, Succeed, Trace};

            // Below a retry a timeout is entered for each attempt.
            order!($module retry_timeout:
                1 Fail => "limit body retry limit body retry limit body",
                1 Hang => "limit body cut retry limit body cut retry limit body cut");
            order!($module timeout_retry:
                1 Fail => "limit body retry body retry body",
                1 Hang => "limit body cut");
            // Below it each attempt is an outcome, and the refusal is final; above it the call is.
            order!($module retry_circuit:
                1 Fail => "body retry body opened retry refused",
                1 Fail => "refused");
            order!($module circuit_retry:
                1 Fail => "body retry body retry body",
                1 Fail => "body retry body retry body opened",
                1 Fail => "refused");
            // An open circuit keeps what is below it from being entered.
            order!($module timeout_circuit:
                1 Fail => "limit body",
                1 Hang => "limit body opened cut",
                1 Fail => "limit refused");
            order!($module circuit_timeout:
                1 Fail => "limit body",
                1 Hang => "limit body cut opened",
                1 Fail => "refused");
            // So does a replay.
            order!($module timeout_idempotent:
                1 Succeed => "limit body",
                1 Succeed => "limit replayed",
                2 Hang => "limit body abandoned cut",
                2 Succeed => "limit taken body");
            order!($module idempotent_timeout:
                1 Succeed => "limit body",
                1 Succeed => "replayed",
                2 Hang => "limit body cut abandoned",
                2 Succeed => "taken limit body");
            // Below a retry each attempt claims anew.
            order!($module retry_idempotent:
                1 Fail => "body released retry body released retry body released",
                2 Succeed => "body",
                2 Fail => "replayed");
            order!($module idempotent_retry:
                1 Fail => "body retry body retry body released",
                2 Succeed => "body",
                2 Fail => "replayed");
            // An open circuit refuses a replay, or a replay is given though it is open.
            order!($module circuit_idempotent:
                1 Succeed => "body",
                2 Fail => "body released",
                3 Fail => "body released opened",
                1 Succeed => "refused",
                2 Succeed => "refused");
            order!($module idempotent_circuit:
                1 Succeed => "body",
                2 Fail => "body released",
                3 Fail => "body opened released",
                1 Succeed => "replayed",
                2 Succeed => "refused released");
            order!($module timeout_timeout:
                1 Succeed => "outer inner body",
                1 Hang => "outer inner body cut");
        }
    };
}

mod written {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[timeout(t.limit("limit", 100))]
    pub(super) async fn retry_timeout(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[timeout(t.limit("limit", 100))]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    pub(super) async fn timeout_retry(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[circuit(failures = 2)]
    pub(super) async fn retry_circuit(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[circuit(failures = 2)]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    pub(super) async fn circuit_retry(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[timeout(t.limit("limit", 100))]
    #[circuit(failures = 2)]
    pub(super) async fn timeout_circuit(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[circuit(failures = 2)]
    #[timeout(t.limit("limit", 100))]
    pub(super) async fn circuit_timeout(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[timeout(t.limit("limit", 100))]
    #[idempotent(key = k)]
    pub(super) async fn timeout_idempotent(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[idempotent(key = k)]
    #[timeout(t.limit("limit", 100))]
    pub(super) async fn idempotent_timeout(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[idempotent(key = k)]
    pub(super) async fn retry_idempotent(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[idempotent(key = k)]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    pub(super) async fn idempotent_retry(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[circuit(failures = 2)]
    #[idempotent(key = k)]
    pub(super) async fn circuit_idempotent(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[idempotent(key = k)]
    #[circuit(failures = 2)]
    pub(super) async fn idempotent_circuit(t: &Trace, k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    #[timeout(t.limit("outer", 100))]
    #[timeout(t.limit("inner", 50))]
    pub(super) async fn timeout_timeout(t: &Trace, _k: u32, what: Do) -> Result<u32, Fault> {
        t.body(what).await
    }

    orders!("written");
}

/// The same functions, under the names given; `$make` writes each of them down.
macro_rules! pairs {
    ($make:ident: [$($retry:tt)*] [$($timeout:tt)*] [$($circuit:tt)*] [$($idempotent:tt)*]) => {
        $make! {
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            #[$($timeout)*(t.limit("limit", 100))]
            fn retry_timeout(t, _k)
        }
        $make! {
            #[$($timeout)*(t.limit("limit", 100))]
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            fn timeout_retry(t, _k)
        }
        $make! {
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            #[$($circuit)*(failures = 2)]
            fn retry_circuit(t, _k)
        }
        $make! {
            #[$($circuit)*(failures = 2)]
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            fn circuit_retry(t, _k)
        }
        $make! {
            #[$($timeout)*(t.limit("limit", 100))]
            #[$($circuit)*(failures = 2)]
            fn timeout_circuit(t, _k)
        }
        $make! {
            #[$($circuit)*(failures = 2)]
            #[$($timeout)*(t.limit("limit", 100))]
            fn circuit_timeout(t, _k)
        }
        $make! {
            #[$($timeout)*(t.limit("limit", 100))]
            #[$($idempotent)*(key = k)]
            fn timeout_idempotent(t, k)
        }
        $make! {
            #[$($idempotent)*(key = k)]
            #[$($timeout)*(t.limit("limit", 100))]
            fn idempotent_timeout(t, k)
        }
        $make! {
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            #[$($idempotent)*(key = k)]
            fn retry_idempotent(t, k)
        }
        $make! {
            #[$($idempotent)*(key = k)]
            #[$($retry)*(constant, max = 3, base = 1ms, jitter = none)]
            fn idempotent_retry(t, k)
        }
        $make! {
            #[$($circuit)*(failures = 2)]
            #[$($idempotent)*(key = k)]
            fn circuit_idempotent(t, k)
        }
        $make! {
            #[$($idempotent)*(key = k)]
            #[$($circuit)*(failures = 2)]
            fn idempotent_circuit(t, k)
        }
        $make! {
            #[$($timeout)*(t.limit("outer", 100))]
            #[$($timeout)*(t.limit("inner", 50))]
            fn timeout_timeout(t, _k)
        }
    };
}

/// As they are.
macro_rules! plain {
    (#[$($a:tt)*] #[$($b:tt)*] fn $name:ident($t:ident, $k:ident)) => {
        #[$($a)*]
        #[$($b)*]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

/// As a macro has parsed them.
macro_rules! parsed {
    (#[$a:meta] #[$b:meta] fn $name:ident($t:ident, $k:ident)) => {
        #[$a]
        #[$b]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

/// Both of one `cfg_attr`, and one in between that is left out.
macro_rules! conditional {
    (#[$($a:tt)*] #[$($b:tt)*] fn $name:ident($t:ident, $k:ident)) => {
        #[cfg_attr(all(), $($a)*, cfg_attr(any(), no_such_attribute), $($b)*)]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

/// One with a condition and one without.
macro_rules! half_conditional {
    (#[$($a:tt)*] #[$($b:tt)*] fn $name:ident($t:ident, $k:ident)) => {
        #[cfg_attr(all(), $($a)*)]
        #[$($b)*]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

/// With an attribute in between that rewrites the body.
macro_rules! instrumented {
    (#[$($a:tt)*] #[$($b:tt)*] fn $name:ident($t:ident, $k:ident)) => {
        #[$($a)*]
        #[tracing::instrument(skip_all)]
        #[$($b)*]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

/// With attributes around and in between that rewrite nothing.
macro_rules! documented {
    (#[$($a:tt)*] #[$($b:tt)*] fn $name:ident($t:ident, $k:ident)) => {
        #[doc = " Before."]
        #[$($a)*]
        #[allow(clippy::unused_async)]
        #[$($b)*]
        #[must_use = "it is traced"]
        pub(super) async fn $name($t: &Trace, $k: u32, what: Do) -> Result<u32, Fault> {
            $t.body(what).await
        }
    };
}

mod renamed {
    use super::{Do, Fault, Trace};
    use resil::circuit as guard;
    use resil::idempotent as once;
    use resil::retry as again;
    use resil::timeout as limit;

    pairs!(plain: [again] [limit] [guard] [once]);
    orders!("renamed");
}

/// Under each other's names.
mod misnamed {
    use super::{Do, Fault, Trace};
    use resil::circuit as idempotent;
    use resil::idempotent as circuit;
    use resil::retry as timeout;
    use resil::timeout as retry;

    pairs!(plain: [timeout] [retry] [idempotent] [circuit]);
    orders!("misnamed");
}

/// By full paths, which need no import.
mod qualified {
    use super::{Do, Fault, Trace};

    pairs!(plain: [resil::retry] [::resil::timeout] [resil::circuit] [::resil::idempotent]);
    orders!("qualified");
}

mod from_a_macro {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    pairs!(parsed: [retry] [timeout] [circuit] [idempotent]);
    orders!("from_a_macro");
}

mod under_one_cfg_attr {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    pairs!(conditional: [retry] [timeout] [circuit] [idempotent]);
    orders!("under_one_cfg_attr");
}

mod under_half_a_cfg_attr {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    pairs!(half_conditional: [retry] [timeout] [circuit] [idempotent]);
    orders!("under_half_a_cfg_attr");
}

mod around_instrument {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    pairs!(instrumented: [retry] [timeout] [circuit] [idempotent]);
    orders!("around_instrument");
}

mod among_others {
    use super::{Do, Fault, Trace, circuit, idempotent, retry, timeout};

    pairs!(documented: [retry] [timeout] [circuit] [idempotent]);
    orders!("among_others");
}
