//! A limit by method call on an argument, with a default, in a `let` chain: it runs once for each
//! call, and cuts that call alone.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Error, timeout};
use tokio::time::{Instant, sleep};

struct Request {
    takes: Duration,
    limit: Option<Duration>,
}

impl Request {
    fn timeout(&self) -> Option<Duration> {
        self.limit
    }
}

const DEFAULT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(60);

#[timeout(request.timeout().unwrap_or(DEFAULT))]
async fn send(request: Request) -> Result<Request, Error> {
    sleep(request.takes).await;
    Ok(request)
}

#[timeout(if let Some(asked) = request.limit && asked < LONGEST { asked } else { LONGEST })]
async fn send_bounded(request: &Request) -> Result<(), Error> {
    sleep(request.takes).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let request = |takes, limit| Request {
        takes: Duration::from_secs(takes),
        limit,
    };
    let two = Some(Duration::from_secs(2));
    assert!(send(request(29, None)).await.is_ok());
    let start = Instant::now();
    let cut = send(request(29, two)).await.map(|r| r.takes);
    assert!(matches!(cut, Err(Error::Timeout { limit, .. }) if Some(limit) == two));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert!(send_bounded(&request(3, two)).await.is_err());
    assert!(send_bounded(&request(59, Some(DEFAULT * 9))).await.is_ok());
    assert!(send_bounded(&request(61, Some(DEFAULT * 9))).await.is_err());
}
