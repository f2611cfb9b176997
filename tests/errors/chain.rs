//! Section 7: an error whose class is known is found where others wrap it, in an `anyhow::Error`, an
//! `eyre::Report` or a boxed error; by its derive, or by `resil::classify::register`.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::support::{Record, ms};
use anyhow::Context as _;
use resil::Class::{Neutral, Permanent, Throttled, Transient};
use resil::classify::{find, register};
use resil::{Class, Classify, circuit, retry};

/// Nothing in this file asks one of these for its class: it is only ever wrapped.
#[derive(Debug, Clone, thiserror::Error, Classify)]
enum Pay {
    #[error("declined")]
    #[permanent]
    Declined,
    #[error("unreachable")]
    #[transient]
    Unreachable,
    #[error("busy")]
    #[throttled(retry_after = 0)]
    Busy(std::time::Duration),
    #[error("hung up")]
    #[neutral]
    HungUp,
}

/// A step in between that says nothing of itself.
#[derive(Debug, thiserror::Error)]
#[error("in step {step}")]
struct Step<E: StdError + 'static> {
    step: u32,
    source: E,
}

/// Any error as what `E` is, wrapped as people do.
type Wrap<T> = fn(Pay) -> T;

macro_rules! wrapped {
    ($($name:ident: $e:ty, [$($wrap:expr),+ $(,)?];)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[retry(max = 3, base = 1ms, budget = off)]
            async fn call(r: &Record, e: &Pay, wrap: Wrap<$e>) -> Result<(), $e> {
                r.attempt();
                Err(wrap(e.clone()))
            }
            let wraps: Vec<Wrap<$e>> = vec![$($wrap),+];
            for (i, wrap) in wraps.into_iter().enumerate() {
                for (error, runs) in [
                    (Pay::Declined, 1),
                    (Pay::HungUp, 1),
                    (Pay::Unreachable, 3),
                    (Pay::Busy(ms(700)), 3),
                ] {
                    let r = Record::new();
                    let answer = call(&r, &error, wrap).await;
                    assert!(answer.is_err());
                    assert_eq!(r.count(), runs, "wrap {i}, {error:?}");
                    if matches!(error, Pay::Busy(_)) {
                        let t = r.times();
                        let asked = t.windows(2).all(|w| (700..=771).contains(&(w[1] - w[0])));
                        assert!(asked, "wrap {i}, {t:?}");
                    }
                }
            }
        }
    )+};
}

wrapped! {
    cenkalti_backoff_140_a_wrapped_permanent_error_is_final: anyhow::Error, [
        |e| e.into(),
        |e| anyhow::Error::from(e).context("while paying").context("an order"),
        |e| Err::<(), _>(e).context("while paying").unwrap_err(),
        |e| Step { step: 1, source: Step { step: 2, source: e } }.into(),
        |e| std::io::Error::other(e).into(),
        |e| anyhow::Error::from(Step { step: 1, source: std::io::Error::other(e) }).context("more"),
        |e| anyhow::Error::from(Arc::new(e)),
        |e| anyhow::Error::from(Step { step: 1, source: Arc::new(e) }).context("shared"),
        |e| anyhow::Error::from(Box::new(e)),
    ];
    wrapped_by_eyre: eyre::Report, [
        |e| e.into(),
        |e| eyre::Report::from(e).wrap_err("while paying").wrap_err("an order"),
        |e| eyre::WrapErr::wrap_err(Err::<(), _>(e), "while paying").unwrap_err(),
        |e| Step { step: 1, source: Step { step: 2, source: e } }.into(),
    ];
    cenkalti_backoff_107_the_whole_chain_is_looked_through: Box<dyn StdError + Send + Sync>, [
        |e| e.into(),
        |e| Step { step: 1, source: Step { step: 2, source: e } }.into(),
        |e| anyhow::Error::from(e).context("while paying").into(),
        |e| std::io::Error::other(Step { step: 1, source: e }).into(),
    ];
    wrapped_in_a_local_box: Box<dyn StdError>, [
        |e| e.into(),
        |e| Step { step: 1, source: e }.into(),
    ];
}

