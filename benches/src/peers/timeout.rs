//! Timeouts: pingora's two, tower's. tokio's own is among the rows.

use std::time::Duration;

use pingora_timeout::{Elapsed, tokio_timeout};
use tower::{Service, service_fn};

use super::SECOND;
use crate::harness::Contestant;
use crate::rows::pending::{Crowd, Gate};
use crate::work::{Fault, work, work_pending_once};

fn flat<T>(out: Result<Result<T, Fault>, Elapsed>) -> Result<T, Fault> {
    out.unwrap_or(Err(Fault::Refused))
}

async fn by_pingora(n: &u32) -> Result<u32, Fault> {
    flat(tokio_timeout(SECOND, work(n)).await)
}

async fn by_fast_pingora(n: &u32) -> Result<u32, Fault> {
    flat(pingora_timeout::timeout(SECOND, work(n)).await)
}

async fn pending_by_pingora(n: &u32) -> Result<u32, Fault> {
    flat(tokio_timeout(SECOND, work_pending_once(n)).await)
}

async fn pending_by_fast_pingora(n: &u32) -> Result<u32, Fault> {
    flat(pingora_timeout::timeout(SECOND, work_pending_once(n)).await)
}

pub(crate) fn ready() -> Vec<Contestant> {
    vec![
        Contestant::ready("pingora, tokio_timeout", || by_pingora),
        Contestant::ready("pingora, fast_timeout", || by_fast_pingora),
        Contestant::ready("tower", || {
            let service = tower::timeout::Timeout::new(service_fn(work), SECOND);
            move |n| service.clone().call(n)
        }),
    ]
}

pub(crate) fn pending_once() -> Vec<Contestant> {
    vec![
        Contestant::pending("pingora, tokio_timeout", || pending_by_pingora),
        Contestant::pending("pingora, fast_timeout", || pending_by_fast_pingora),
        Contestant::pending("tower", || {
            let service = tower::timeout::Timeout::new(service_fn(work_pending_once), SECOND);
            move |n| service.clone().call(n)
        }),
    ]
}

const MINUTE: Duration = Duration::from_mins(1);

async fn passed_by_pingora(gate: &'static Gate) -> Result<(), Fault> {
    flat(tokio_timeout(MINUTE, gate.pass()).await)
}

async fn passed_by_fast_pingora(gate: &'static Gate) -> Result<(), Fault> {
    flat(pingora_timeout::timeout(MINUTE, gate.pass()).await)
}

pub(crate) fn crowds() -> [Crowd; 2] {
    [
        Crowd::new("pingora, tokio_timeout", passed_by_pingora),
        Crowd::new("pingora, fast_timeout", passed_by_fast_pingora),
    ]
}
