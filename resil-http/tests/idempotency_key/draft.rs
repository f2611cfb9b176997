//! The rules of draft-ietf-httpapi-idempotency-key-header-07, each test named by its section.

use std::time::Duration;

use axum::body::Body;
use resil_runtime::idempotency::{Conflict, IdempotentPolicy};
use tokio::time::sleep;

use crate::support::{Seen, keys, pay, send, shop, to, with};

/// 2.1: the value is a string of structured fields, in quotes.
#[tokio::test(start_paused = true)]
async fn draft_2_1_a_key_is_a_string_in_quotes() {
    let (app, effects) = shop(keys().quotes_only(true).required(true));
    let uuid = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";
    assert_eq!(send(&app, pay(uuid)).await.status, 201);
    assert!(send(&app, pay(uuid)).await.is_replay());
    assert!(!send(&app, pay("\"a\\\"b\"")).await.is_replay());
    for no_string in [
        "bare",
        "'quoted'",
        "\"open",
        "\"a\" \"b\"",
        "\"a\";b",
        "?1",
        "\"\"",
    ] {
        let seen = send(&app, pay(no_string)).await;
        seen.is_refused(400, "malformed_key");
    }
    assert_eq!(effects.count(), 2);
}

/// 2.1: clients don't send more than one of these headers in a request.
#[tokio::test(start_paused = true)]
async fn draft_2_1_there_is_one_key() {
    let (app, effects) = shop(keys());
    let mut request = pay("a");
    let again = "a".parse().unwrap();
    request.headers_mut().append("idempotency-key", again);
    let seen = send(&app, request).await;
    seen.is_refused(400, "malformed_key");
    // As a proxy joins them.
    for joined in ["a, b", "a,b", "\"a\", \"b\""] {
        send(&app, pay(joined))
            .await
            .is_refused(400, "malformed_key");
    }
    assert_eq!(effects.count(), 0);
}

/// 2.7: the answer to a key that is missing or wrong has a link to the documentation.
#[tokio::test(start_paused = true)]
async fn draft_2_7_refusals_lead_to_the_documentation() {
    let url = "https://developer.example.com/idempotency";
    let documented = || keys().required(true).max_request(100).documentation(url);
    let (app, _) = shop(documented());
    let is_linked = |seen: &Seen| {
        let link = format!("<{url}>; rel=\"describedby\"");
        assert_eq!(seen.header("link"), link, "{seen:?}");
    };
    let first = send(&app, pay("k")).await;
    assert_eq!((first.status, first.header("link")), (201, ""));
    assert_eq!(send(&app, pay("k")).await.header("link"), "");
    let mut nobody = pay("k");
    nobody.headers_mut().remove("x-account");
    for (refused, status, code) in [
        (pay(""), 400, "key_missing"),
        (pay("no key"), 400, "malformed_key"),
        (nobody, 400, "caller_unknown"),
        (
            to("POST", "/pay", "k", &"5".repeat(101)),
            413,
            "body_too_large",
        ),
        (to("POST", "/pay", "k", "6 coins"), 422, "key_reused"),
    ] {
        let seen = send(&app, refused).await;
        seen.is_refused(status, code);
        is_linked(&seen);
    }
    let running = tokio::spawn({
        let (app, slow) = (app.clone(), with(pay("slow"), "x-takes", "1000"));
        async move { send(&app, slow).await }
    });
    sleep(Duration::from_millis(10)).await;
    let meanwhile = send(&app, pay("slow")).await;
    meanwhile.is_refused(409, "in_progress");
    is_linked(&meanwhile);
    assert_eq!(running.await.unwrap().status, 201);

    let (app, _) = shop(keys().required(true));
    assert_eq!(
        send(&app, pay("")).await.header("link"),
        "",
        "there is none"
    );
    for no_url in ["", "https://a b", "https://a>", "https://\u{e4}"] {
        let made = std::panic::catch_unwind(|| keys().documentation(no_url));
        assert!(made.is_err(), "{no_url}");
    }
}

/// 2.2: a key is not used again with another payload.
#[tokio::test(start_paused = true)]
async fn draft_2_2_a_key_has_one_payload() {
    let (app, effects) = shop(keys());
    assert_eq!(send(&app, pay("k")).await.status, 201);
    for other in [
        to("POST", "/pay", "k", "6 coins"),
        to("POST", "/pay", "k", ""),
        to("POST", "/other", "k", "5 coins"),
        to("POST", "/pay?for=eve", "k", "5 coins"),
        to("PATCH", "/pay", "k", "5 coins"),
        with(pay("k"), "content-type", "text/html"),
    ] {
        let seen = send(&app, other).await;
        seen.is_refused(422, "key_reused");
    }
    assert!(send(&app, pay("k")).await.is_replay());
    assert_eq!(effects.count(), 1);
}

/// 2.3: a server says how long it keeps a key.
#[tokio::test(start_paused = true)]
async fn draft_2_3_a_key_expires() {
    let policy = IdempotentPolicy::new().ttl(Duration::from_secs(60));
    let (app, effects) = shop(keys().policy(policy));
    send(&app, pay("k")).await;
    sleep(Duration::from_secs(59)).await;
    assert!(send(&app, pay("k")).await.is_replay());
    sleep(Duration::from_secs(2)).await;
    assert!(!send(&app, pay("k")).await.is_replay());
    assert_eq!(effects.count(), 2);
}

