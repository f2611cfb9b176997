//! The program of a process that makes calls under a limit of all processes: the test starts its own
//! binary again.

use std::cell::Cell;
use std::io::BufRead;
use std::time::{Duration, Instant, SystemTime};

use resil::limits::SharedLimits;
use resil::limits::store::{LimitKey, TakeRequest};
use resil::{Error, rate_limit};
use tokio::task::JoinSet;

use super::{LET_IN, Noted, open};
use crate::servers::Kind;

/// Set in a child: kind of server, URL and namespace, with spaces between.
pub(super) const TOLD: &str = "RESIL_LIMIT_CHILD";

/// The numbers of the limit.
pub(super) const MAX: u32 = 100;
pub(super) const BURST: u32 = 100;

/// The time for which the processes call.
pub(super) const SPAN: Duration = Duration::from_secs(10);

/// Returns when it ran, by the clock of the host.
#[rate_limit(name = "three-processes", max = MAX, per = 1s, burst = BURST, wait = 900ms, store = limits)]
async fn call(limits: &SharedLimits) -> Result<u64, Error> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let micros = since_1970.expect("a clock").as_micros();
    Ok(u64::try_from(micros).expect("not so late"))
}

/// Calls again and again, and says when each call was let in and when it ran.
async fn caller(limits: SharedLimits, until: Instant) -> Vec<(u64, u64)> {
    let mut ran = Vec::new();
    while Instant::now() < until {
        match call(&limits).await {
            Ok(at) => {
                let let_in = LET_IN.with(Cell::take);
                ran.push((let_in.expect("the store let it in"), at));
            }
            Err(e) => {
                let after = e.retry_after().expect("it is possible");
                tokio::time::sleep(after).await;
            }
        }
    }
    ran
}

/// Not a test of its own.
#[tokio::test]
async fn child() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let [kind, url, namespace] = told.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{told}");
    };
    let kind = match kind {
        "Redis" => Kind::Redis,
        _ => Kind::Postgres,
    };
    let limits = SharedLimits::new(Noted::new(open(kind, url).await))
        .namespace(namespace)
        .timeout(Duration::from_secs(30));
    // All connections are made: the first calls of a process must not wait for them.
    let mut first = JoinSet::new();
    for n in 0..16 {
        let limits = limits.clone();
        first.spawn(async move {
            let key = LimitKey::new([n; 32]);
            let answer = limits.store().take(&key, &TakeRequest::of_nothing()).await;
            answer.expect("it answers");
        });
    }
    first.join_all().await;
    println!("@ready");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("told");
    let until = Instant::now() + SPAN + Duration::from_millis(500);
    let mut callers = JoinSet::new();
    // More than there are turns in the longest wait, so that the next turn is always taken, and some are
    // refused.
    for _ in 0..32 {
        let caller = caller(limits.clone(), until);
        callers.spawn(LET_IN.scope(Cell::new(None), caller));
    }
    for (let_in, at) in callers.join_all().await.into_iter().flatten() {
        println!("@{let_in} {at}");
    }
    assert_eq!(limits.outages(), 0);
    println!("@end");
}
