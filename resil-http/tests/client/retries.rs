//! What is sent again, and what is not: no request that may have been executed and does harm twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use resil_http::client::{Body, ClientError};
use resil_runtime::retry::RetryPolicy;

use crate::peer::{Do, Names, Server, answer, closed_port, ok};
use crate::{at_once, client, ms};

/// A server that answers its first request with an error, and the others as they want.
async fn fails_first(status: u16) -> Server {
    Server::start(move |number, _| {
        if number == 0 {
            answer(status, &[], "no")
        } else {
            ok()
        }
    })
    .await
}

#[tokio::test]
async fn an_idempotent_request_is_sent_again() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let server = fails_first(503).await;
        let client = client("again", &server).retry(at_once(3)).build().unwrap();
        let method = method.parse().unwrap();
        let response = client.request(method, "/").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.attempts(), 2);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_retry_is_there_by_default() {
    let server = fails_first(502).await;
    let client = client("default", &server).build().unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.attempts(), 2);
}

#[tokio::test]
async fn a_post_that_was_answered_is_not_sent_again() {
    for status in [500, 502, 503, 504] {
        let server = fails_first(status).await;
        let client = client("post", &server).retry(at_once(3)).build().unwrap();
        let response = client.post("/").body("once").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_post_whose_connection_broke_is_not_sent_again() {
    for end in [Do::Reset, Do::Close] {
        let server = Server::start(move |number, _| match number {
            0 => vec![end.clone()],
            _ => ok(),
        })
        .await;
        let client = client("post-broke", &server)
            .retry(at_once(3))
            .build()
            .unwrap();
        let error = client.post("/").body("once").send().await.unwrap_err();
        assert!(matches!(error, ClientError::Transport(_)), "{error:?}");
        assert!(!error.is_unsent());
        assert_eq!(server.seen().len(), 1);

        // The same, of a method that may be repeated.
        let server = Server::start(|number, _| match number {
            0 => vec![Do::Reset],
            _ => ok(),
        })
        .await;
        let client = crate::client("put-broke", &server)
            .retry(at_once(3))
            .build()
            .unwrap();
        let response = client.put("/").body("twice").send().await.unwrap();
        assert_eq!(response.attempts(), 2);
        assert_eq!(server.seen()[1].body, b"twice");
    }
}

#[tokio::test]
async fn a_post_that_timed_out_is_not_sent_again() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("post-late", &server)
        .read(ms(100))
        .retry(at_once(3))
        .build()
        .unwrap();
    let error = client.post("/").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_post_that_was_not_sent_is_sent_again() {
    let server = Server::start(|_, _| ok()).await;
    let bodies = [
        Body::from("a"),
        // A stream of which no byte was asked for is whole.
        Body::stream(tokio_stream::iter([Ok::<_, std::io::Error>(Bytes::from(
            "a",
        ))])),
    ];
    for body in bodies {
        let names = Arc::new(Names::of(&[closed_port().await, server.at]));
        let lookups = Arc::clone(&names.lookups);
        let client = client("post-unsent", "pay.test")
            .retry(at_once(3))
            .http(move |http| http.dns_resolver(Arc::clone(&names)))
            .build()
            .unwrap();
        let response = client.post("/").body(body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.attempts(), 2);
        assert_eq!(lookups.load(Ordering::SeqCst), 2);
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_connection_is_an_error_that_says_why() {
    let client = client("refused", closed_port().await)
        .retry(at_once(2))
        .build()
        .unwrap();
    let error = client.post("/secret?token=7").send().await.unwrap_err();
    assert!(matches!(error, ClientError::NoConnection(_)), "{error:?}");
    assert!(error.is_unsent() && !error.is_timeout());
    let text = error.to_string();
    assert!(
        text.starts_with("no connection: ") && text.contains("refused"),
        "{text}"
    );
    assert!(!text.contains("token"), "{text}");
}

#[tokio::test]
async fn a_connection_that_died_idle_is_no_attempt() {
    // Each answer is the last of its connection, and says nothing of it.
    let server = Server::start(|_, _| [ok(), vec![Do::Close]].concat()).await;
    let client = client("idle", &server).no_retry().build().unwrap();
    for _ in 0..5 {
        let response = client.post("/").body("a").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "ok");
        crate::peer::until("the server has closed", || server.open() == 0).await;
    }
    assert_eq!(server.seen().len(), 5);
    assert_eq!(server.accepted(), 5);
}

#[tokio::test]
async fn an_idempotency_key_lets_a_post_be_sent_again() {
    let server = fails_first(503).await;
    let client = client("key", &server).retry(at_once(3)).build().unwrap();
    let call = client.post("/").header("Idempotency-Key", "mine");
    let response = call.body("a").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let keys: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["mine", "mine"]);
}

#[tokio::test]
async fn keys_can_be_added_one_for_all_attempts_of_a_call() {
    let server = Server::start(|number, _| match number {
        0 | 1 => vec![Do::Reset],
        _ => ok(),
    })
    .await;
    let client = client("keys", &server)
        .retry(at_once(3))
        .idempotency_keys()
        .build()
        .unwrap();
    let response = client.post("/").body("a").send().await.unwrap();
    assert_eq!(response.attempts(), 3);
    client.patch("/").send().await.unwrap();
    client.get("/").send().await.unwrap();
    let own = client.post("/").header("idempotency-key", "mine");
    own.send().await.unwrap();
    let seen = server.seen();
    let key = |at: usize| seen[at].header("idempotency-key");
    assert_eq!(key(0).unwrap().len(), 36);
    assert_eq!(key(1), key(0));
    assert_eq!(key(2), key(0));
    assert_ne!(key(3), key(0));
    assert_eq!(key(3).unwrap().len(), 36);
    assert_eq!(key(4), None);
    assert_eq!(key(5), Some("mine"));
}

#[tokio::test]
async fn a_caller_can_say_that_a_post_does_no_harm_twice() {
    let server = Server::start(|number, _| match number {
        0 | 2 => answer(503, &[], ""),
        _ => ok(),
    })
    .await;
    let client = client("repeat-if", &server)
        .retry(at_once(3))
        .repeat_if(|request| request.uri.path() == "/search")
        .build()
        .unwrap();
    assert_eq!(client.post("/search").send().await.unwrap().attempts(), 2);
    assert_eq!(client.post("/charge").send().await.unwrap().status(), 503);
}

#[tokio::test]
async fn a_post_that_a_timeout_of_a_stack_has_cut_is_not_sent_again() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let stack = resil_runtime::Stack::new("client-post-cut")
        .retry(at_once(3))
        .timeout(ms(100));
    let client = client("post-cut", &server).stack(stack).build().unwrap();
    let error = client.post("/").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

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
async fn the_last_answer_comes_back_when_all_attempts_have_failed() {
    let server = Server::start(|number, _| answer(503, &[], &number.to_string())).await;
    let client = client("last", &server).retry(at_once(3)).build().unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.attempts(), 3);
    assert_eq!(response.text().await.unwrap(), "2");
}

#[tokio::test]
async fn an_answer_that_would_come_again_is_final() {
    for status in [400, 401, 403, 404, 409, 422, 501] {
        let server = Server::start(move |_, _| answer(status, &[], "no")).await;
        let client = client("final", &server).retry(at_once(3)).build().unwrap();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_stream_is_sent_once() {
    let server = fails_first(503).await;
    let client = client("stream", &server).retry(at_once(3)).build().unwrap();
    let stream = tokio_stream::iter([Ok::<_, std::io::Error>(Bytes::from("a"))]);
    let call = client.put("/").body(Body::stream(stream));
    let response = call.send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(server.seen().len(), 1);
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
            .retry(at_once(3).cap(ms(1000)))
            .build()
            .unwrap();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), 200, "{asked}");
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
