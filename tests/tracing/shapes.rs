//! Functions of every shape: `#[instrument]` in each place, blocking functions, methods, tasks.

use resil::{circuit, fallback, retry, timeout};
use tracing::{info, instrument};

use super::collect::Collected;
use super::support::{Fault, ms};

type Answer = Result<u32, Fault>;

/// Fails at the first attempt of two, in `#[instrument]`s at these places.
macro_rules! instrumented {
    ($($name:ident: [$($a:tt)*] [$($b:tt)*] [$($c:tt)*] => $tree:literal;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            $($a)*
            #[retry(constant, max = 2, base = 10ms, jitter = none)]
            $($b)*
            #[timeout(1s)]
            $($c)*
            async fn stack(attempts: &std::sync::atomic::AtomicU32) -> Answer {
                info!(name: "own", "an event of the body's");
                tokio::time::sleep(ms(1)).await;
                match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                    0 => Err(Fault::Network(1)),
                    n => Ok(n),
                }
            }
            let seen = Collected::default();
            assert_eq!(seen.over(stack(&0.into())).await.unwrap(), 1);
            assert_eq!(seen.tree(), $tree);
            seen.all_are_closed();
        }
    )*};
}

instrumented! {
    instrument_nowhere: [] [] [] => "\
resil.call ok
  resil.attempt error
    - own
  resil.attempt ok
    - own
  - resil.retry
  - resil.retry.succeeded
";
    instrument_above: [#[instrument(name = "user", skip_all)]] [] [] => "\
user
  resil.call ok
    resil.attempt error
      - own
    resil.attempt ok
      - own
    - resil.retry
    - resil.retry.succeeded
";
    instrument_below: [] [] [#[instrument(name = "user", skip_all)]] => "\
resil.call ok
  resil.attempt error
    user
      - own
  resil.attempt ok
    user
      - own
  - resil.retry
  - resil.retry.succeeded
";
    // The span of an attempt is below the `#[instrument]` whose run it is.
    instrument_between: [] [#[instrument(name = "user", skip_all)]] [] => "\
resil.call ok
  user
    resil.attempt error
      - own
  user
    resil.attempt ok
      - own
  - resil.retry
  - resil.retry.succeeded
";
    instrument_everywhere: [#[instrument(name = "above", skip_all)]] [#[instrument(name = "user", skip_all)]] [#[instrument(name = "below", skip_all)]] => "\
above
  resil.call ok
    user
      resil.attempt error
        below
          - own
    user
      resil.attempt ok
        below
          - own
    - resil.retry
    - resil.retry.succeeded
";
}

#[retry(constant, max = 2, base = 1ms, jitter = none)]
fn blocking(attempts: &std::sync::atomic::AtomicU32) -> Answer {
    info!(name: "own", "an event of the body's");
    match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => Err(Fault::Network(1)),
        9 => panic!("the body's"),
        n => Ok(n),
    }
}

#[fallback({ info!(name: "cached", "from the cache"); Ok(7) })]
#[circuit(name = "tracing-blocking")]
#[instrument(name = "user", skip_all)]
#[retry(constant, max = 1)]
fn falls_back() -> Answer {
    Err(Fault::Final)
}

#[test]
fn a_function_that_is_not_async() {
    let seen = Collected::default();
    tracing::dispatcher::with_default(&seen.subscriber(), || {
        assert_eq!(blocking(&0.into()).unwrap(), 1);
        assert_eq!(falls_back().unwrap(), 7);
        let unwound = std::panic::catch_unwind(|| blocking(&9.into()));
        assert!(unwound.is_err());
    });
    assert_eq!(
        seen.tree(),
        "\
resil.call ok
  resil.attempt error
    - own
  resil.attempt ok
    - own
  - resil.retry
  - resil.retry.succeeded
resil.call fallback
  user
    resil.attempt error
    - resil.retry.stopped
  - resil.fallback
  - cached
resil.call panicked
  resil.attempt panicked
    - own
"
    );
    seen.all_are_closed();
    let panicked = &seen.spans("resil.attempt")[3];
    assert_eq!(panicked.get("error.type"), "panic");
    assert_eq!(panicked.get("otel.status_code"), "ERROR");
    assert_eq!(seen.spans("resil.call")[2].get("error.type"), "panic");
}

struct Client;

#[async_trait::async_trait]
trait Pay {
    async fn pay(&mut self) -> Answer;
}

#[async_trait::async_trait]
impl Pay for Client {
    #[retry(constant, max = 2)]
    async fn pay(&mut self) -> Answer {
        Ok(1)
    }
}

impl Client {
    #[retry(constant, max = 2)]
    fn boxed(&self) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move { Ok(1) })
    }

    /// The return type has another name and the error no bound.
    #[retry(constant, max = 2)]
    async fn generic<E>(&self, error: E) -> Result<u32, E>
    where
        E: Clone + Send,
    {
        Err(error.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn methods() {
    let seen = Collected::default();
    let calls = async {
        assert!(Client.pay().await.is_ok());
        assert!(Client.boxed().await.is_ok());
        assert!(Client.generic("no").await.is_err());
    };
    seen.over(calls).await;
    let calls = seen.spans("resil.call");
    let names: Vec<_> = calls.iter().map(|c| c.get("function")).collect();
    assert_eq!(
        names,
        [
            "tracing::shapes::pay",
            "tracing::shapes::boxed",
            "tracing::shapes::generic"
        ]
    );
    assert_eq!(calls[2].get("error.type"), "&str");
    seen.all_are_closed();
}

/// A task that is started inside an attempt belongs to it, if the deadline is carried.
#[tokio::test(start_paused = true)]
async fn tasks_are_below_the_attempt_that_has_started_them() {
    #[retry(constant, max = 1)]
    async fn with_tasks() -> Answer {
        let spawned = resil::spawn(async {
            info!(name: "spawned", "in a task");
            tokio::task::yield_now().await;
            info!(name: "spawned", "in a task");
        });
        let carried = tokio::spawn(resil::carry(async { info!(name: "carried", "in a task") }));
        let lost = tokio::spawn(async { info!(name: "lost", "in a task") });
        spawned.await.unwrap();
        carried.await.unwrap();
        lost.await.unwrap();
        Ok(1)
    }
    let seen = Collected::default();
    // The tasks of a current-thread runtime run on this thread.
    let _here = tracing::dispatcher::set_default(&seen.subscriber());
    with_tasks().await.unwrap();
    assert_eq!(
        seen.tree(),
        "\
resil.call ok
  resil.attempt ok
    - spawned
    - carried
    - spawned
- lost
"
    );
    seen.all_are_closed();
}
