//! LANGUAGE.md, section 7, and what sections 3 and 5 make of it: what an error says of itself, and
//! what is known again of a refusal that has crossed a function's border, beside tests/errors.

use std::future::pending;
use std::time::Duration;

use resil::CircuitState::{Closed, HalfOpen};
use resil::{Class, Classify, Deadline, Error, breaker, circuit, idempotent, retry, timeout};
use tokio::time::advance;

use crate::support::{Record, ms};

/// What a body says of itself.
#[derive(Debug, PartialEq, Clone, Copy, Classify)]
enum Said {
    #[neutral]
    Cancelled,
    #[transient]
    Lost,
    #[permanent]
    Gone,
    #[throttled(retry_after = 0)]
    Busy(Duration),
    #[classify(forward)]
    Resil(Ours),
}

/// `resil::Error` is not `Copy`.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Ours {
    Open,
    Timeout,
}
impl Classify for Ours {
    fn classify(&self) -> Class {
        match self {
            Self::Open => Class::Neutral,
            Self::Timeout => Class::Transient,
        }
    }
}
impl From<Error> for Said {
    fn from(e: Error) -> Self {
        match e {
            Error::Timeout { .. } => Self::Resil(Ours::Timeout),
            _ => Self::Resil(Ours::Open),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn in_half_open_the_class_decides_too() {
    #[circuit(name = "language.half", failures = 1, open_for = 1s, open_max = 1s)]
    async fn call(e: Option<Said>) -> Result<(), Said> {
        e.map_or(Ok(()), Err)
    }
    let b = breaker("language.half");
    assert!(call(Some(Said::Lost)).await.is_err());
    advance(ms(1_200)).await;
    for _ in 0..3 {
        assert_eq!(call(Some(Said::Cancelled)).await, Err(Said::Cancelled));
        assert_eq!((b.state(), b.counts().probes_out), (HalfOpen, 0));
    }
    assert!(call(Some(Said::Busy(ms(1)))).await.is_err());
    advance(ms(1_200)).await;
    assert_eq!(call(Some(Said::Gone)).await, Err(Said::Gone));
    assert_eq!(b.state(), Closed, "a permanent error is an answer");
}

// Sections 3 and 7: a class beside patterns and `retry_after`.

#[tokio::test(start_paused = true)]
async fn a_pattern_decides_and_the_class_still_says_how_long() {
    #[retry(max = 2, base = 1ms, budget = off, on(Said::Busy(_) | Said::Gone))]
    async fn by_class(r: &Record, e: Said) -> Result<(), Said> {
        r.attempt();
        Err(e)
    }
    #[retry(max = 2, base = 1ms, budget = off, retry_after = |_| Some(ms(300)))]
    async fn by_option(r: &Record, e: Said) -> Result<(), Said> {
        r.attempt();
        Err(e)
    }
    let gap = |r: &Record| r.times().windows(2).map(|w| w[1] - w[0]).next();
    let r = Record::new();
    let _ = by_class(&r, Said::Busy(ms(2_000))).await;
    assert!((2_000..=2_201).contains(&gap(&r).unwrap()), "{r:?}");
    let r = Record::new();
    let _ = by_class(&r, Said::Gone).await;
    assert_eq!(r.count(), 2, "named by `on`, permanent or not");
    let r = Record::new();
    let _ = by_class(&r, Said::Lost).await;
    assert_eq!(r.count(), 1, "not named by `on`, transient or not");
    let r = Record::new();
    let _ = by_option(&r, Said::Busy(ms(2_000))).await;
    assert!((300..=331).contains(&gap(&r).unwrap()), "{r:?}");
}

// Section 7: across function borders.

/// What shows a refusal as an error of its own: among its sources there is no `resil::Error`.
#[derive(Debug, thiserror::Error)]
enum Shown {
    #[error(transparent)]
    Resil(#[from] Error),
}

macro_rules! borders {
    ($($name:ident: $inner:ty => $e:ty, $circuit:literal, $key:literal;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[timeout(1s)]
            async fn slow(r: &Record) -> Result<u32, $inner> {
                r.attempt();
                pending().await
            }
            #[idempotent(key = k)]
            async fn keyed(r: &Record, k: &str) -> Result<u32, $inner> {
                Ok(r.attempt())
            }
            #[retry(max = 3, base = 1ms, budget = off)]
            async fn retried(r: &Record, key: Option<&str>) -> Result<u32, $e> {
                Ok(match key {
                    Some(k) => {
                        r.attempt();
                        keyed(r, k).await?
                    }
                    None => slow(r).await?,
                })
            }
            #[circuit(name = $circuit, failures = 2)]
            async fn guarded(r: &Record, key: Option<&str>) -> Result<u32, $e> {
                Ok(match key {
                    Some(k) => keyed(r, k).await?,
                    None => slow(r).await?,
                })
            }
            let row = || breaker($circuit).counts().failures_in_a_row;

            // A timeout of the function's own may pass, and is a failure of the other side.
            let r = Record::new();
            assert!(retried(&r, None).await.is_err());
            assert_eq!(r.count(), 3);
            assert!(guarded(&r, None).await.is_err());
            assert_eq!(row(), 1);

            // One by its caller's shorter deadline says nothing of the other side.
            let r = Record::new();
            let hurried = Deadline::after(ms(50)).scope(retried(&r, None));
            assert!(hurried.await.is_err());
            assert_eq!((r.count(), r.elapsed()), (1, 50));
            let hurried = Deadline::after(ms(50)).scope(guarded(&r, None));
            assert!(hurried.await.is_err());
            assert_eq!(row(), 1);

            // A refusal (here an empty key) is final and neutral.
            let r = Record::new();
            assert!(retried(&r, Some("")).await.is_err());
            assert_eq!(r.count(), 1);
            assert!(guarded(&r, Some("")).await.is_err());
            assert_eq!(row(), 1);
            assert!(guarded(&r, Some($key)).await.is_ok());
            assert_eq!(row(), 0);
        }
    )+};
}

borders! {
    through_resil_error: Error => Error, "language.resil", "k";
    through_anyhow: anyhow::Error => anyhow::Error, "language.anyhow", "k";
    through_eyre: eyre::Report => eyre::Report, "language.eyre", "k";
    through_box: Box<dyn std::error::Error + Send + Sync> => Box<dyn std::error::Error + Send + Sync>, "language.box", "k";
    through_local_box: Box<dyn std::error::Error> => Box<dyn std::error::Error>, "language.local", "k";
    through_transparent_in_anyhow: Shown => anyhow::Error, "language.shown-anyhow", "k";
    through_transparent_in_eyre: Shown => eyre::Report, "language.shown-eyre", "k";
    through_transparent_in_box: Shown => Box<dyn std::error::Error + Send + Sync>, "language.shown-box", "k";
    through_io: std::io::Error => std::io::Error, "language.io", "k";
}

#[tokio::test(start_paused = true)]
async fn through_a_chain_of_sources() {
    // Found where it is a source of a source, and where io::Error hides it within anyhow.
    #[derive(Debug, thiserror::Error)]
    #[error("while paying")]
    struct While(#[source] std::io::Error);
    #[retry(max = 3, base = 1ms)]
    async fn call(r: &Record, e: fn(Error) -> anyhow::Error) -> anyhow::Result<()> {
        r.attempt();
        Err(e(breaker("language.chain").try_acquire().unwrap_err()))
    }
    breaker("language.chain").force_open();
    let wraps: [fn(Error) -> anyhow::Error; 3] = [
        |e| While(e.into()).into(),
        |e| anyhow::Error::from(std::io::Error::from(e)).context("more"),
        |e| anyhow::Error::from(e).context("a").context("b"),
    ];
    for wrap in wraps {
        let r = Record::new();
        assert!(call(&r, wrap).await.is_err());
        assert_eq!(r.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_generic_error_needs_the_bounds_that_it_uses() {
    #[retry(max = 2, base = 1ms)]
    #[circuit(failures = 9)]
    #[timeout(1s)]
    async fn call<E: From<Error> + Send>(r: &Record, e: fn() -> E) -> Result<(), E> {
        r.attempt();
        Err(e())
    }
    let r = Record::new();
    // No `Classify` among the bounds: every error of the body is retried.
    assert_eq!(call(&r, || Said::Gone).await, Err(Said::Gone));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_says_which_policy_of_which_function_refused() {
    #[timeout(20ms)]
    async fn too_slow() -> Result<(), Error> {
        pending().await
    }
    #[idempotent(name = "language.scope", key = String::new())]
    async fn keyless() -> Result<(), Error> {
        Ok(())
    }
    let e = too_slow().await.unwrap_err();
    assert_eq!(e.retry_after(), None);
    let text = e.to_string();
    assert!(
        text.contains("language_errors::too_slow") && text.contains("#[timeout] of 20ms"),
        "{text}"
    );
    let text = keyless().await.unwrap_err().to_string();
    assert!(text.contains("language.scope"), "{text}");
    breaker("language.says").force_open();
    let text = breaker("language.says")
        .try_acquire()
        .unwrap_err()
        .to_string();
    assert!(text.contains("circuit `language.says`"), "{text}");
    fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<Error>();
    assert!(size_of::<Error>() <= 40);
}

// Where `E` stands: it is found without being named.

trait Service {
    type Error: Clone + Sync;
}
struct Api;
impl Service for Api {
    type Error = Said;
}
struct Client<E>(E);
type Alias<T> = Result<T, Said>;

#[retry(max = 3, base = 1ms, budget = off)]
async fn associated<S: Service>(r: &Record, e: &S::Error) -> Result<(), S::Error>
where
    S::Error: Classify,
{
    r.attempt();
    Err(e.clone())
}
#[retry(max = 3, base = 1ms, budget = off)]
async fn associated_without<S: Service>(r: &Record, e: &S::Error) -> Result<(), S::Error> {
    r.attempt();
    Err(e.clone())
}
impl<E: Classify + Clone + Sync> Client<E> {
    #[retry(max = 3, base = 1ms, budget = off)]
    async fn method(&self, r: &Record) -> Result<(), E> {
        r.attempt();
        Err(self.0.clone())
    }
}
#[retry(max = 3, base = 1ms, budget = off)]
async fn aliased(r: &Record, e: Said) -> Alias<()> {
    r.attempt();
    Err(e)
}
#[retry(max = 3, base = 1ms, budget = off)]
async fn boxed(r: &Record, e: Said) -> Result<(), Box<Said>> {
    r.attempt();
    Err(Box::new(e))
}
#[retry(max = 3, base = 1ms, budget = off)]
async fn shared(r: &Record, e: Said) -> Result<(), std::sync::Arc<Said>> {
    r.attempt();
    Err(std::sync::Arc::new(e))
}
#[retry(max = 3, base = 1ms, budget = off)]
async fn opaque(r: &Record, e: Said) -> Result<(), impl Classify + std::fmt::Debug + use<>> {
    r.attempt();
    Err(e)
}

#[tokio::test(start_paused = true)]
async fn the_class_is_found_wherever_the_type_has_it() {
    for (e, runs) in [(Said::Gone, 1), (Said::Lost, 3)] {
        let r: [Record; 7] = std::array::from_fn(|_| Record::new());
        let _ = associated::<Api>(&r[0], &e).await;
        let _ = Client(e).method(&r[1]).await;
        let _ = aliased(&r[2], e).await;
        let _ = boxed(&r[3], e).await;
        let _ = shared(&r[4], e).await;
        let _ = opaque(&r[5], e).await;
        let _ = associated_without::<Api>(&r[6], &e).await;
        let counts = r.map(|r| r.count());
        assert_eq!(counts, [runs, runs, runs, runs, runs, runs, 3], "{e:?}");
    }
}
