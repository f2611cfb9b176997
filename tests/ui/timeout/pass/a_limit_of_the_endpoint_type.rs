//! One client over many endpoints, each with a limit of its own as an associated constant.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Error, timeout};
use tokio::time::sleep;

trait Endpoint {
    const LIMIT: Duration;
    type Answer: Default;
}

struct Health;
struct Report;

impl Endpoint for Health {
    const LIMIT: Duration = Duration::from_millis(100);
    type Answer = bool;
}

impl Endpoint for Report {
    const LIMIT: Duration = Duration::from_secs(60);
    type Answer = Vec<u8>;
}

#[timeout(E::LIMIT)]
async fn get<E: Endpoint>(takes: Duration) -> Result<E::Answer, Error> {
    sleep(takes).await;
    Ok(Default::default())
}

#[timeout(<E as Endpoint>::LIMIT)]
async fn head<E>(takes: Duration) -> Result<(), Error>
where
    E: Endpoint,
{
    sleep(takes).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let second = Duration::from_secs(1);
    assert!(matches!(
        get::<Health>(second).await,
        Err(Error::Timeout { .. })
    ));
    assert_eq!(get::<Report>(second).await, Ok(vec![]));
    assert!(head::<Health>(second).await.is_err());
    assert_eq!(head::<Report>(second).await, Ok(()));
}
