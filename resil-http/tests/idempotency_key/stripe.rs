//! What Stripe documents of its API (`docs.stripe.com/api/idempotent_requests`), sentence by sentence.

use std::time::Duration;

use axum::body::Body;
use resil_runtime::idempotency::IdempotentPolicy;
use tokio::time::sleep;

use crate::support::{keys, pay, send, shop, to, with};

/// "saving the resulting status code and body of the first request .. regardless of whether it succeeds or fails"
#[tokio::test(start_paused = true)]
async fn stripe_a_failure_is_saved_as_a_success_is() {
    let (app, effects) = shop(keys());
    for status in ["200", "301", "400", "402", "404", "409", "422"] {
        let request = || with(pay(&format!("k{status}")), "x-status", status);
        let (first, again) = (send(&app, request()).await, send(&app, request()).await);
        assert!(again.is_replay(), "{status}");
        assert_eq!((again.status, &again.body), (first.status, &first.body));
    }
    assert_eq!(effects.count(), 7);
}

/// "Subsequent requests with the same key return the same result, including 500 errors": where it is asked for.
#[tokio::test(start_paused = true)]
async fn stripe_500_errors_are_saved_where_that_is_said() {
    let (app, effects) = shop(keys().record(|_| true));
    let request = || with(pay("k"), "x-status", "500");
    let (first, again) = (send(&app, request()).await, send(&app, request()).await);
    assert!(again.is_replay());
    assert_eq!((again.status, &again.body), (500, &first.body));
    assert_eq!(effects.count(), 1);
}

/// "How you create unique keys is up to you": a key needs no quotes; "up to 255 characters long".
#[tokio::test(start_paused = true)]
async fn stripe_keys_are_of_up_to_255_characters() {
    let (app, effects) = shop(keys());
    let longest = "k".repeat(255);
    assert_eq!(send(&app, pay(&longest)).await.status, 201);
    // In quotes it is the same key.
    assert!(send(&app, pay(&format!("\"{longest}\""))).await.is_replay());
    let seen = send(&app, pay(&"k".repeat(256))).await;
    seen.is_refused(400, "malformed_key");
    assert_eq!(effects.count(), 1);
}

/// "after they're at least 24 hours old. We generate a new request if a key is reused after the original is pruned."
#[tokio::test(start_paused = true)]
async fn stripe_a_key_is_kept_for_24_hours() {
    let (app, effects) = shop(keys());
    send(&app, pay("k")).await;
    sleep(Duration::from_secs(24 * 3600 - 1)).await;
    assert!(send(&app, pay("k")).await.is_replay());
    sleep(Duration::from_secs(2)).await;
    assert!(!send(&app, pay("k")).await.is_replay());
    assert_eq!(effects.count(), 2);
}

/// "compares incoming parameters to those of the original request and errors if they're not the same": while the
/// original runs, too.
#[tokio::test(start_paused = true)]
async fn stripe_parameters_are_compared() {
    // Rejected meanwhile, as by default, or waiting.
    for keys in [keys(), keys().policy(IdempotentPolicy::new())] {
        let (app, effects) = shop(keys);
        let meanwhile = async {
            sleep(Duration::from_millis(10)).await;
            send(&app, to("POST", "/pay", "k", "6 coins")).await
        };
        let slow = with(pay("k"), "x-takes", "100");
        let (first, other) = tokio::join!(send(&app, slow), meanwhile);
        assert_eq!(first.status, 201);
        other.is_refused(422, "key_reused");
        assert_eq!(effects.count(), 1);
    }
}

/// "We save results only after the execution of an endpoint begins. If incoming parameters fail validation, or the
/// request conflicts with another request that's executing concurrently, we don't save"
#[tokio::test(start_paused = true)]
async fn stripe_what_never_began_is_not_saved() {
    let (app, effects) = shop(keys().max_request(10));
    let mut large = pay("k");
    *large.body_mut() = Body::from("x".repeat(11));
    send(&app, large).await.is_refused(413, "body_too_large");
    let conflicts = async {
        sleep(Duration::from_millis(10)).await;
        send(&app, pay("k")).await
    };
    let (first, conflict) = tokio::join!(send(&app, with(pay("k"), "x-takes", "50")), conflicts);
    assert_eq!(first.status, 201);
    conflict.is_refused(409, "in_progress");
    // The first result, and neither refusal.
    assert!(send(&app, pay("k")).await.is_replay());
    assert_eq!(effects.count(), 1);
}

/// "All POST requests accept idempotency keys. Don't send idempotency keys in GET and DELETE requests because it has
/// no effect."
#[tokio::test(start_paused = true)]
async fn stripe_keys_of_get_and_delete_have_no_effect() {
    let (app, effects) = shop(keys().required(true));
    for method in ["GET", "DELETE", "PUT"] {
        for key in ["k", "", "no key"] {
            let seen = send(&app, to(method, "/pay", key, "")).await;
            assert_eq!((seen.status, seen.is_replay()), (201, false), "{method}");
        }
    }
    assert_eq!(effects.count(), 9);
    // Others may be named.
    let (app, _) = shop(keys().methods([http::Method::PUT]));
    send(&app, to("PUT", "/pay", "k", "")).await;
    assert!(send(&app, to("PUT", "/pay", "k", "")).await.is_replay());
    assert!(!send(&app, pay("k")).await.is_replay());
}