/// 2.4: what identifies the payload is the server's choice: here some headers, or none.
#[tokio::test(start_paused = true)]
async fn draft_2_4_the_fingerprint_has_the_headers_that_are_chosen() {
    let named = keys().payload_headers(["x-tenant".parse().unwrap()]);
    let (app, _) = shop(named);
    send(&app, with(pay("k"), "x-tenant", "a")).await;
    // Neither the date nor the content type is a part of it here.
    let again = with(with(pay("k"), "x-tenant", "a"), "date", "today");
    let again = with(again, "content-type", "text/html");
    assert!(send(&app, again).await.is_replay());
    for other in [pay("k"), with(pay("k"), "x-tenant", "b")] {
        send(&app, other).await.is_refused(422, "key_reused");
    }
}

/// 2.6: the first request with a key runs; one that comes again when it is done gets its result, a success or an
/// error.
#[tokio::test(start_paused = true)]
async fn draft_2_6_a_duplicate_gets_the_result_of_the_first() {
    let (app, effects) = shop(keys());
    for (key, status) in [("good", "201"), ("bad", "422")] {
        let request = || with(pay(key), "x-status", status);
        let (first, again) = (send(&app, request()).await, send(&app, request()).await);
        assert_eq!(first.status, status.parse::<u16>().unwrap());
        assert!(!first.is_replay() && again.is_replay());
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
    assert_eq!(effects.count(), 2);
}

/// 2.6 and 2.7: one that comes while the first is processed is a conflict.
#[tokio::test(start_paused = true)]
async fn draft_2_7_a_request_that_is_outstanding_is_409() {
    let (app, effects) = shop(keys());
    let slow = || with(pay("k"), "x-takes", "1000");
    let meanwhile = async {
        sleep(Duration::from_millis(10)).await;
        send(&app, slow()).await
    };
    let (first, second) = tokio::join!(send(&app, slow()), meanwhile);
    assert_eq!(first.status, 201);
    second.is_refused(409, "in_progress");
    assert!(second.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(send(&app, slow()).await.is_replay());
    assert_eq!(effects.count(), 1);
}

/// 2.6: or it waits, where the server says so.
#[tokio::test(start_paused = true)]
async fn draft_2_6_or_it_waits() {
    let waits = IdempotentPolicy::new().conflict(Conflict::Wait);
    let (app, effects) = shop(keys().policy(waits));
    let slow = || with(pay("k"), "x-takes", "1000");
    let meanwhile = async {
        sleep(Duration::from_millis(10)).await;
        send(&app, slow()).await
    };
    let (first, second) = tokio::join!(send(&app, slow()), meanwhile);
    assert!(!first.is_replay() && second.is_replay());
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(effects.count(), 1);
}

/// 2.7: without a key where one is documented as required, the answer is 400.
#[tokio::test(start_paused = true)]
async fn draft_2_7_a_missing_key_is_400() {
    let (app, effects) = shop(keys().required(true));
    let seen = send(&app, pay("")).await;
    seen.is_refused(400, "key_missing");
    assert_eq!(effects.count(), 0);
    // Where none is required, such a request runs each time.
    let (app, effects) = shop(keys());
    for _ in 0..2 {
        assert_eq!(send(&app, pay("")).await.status, 201);
    }
    assert_eq!(effects.count(), 2);
}

/// 2.7: the body of a refusal is a problem report. None of them is recorded.
#[tokio::test(start_paused = true)]
async fn draft_2_7_refusals_are_problem_reports_and_leave_the_key_free() {
    let (app, effects) = shop(keys().required(true).max_request(100));
    send(&app, pay("")).await.is_refused(400, "key_missing");
    send(&app, pay("no key"))
        .await
        .is_refused(400, "malformed_key");
    let mut nobody = pay("k");
    nobody.headers_mut().remove("x-account");
    send(&app, nobody).await.is_refused(400, "caller_unknown");
    let mut large = pay("k");
    *large.body_mut() = Body::from("x".repeat(101));
    send(&app, large).await.is_refused(413, "body_too_large");
    assert_eq!(send(&app, pay("k")).await.status, 201);
    assert_eq!(effects.count(), 1);
}

/// 5: keys of different clients are kept apart, so that none sees the answer of another one.
#[tokio::test(start_paused = true)]
async fn draft_5_the_keys_of_two_clients_never_meet() {
    let (app, effects) = shop(keys());
    let first = send(&app, pay("k")).await;
    let other = send(&app, with(pay("k"), "x-account", "eve")).await;
    assert!(!other.is_replay());
    assert_ne!(first.body, other.body);
    // Neither do a caller and a key that read the same together.
    for (account, key) in [("a", "bc"), ("ab", "c"), ("abc", "a")] {
        assert!(
            !send(&app, with(pay(key), "x-account", account))
                .await
                .is_replay()
        );
    }
    assert_eq!(effects.count(), 5);
}
