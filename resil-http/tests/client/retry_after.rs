//! How long a retry waits where the answer says so.

use std::time::Instant;

use resil_runtime::retry::RetryPolicy;

use crate::peer::{Server, answer, ok};
use crate::{at_once, client, ms};

#[tokio::test]
async fn an_overloaded_envoy_and_a_push_back_are_heard() {
    let server = Server::start(|number, _| match number {
        0 => answer(503, &["x-envoy-overloaded: true", "retry-after: 0.3"], ""),
        1 => answer(200, &["grpc-status: 14", "grpc-retry-pushback-ms: 300"], ""),
        2 => ok(),
        _ => answer(200, &["grpc-status: 14", "grpc-retry-pushback-ms: -1"], ""),
    })
    .await;
    let client = client("overload", &server)
        .retry(at_once(3).cap(ms(2000)))
        .build()
        .unwrap();
    let began = Instant::now();
    assert_eq!(client.get("/").send().await.unwrap().attempts(), 3);
    assert!(began.elapsed() >= ms(600), "{:?}", began.elapsed());
    assert_eq!(client.get("/").send().await.unwrap().attempts(), 1);
}

#[tokio::test]
async fn retry_after_in_seconds_is_waited_for() {
    let server = Server::start(|number, _| match number {
        0 => answer(429, &["retry-after: 1"], ""),
        1 => answer(503, &["retry-after: 0.4"], ""),
        _ => ok(),
    })
    .await;
    let client = client("retry-after", &server)
        .retry(at_once(3).cap(ms(2000)))
        .build()
        .unwrap();
    let began = Instant::now();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(began.elapsed() >= ms(1400), "{:?}", began.elapsed());
}

#[tokio::test]
async fn retry_after_as_a_date_is_waited_for_and_one_that_has_passed_is_no_wait() {
    // A second has no fraction in a date: the wait is one to two seconds, or less.
    let in_two_seconds = date(std::time::SystemTime::now() + ms(2000));
    let server = Server::start(move |number, _| match number {
        0 => answer(503, &["retry-after: Sun, 06 Nov 1994 08:49:37 GMT"], ""),
        1 => answer(503, &[&format!("retry-after: {in_two_seconds}")], ""),
        _ => ok(),
    })
    .await;
    let client = client("retry-date", &server)
        .retry(at_once(3).cap(ms(5000)))
        .build()
        .unwrap();
    let began = Instant::now();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(began.elapsed() >= ms(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_retry_after_beyond_the_cap_ends_the_call_with_the_answer() {
    for asked in [
        "1000000000000",
        "99999999999999999999999",
        "3600",
        "Fri, 31 Dec 2999 23:59:59 GMT",
    ] {
        let server =
            Server::start(move |_, _| answer(429, &[&format!("retry-after: {asked}")], "")).await;
        let client = client("retry-long", &server)
            .retry(at_once(3).cap(ms(1000)))
            .build()
            .unwrap();
        let began = Instant::now();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(server.seen().len(), 1, "{asked}");
        assert!(began.elapsed() < ms(5000));
    }
}

#[tokio::test]
async fn a_retry_after_that_is_none_asks_for_nothing() {
    for asked in ["-1", "soon", "1e3", "", "NaN", "+5"] {
        let server = Server::start(move |number, _| match number {
            0 => answer(429, &[&format!("retry-after: {asked}")], ""),
            _ => ok(),
        })
        .await;
        let client = client("retry-none", &server)
            .retry(at_once(3).cap(ms(8000)))
            .build()
            .unwrap();
        let began = Instant::now();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), 200, "{asked}");
        assert_eq!(response.attempts(), 2, "{asked}");
        assert!(began.elapsed() < ms(4000), "{asked}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_wait_that_does_not_fit_into_the_total_is_not_begun() {
    let server = Server::start(|_, _| answer(503, &["retry-after: 10"], "")).await;
    let client = client("retry-total", &server)
        .attempt(ms(1000))
        .total(ms(3000))
        .retry(RetryPolicy::new())
        .build()
        .unwrap();
    let began = Instant::now();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(began.elapsed() < ms(2500), "{:?}", began.elapsed());
}

/// The date of a time, as HTTP writes it.
fn date(at: std::time::SystemTime) -> String {
    let since = at
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut day) = (1970, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let weekdays = "ThuFriSatSunMonTueWed";
    let weekday = usize::try_from(days % 7).unwrap() * 3;
    format!(
        "{}, {:02} {} {year} {:02}:{:02}:{:02} GMT",
        &weekdays[weekday..weekday + 3],
        day + 1,
        &months[month * 3..month * 3 + 3],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}
