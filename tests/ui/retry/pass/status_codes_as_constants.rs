//! Constants of a type that is no enum, as the whole error and inside a tuple.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use http::StatusCode;
use resil::retry;

#[retry(base = 1ms, on(StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE))]
async fn get(runs: &Cell<u32>, status: StatusCode) -> Result<String, StatusCode> {
    runs.set(runs.get() + 1);
    Err(status)
}

const GONE_FOR_NOW: StatusCode = StatusCode::NOT_FOUND;

#[retry(base = 1ms, on((StatusCode::BAD_GATEWAY, _) | (GONE_FOR_NOW, "leader unknown")))]
async fn post(
    runs: &Cell<u32>,
    answer: (u16, &'static str),
) -> Result<(), (StatusCode, &'static str)> {
    runs.set(runs.get() + 1);
    let status = StatusCode::from_u16(answer.0).unwrap_or(StatusCode::BAD_REQUEST);
    Err((status, answer.1))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    for (status, tries) in [(502, 3), (503, 3), (500, 1), (404, 1)] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(get(&runs, status).await, Err(status));
        assert_eq!(runs.take(), tries, "{status}");
    }
    for (answer, tries) in [
        ((502, ""), 3),
        ((404, "leader unknown"), 3),
        ((404, "no such key"), 1),
    ] {
        assert!(post(&runs, answer).await.is_err());
        assert_eq!(runs.take(), tries, "{answer:?}");
    }
}
