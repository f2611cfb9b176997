//! `#[tracing::instrument]` among the layers: its span keeps the place where it is written, and an
//! error that a layer raises passes through it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::{CircuitState, Deadline, breaker, circuit, idempotent, retry, timeout};
use tracing::instrument;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::Do::{self, Fail, Hang, Succeed};
use super::support::{Fault, Record, ms};
use super::{act, is_open, is_timeout, pass};

#[tokio::test(start_paused = true)]
async fn kinds_pass_an_instrument_between_the_layers() {
    #[circuit(name = "instrumented", failures = 1, open_for = 1s)]
    #[tracing::instrument(skip_all)]
    #[timeout(1s)]
    async fn limited(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[retry(constant, max = 3, base = 1ms, unless(Fault::Final))]
    #[tracing::instrument(skip_all, err)]
    #[circuit(name = "instrumented-below", failures = 9)]
    #[timeout(1s)]
    async fn refused(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[tracing::instrument(skip_all)]
    #[circuit(name = "instrumented-claim", failures = 1, open_for = 1s)]
    async fn claimed(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let hurried = Deadline::after(ms(50)).scope(limited(&r, Hang));
    assert!(is_timeout(&hurried.await));
    assert_eq!(breaker("instrumented").state(), CircuitState::Closed);
    assert!(is_timeout(&limited(&r, Hang).await));
    assert_eq!(breaker("instrumented").state(), CircuitState::Open);

    let r = Record::new();
    assert!(is_timeout(&refused(&r, Hang).await));
    assert_eq!(r.count(), 3, "timeouts are retried");
    breaker("instrumented-below").force_open();
    assert!(is_open(&refused(&r, Succeed).await));
    assert_eq!(r.elapsed(), 3_002, "an open circuit is not");
    breaker("instrumented-below").reset();
    assert_eq!(refused(&r, Fail).await, Err(Fault::Network(6)));

    let r = Record::new();
    assert_eq!(claimed(&r, 1, Fail).await, Err(Fault::Network(1)));
    assert!(is_open(&claimed(&r, 2, Succeed).await));
    pass(1_000).await;
    // Nothing had run for that key: it was released.
    assert_eq!(claimed(&r, 2, Succeed).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_replay_below_an_instrument_is_known_above_it() {
    #[circuit(name = "over-replays", failures = 2)]
    #[tracing::instrument(skip_all)]
    #[idempotent(key = k)]
    async fn over_replays(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(over_replays(&r, 1, Succeed).await, Ok(1));
    assert!(over_replays(&r, 2, Fail).await.is_err());
    assert_eq!(over_replays(&r, 1, Fail).await, Ok(1));
    assert_eq!(breaker("over-replays").counts().failures_in_a_row, 1);
}

#[tokio::test(start_paused = true)]
async fn kinds_pass_two_instruments_and_an_async_trait() {
    #[retry(constant, max = 3, base = 1ms, unless(Fault::Final))]
    #[tracing::instrument(skip_all)]
    #[circuit(name = "two-instruments", failures = 2)]
    #[tracing::instrument(skip_all)]
    #[timeout(1s)]
    async fn two(r: &Record, _owned: Vec<u8>) -> Result<u32, Fault> {
        act(r, Hang).await
    }
    #[async_trait::async_trait]
    trait Call {
        async fn call(&mut self, r: &Record, owned: Vec<u8>) -> Result<u32, Fault>;
    }
    #[async_trait::async_trait]
    impl Call for usize {
        #[retry(constant, max = 3, base = 1ms, unless(Fault::Final))]
        #[tracing::instrument(skip_all)]
        #[circuit(name = "async-trait", failures = 2)]
        #[timeout(1s)]
        async fn call(&mut self, r: &Record, owned: Vec<u8>) -> Result<u32, Fault> {
            *self += owned.len();
            act(r, Hang).await
        }
    }
    let r = Record::new();
    assert!(is_open(&two(&r, vec![1]).await));
    assert_eq!(r.times(), [0, 1_001]);
    let (r, mut sum) = (Record::new(), 0);
    assert!(is_open(&sum.call(&r, vec![1]).await));
    assert_eq!((r.times(), sum), (vec![0, 1_001], 2));
}

/// The usual stack with an attribute in one of its places that rewrites the body.
macro_rules! instrumented {
    ($($name:ident: [$($a:tt)*] [$($b:tt)*] [$($c:tt)*] [$($d:tt)*] [$($e:tt)*] [$($f:tt)*];)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            $($a)*
            #[idempotent(key = owned.len(), on_abandon = indeterminate)]
            $($b)*
            #[circuit(failures = 2, open_for = 10s)]
            $($c)*
            #[timeout(limit)]
            $($d)*
            #[retry(constant, max = 3, base = 100ms, jitter = none, unless(Fault::Final))]
            $($e)*
            #[timeout(limit / 5)]
            $($f)*
            async fn stack(r: &Record, owned: Vec<u8>, limit: Duration) -> Result<u32, Fault> {
                let what = [Hang, Hang, Succeed, Fail][r.count().min(3)];
                let _ = owned.len();
                act(r, what).await
            }
            let r = Record::new();
            let call = |len| stack(&r, vec![0; len], ms(5_000));
            assert_eq!(call(0).await, Ok(3));
            assert_eq!(r.times(), [0, 1_100, 2_200]);
            assert_eq!(call(0).await, Ok(3));
            assert_eq!(call(1).await, Err(Fault::Network(6)));
            assert_eq!(call(2).await, Err(Fault::Network(9)));
            assert!(is_open(&call(2).await));
            assert_eq!(call(0).await, Ok(3));
            assert_eq!(r.count(), 9);
        }
    )*};
}

instrumented! {
    instrument_nowhere: [] [] [] [] [] [];
    instrument_first: [#[instrument(skip_all)]] [] [] [] [] [];
    instrument_second: [] [#[instrument(skip_all)]] [] [] [] [];
    instrument_third: [] [] [#[instrument(skip_all, err)]] [] [] [];
    instrument_fourth: [] [] [] [#[instrument(skip_all)]] [] [];
    instrument_fifth: [] [] [] [] [#[instrument(skip_all, ret, err)]] [];
    instrument_last: [] [] [] [] [] [#[instrument(skip_all)]];
}

/// How often a span of each name was entered anew.
#[derive(Clone, Default)]
pub(super) struct Spans(Arc<Mutex<HashMap<&'static str, u32>>>);

impl Spans {
    pub(super) fn count(&self, name: &str) -> u32 {
        let spans = self.0.lock().unwrap();
        spans.get(name).copied().unwrap_or_default()
    }
}

impl Layer<Registry> for Spans {
    fn on_new_span(&self, attrs: &Attributes<'_>, _: &Id, _: Context<'_, Registry>) {
        let mut spans = self.0.lock().unwrap();
        *spans.entry(attrs.metadata().name()).or_default() += 1;
    }
}

/// Two of them around a retry of three attempts, in every two places: each keeps its own. Where no
/// layer parts them tracing puts the span of the later one outside.
macro_rules! two {
    ($($name:ident: [$($a:tt)*] [$($b:tt)*] [$($c:tt)*] => $first:literal, $later:literal;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            $($a)*
            #[retry(constant, max = 3, base = 100ms, jitter = none)]
            $($b)*
            #[timeout(1s)]
            $($c)*
            async fn stack(r: &Record, owned: Vec<u8>) -> Result<u32, Fault> {
                let _ = owned.len();
                act(r, if r.count() < 2 { Hang } else { Succeed }).await
            }
            let spans = Spans::default();
            let r = Record::new();
            {
                let registry = tracing_subscriber::registry().with(spans.clone());
                let _on_this_thread = tracing::subscriber::set_default(registry);
                assert_eq!(stack(&r, vec![1]).await, Ok(3));
            }
            assert_eq!(r.times(), [0, 1_100, 2_200]);
            let spans = spans.0.lock().unwrap();
            assert_eq!((spans["first"], spans["later"]), ($first, $later));
        }
    )*};
}

two! {
    two_above: [#[instrument(name = "first", skip_all)] #[instrument(name = "later", skip_all)]] [] [] => 1, 1;
    two_around_the_retry: [#[instrument(name = "first", skip_all)]] [#[instrument(name = "later", skip_all, err)]] [] => 1, 3;
    two_around_it_all: [#[instrument(name = "first", skip_all, ret)]] [] [#[instrument(name = "later", skip_all)]] => 1, 3;
    two_between: [] [#[instrument(name = "first", skip_all, err)] #[instrument(name = "later", skip_all)]] [] => 3, 3;
    two_around_the_timeout: [] [#[instrument(name = "first", skip_all)]] [#[instrument(name = "later", skip_all)]] => 3, 3;
    two_below: [] [] [#[instrument(name = "first", skip_all)] #[instrument(name = "later", skip_all, ret, err)]] => 3, 3;
}

#[tokio::test(start_paused = true)]
async fn three_with_a_layer_between_each_two() {
    #[instrument(skip_all)]
    #[circuit(name = "three-instruments", failures = 2)]
    #[instrument(skip_all, err)]
    #[timeout(10s)]
    #[retry(constant, max = 3, base = 100ms, unless(Fault::Final))]
    #[instrument(skip_all)]
    #[timeout(1s)]
    async fn three(r: &Record, what: Do, owned: Vec<u8>) -> Result<usize, Fault> {
        act(r, what).await?;
        Ok(owned.len())
    }
    let r = Record::new();
    assert_eq!(three(&r, Succeed, vec![1]).await, Ok(1));
    assert!(is_timeout(&three(&r, Hang, vec![1]).await.map(|_| 0)));
    assert_eq!(breaker("three-instruments").counts().failures_in_a_row, 1);
    let hurried = Deadline::after(ms(50)).scope(three(&r, Hang, vec![]));
    assert!(hurried.await.is_err());
    assert_eq!(
        breaker("three-instruments").counts().failures_in_a_row,
        1,
        "the caller's own"
    );
    assert_eq!(three(&r, Fail, vec![]).await, Err(Fault::Network(8)));
    assert!(is_open(&three(&r, Succeed, vec![]).await.map(|_| 0)));
}
