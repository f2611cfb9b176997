//! Settings that are read at start: a static behind a lock, a match over an argument, a field of a
//! destructured argument.
#![deny(warnings, unused_qualifications)]
use std::sync::LazyLock;
use std::time::Duration;

use resil::{Error, timeout};
use tokio::time::sleep;

static LIMIT: LazyLock<Duration> = LazyLock::new(|| {
    let configured = std::env::var("CLIENT_TIMEOUT_MS_OF_NOBODY").ok();
    Duration::from_millis(configured.and_then(|v| v.parse().ok()).unwrap_or(1_500))
});

enum Priority {
    Interactive,
    Bulk { rows: u32 },
}

struct Options {
    limit: Duration,
    path: String,
}

#[timeout(*LIMIT)]
async fn ping(takes: Duration) -> Result<(), Error> {
    sleep(takes).await;
    Ok(())
}

#[timeout(match priority {
    Priority::Interactive => *LIMIT / 3,
    Priority::Bulk { rows } => Duration::from_millis(10) * *rows,
})]
async fn load(priority: &Priority, takes: Duration) -> Result<bool, Error> {
    sleep(takes).await;
    Ok(matches!(priority, Priority::Bulk { .. }))
}

#[timeout(limit)]
async fn read(Options { limit, path }: Options, takes: Duration) -> Result<String, Error> {
    sleep(takes).await;
    Ok(format!("{path} within {limit:?}"))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let ms = Duration::from_millis;
    assert_eq!(ping(ms(1_499)).await, Ok(()));
    assert!(ping(ms(1_501)).await.is_err());
    assert!(load(&Priority::Interactive, ms(501)).await.is_err());
    assert_eq!(load(&Priority::Bulk { rows: 60 }, ms(501)).await, Ok(true));
    let options = |limit| Options {
        limit: ms(limit),
        path: "/etc".to_owned(),
    };
    assert_eq!(
        read(options(9), ms(8)).await,
        Ok("/etc within 9ms".to_owned())
    );
    assert!(read(options(9), ms(10)).await.is_err());
}
