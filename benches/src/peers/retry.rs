//! Retry: tower, backon, again, tryhard, tokio-retry2, retry-if, tower-resilience.

use std::time::Duration;

use tokio::time::Sleep;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{BASE, RETRIES};
use crate::harness::Contestant;
use crate::work::{Arg, Fault, work};

/// tower's policy as its docs write it: so many attempts, and a pause between them.
#[derive(Clone)]
pub(super) struct Attempts(pub(super) u32);

impl<Req: Clone, Res, E> tower::retry::Policy<Req, Res, E> for Attempts {
    type Future = Sleep;

    fn retry(&mut self, _: &mut Req, result: &mut Result<Res, E>) -> Option<Sleep> {
        if result.is_ok() || self.0 == 0 {
            return None;
        }
        let delay = BASE * (1 << (RETRIES - self.0));
        self.0 -= 1;
        Some(tokio::time::sleep(delay))
    }

    fn clone_request(&mut self, req: &Req) -> Option<Req> {
        Some(req.clone())
    }
}

async fn by_backon(n: &u32) -> Result<u32, Fault> {
    use backon::Retryable;
    let backoff = backon::ExponentialBuilder::default()
        .with_min_delay(BASE)
        .with_max_times(RETRIES as usize)
        .with_jitter();
    (|| work(n)).retry(backoff).await
}

async fn by_again(n: &u32) -> Result<u32, Fault> {
    let policy = again::RetryPolicy::exponential(BASE)
        .with_max_retries(RETRIES as usize)
        .with_jitter(true);
    policy.retry(|| work(n)).await
}

async fn by_tryhard(n: &u32) -> Result<u32, Fault> {
    tryhard::retry_fn(|| work(n))
        .retries(RETRIES)
        .exponential_backoff(BASE)
        .await
}

async fn by_tokio_retry2(n: &u32) -> Result<u32, Fault> {
    use tokio_retry2::strategy::ExponentialFactorBackoff;
    let backoff = ExponentialFactorBackoff::from_millis(100, 2.0).take(RETRIES as usize);
    let body = || async { work(n).await.map_err(tokio_retry2::RetryError::transient) };
    tokio_retry2::Retry::spawn(backoff, body).await
}

const CONFIG: retry_if::ExponentialBackoffConfig = retry_if::ExponentialBackoffConfig {
    max_retries: RETRIES,
    t_wait: Duration::from_millis(100),
    backoff: 2.0,
    t_wait_max: None,
    backoff_max: None,
};

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "retry-if hands it over so"
)]
fn failed(out: &Result<u32, Fault>) -> bool {
    out.is_err()
}

#[retry_if::retry(CONFIG, failed)]
async fn by_retry_if(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

pub(crate) fn first_try_ok() -> Vec<Contestant> {
    vec![
        Contestant::ready("tower", || {
            let service = tower::retry::Retry::new(Attempts(RETRIES), service_fn(work_of));
            // A `service_fn` is always ready.
            move |n| service.clone().call(n)
        }),
        Contestant::ready("backon", || by_backon),
        Contestant::ready("again", || by_again),
        Contestant::ready("tryhard", || by_tryhard),
        Contestant::ready("tokio-retry2", || by_tokio_retry2),
        Contestant::ready("retry-if", || by_retry_if),
        Contestant::ready("tower-resilience", || {
            let layer = tower_resilience::retry::RetryLayer::<Arg, u32, Fault>::builder()
                .max_attempts(RETRIES as usize + 1)
                .exponential_backoff(BASE)
                .build();
            let service = layer.layer(service_fn(work_of));
            move |n| service.clone().oneshot(n)
        }),
    ]
}

fn work_of(n: Arg) -> impl Future<Output = Result<u32, Fault>> + Send {
    work(n)
}