#[tokio::test(start_paused = true)]
async fn a_circuit_goes_by_the_wrapped_class() {
    #[circuit(name = "chain.circuit", failures = 9)]
    async fn call(e: Pay) -> anyhow::Result<()> {
        Err(e).context("while paying")
    }
    let row = || resil::breaker("chain.circuit").counts().failures_in_a_row;
    for (e, failed) in [
        (Pay::Unreachable, 1),
        (Pay::Busy(ms(1)), 2),
        (Pay::HungUp, 2),
        (Pay::Declined, 0),
    ] {
        assert!(call(e.clone()).await.is_err());
        assert_eq!(row(), failed, "{e:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn forward_looks_through_the_chain_too() {
    #[derive(Debug, thiserror::Error, Classify)]
    enum Job {
        #[error(transparent)]
        #[classify(forward)]
        Any(#[from] anyhow::Error),
    }
    let of = |e: anyhow::Error| Job::from(e).classify();
    assert_eq!(of(anyhow::anyhow!("unknown")), Transient);
    assert_eq!(
        of(anyhow::Error::from(Pay::Declined).context("job")),
        Permanent
    );
}

/// The outermost verdict counts: who wraps an error knows more than the error.
#[test]
fn the_outermost_class_decides() {
    #[derive(Debug, thiserror::Error, Classify)]
    #[error("the mirror said")]
    #[transient]
    struct Mirror(#[source] Pay);
    let error = Step {
        step: 1,
        source: Mirror(Pay::Declined),
    };
    assert_eq!(find(&error), Some(Transient));
    let refused = open();
    let error = Step {
        step: 1,
        source: Held(refused),
    };
    assert_eq!(find(&error), Some(Permanent));

    #[derive(Debug, thiserror::Error, Classify)]
    #[error("held")]
    #[permanent]
    struct Held(#[source] resil::Error);
}

fn open() -> resil::Error {
    resil::breaker("chain.open").force_open();
    resil::breaker("chain.open").try_acquire().unwrap_err()
}

/// What anyhow keeps to itself is no part of the chain: a value given as context, and an error that
/// came in a box. Nobody but anyhow can be asked for it.
#[test]
fn what_anyhow_hides_is_unknown() {
    let as_context = anyhow::anyhow!("paying").context(Pay::Declined);
    assert_eq!(find(as_context.as_ref()), None);
    let from_a_box = anyhow::Error::from_boxed(Box::new(Pay::Declined));
    assert_eq!(find(from_a_box.as_ref()), None);
    // A source of what came in a box is one of the chain again.
    let source = Step {
        step: 1,
        source: Pay::Declined,
    };
    let from_a_box = anyhow::Error::from_boxed(Box::new(source));
    assert_eq!(find(from_a_box.as_ref()), Some(Permanent));
}

// What the derive can't make known.

#[derive(Debug)]
struct ByHand(Class);
#[derive(Debug)]
struct NeverRegistered;
#[derive(Debug, thiserror::Error, Classify)]
#[error("of {0:?}")]
#[permanent]
struct Generic<T: fmt::Debug>(T);

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("by hand")
    }
}
impl StdError for ByHand {}
impl Classify for ByHand {
    fn classify(&self) -> Class {
        self.0
    }
}
impl fmt::Display for NeverRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("never registered")
    }
}
impl StdError for NeverRegistered {}
impl Classify for NeverRegistered {
    fn classify(&self) -> Class {
        Permanent
    }
}

#[test]
fn what_no_derive_can_make_known_is_registered() {
    let class = |e: Box<dyn StdError>| find(&*e);
    assert_eq!(class(Box::new(NeverRegistered)), None);
    // Whether it was asked before makes no difference: only the registration does.
    assert_eq!(NeverRegistered.classify(), Permanent);
    assert_eq!(class(Box::new(NeverRegistered)), None);

    assert_eq!(class(Box::new(ByHand(Neutral))), None);
    for _ in 0..3 {
        register::<ByHand>();
    }
    let asked = Throttled {
        retry_after: Some(ms(5)),
    };
    for said in [Neutral, Permanent, Transient, asked] {
        assert_eq!(class(Box::new(ByHand(said))), Some(said));
        let shared = Step {
            step: 1,
            source: Arc::new(ByHand(said)),
        };
        assert_eq!(class(Box::new(shared)), Some(said));
    }

    register::<Generic<u8>>();
    assert_eq!(class(Box::new(Generic(1_u8))), Some(Permanent));
    assert_eq!(class(Box::new(Generic(1_u16))), None, "another instance");
}

/// Many threads register many types at once, each several times, and none is lost.
#[test]
fn registrations_race() {
    macro_rules! types {
        ($($t:ident)+) => {
            $(
                #[derive(Debug, thiserror::Error)]
                #[error("one")]
                struct $t;
                impl Classify for $t {
                    fn classify(&self) -> Class {
                        Permanent
                    }
                }
            )+
            std::thread::scope(|s| {
                for _ in 0..4 {
                    $(s.spawn(register::<$t>);)+
                }
            });
            $(assert_eq!(find(&$t), Some(Permanent));)+
        };
    }
    types!(A B C D E F G H);
}

// Where a derive may stand.

mod elsewhere {
    #[derive(Debug, thiserror::Error, resil::Classify)]
    #[error("borrowed {0}")]
    #[permanent]
    pub(super) struct Borrowed<'a>(pub(super) &'a str);

    /// No error at all: it is never in a chain, and needs nothing for it.
    #[derive(resil::Classify)]
    #[permanent]
    pub(super) struct NoError;
}

#[test]
fn a_derive_serves_wherever_it_stands() {
    fn generic<T: fmt::Debug>(_: T) -> Option<Class> {
        #[derive(Debug, thiserror::Error, Classify)]
        #[error("inside")]
        #[neutral]
        struct Inside;
        find(&Inside)
    }
    assert_eq!(generic(1), Some(Neutral));
    assert_eq!(find(&elsewhere::Borrowed("for ever")), Some(Permanent));
    assert_eq!(elsewhere::NoError.classify(), Permanent);
}

// The error types of others.

#[test]
fn errors_of_std_are_found() {
    use std::io::ErrorKind as K;
    let io = |kind: K| anyhow::Error::from(std::io::Error::from(kind)).context("reading");
    for (kind, class) in [
        (K::ConnectionReset, Transient),
        (K::NotFound, Permanent),
        (K::PermissionDenied, Permanent),
        (K::Other, Transient),
    ] {
        assert_eq!(find(io(kind).as_ref()), Some(class), "{kind:?}");
    }
    assert_eq!(find(anyhow::anyhow!("any").as_ref()), None);
}

#[cfg(feature = "tonic")]
#[test]
fn a_grpc_status_is_found() {
    let status = |code| anyhow::Error::from(tonic::Status::new(code, "no")).context("calling");
    for (code, class) in [
        (tonic::Code::Unavailable, Transient),
        (tonic::Code::InvalidArgument, Permanent),
        (tonic::Code::Cancelled, Neutral),
    ] {
        assert_eq!(find(status(code).as_ref()), Some(class), "{code:?}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_redis_error_is_found() {
    let error = redis::RedisError::from((redis::ErrorKind::InvalidClientConfig, "no"));
    let error = anyhow::Error::from(error).context("caching");
    assert_eq!(find(error.as_ref()), Some(Permanent));
}
