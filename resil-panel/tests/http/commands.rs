//! The part of the API that changes things.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use resil::{CircuitState, breaker};

use crate::client::{get, post, row, send, serve};

async fn locked() -> SocketAddr {
    let panel = resil_panel::Panel::new().token("s3cret");
    serve(Router::new().nest("/p", panel.router())).await
}

fn force_open(name: &str) -> String {
    format!("{{\"name\": \"{name}\", \"action\": \"force_open\"}}")
}

#[tokio::test]
async fn without_a_token_nothing_can_be_changed() {
    let b = breaker("read-only");
    let open = serve(Router::new().nest("/p", resil_panel::router())).await;
    // An environment variable that is not set, given as the token.
    let empty = resil_panel::Panel::new().token("").router();
    let empty = serve(Router::new().nest("/p", empty)).await;
    for to in [open, empty] {
        assert_eq!(
            get(to, "/p/api/state").await.json()["can_be_changed"],
            false
        );
        for token in ["", "x"] {
            let answer = post(to, "/p/api/circuits", token, &force_open("read-only")).await;
            assert_eq!(answer.status, 403);
            assert!(
                answer.json()["error"]
                    .as_str()
                    .unwrap()
                    .contains("read only")
            );
            assert_eq!(post(to, "/p/api/token", token, "").await.status, 403);
        }
    }
    assert_eq!(b.state(), CircuitState::Closed);
}

#[tokio::test]
async fn a_wrong_token_is_refused_whatever_is_sent_with_it() {
    let b = breaker("wrong-token");
    let to = locked().await;
    assert_eq!(get(to, "/p/api/state").await.json()["can_be_changed"], true);
    let body = force_open("wrong-token");
    for headers in [
        &[][..],
        &[("authorization", "Bearer s3cre")],
        &[("authorization", "Bearer s3cret2")],
        &[("authorization", "Basic s3cret")],
        &[("cookie", "token=s3cret")],
        &[("x-token", "s3cret")],
    ] {
        for path in [
            "/p/api/circuits",
            "/p/api/circuits?token=s3cret",
            "/p/api/token",
        ] {
            let answer = send(to, "POST", path, headers, &body).await;
            assert_eq!(answer.status, 401, "{headers:?}");
            assert_eq!(
                answer.header("www-authenticate"),
                Some("bearer realm=\"resil\"")
            );
        }
    }
    // Nor is it told, without it, which names there are.
    assert_eq!(
        post(to, "/p/api/circuits", "x", &force_open("nowhere"))
            .await
            .status,
        401
    );
    assert_eq!(post(to, "/p/api/circuits", "x", "{").await.status, 401);
    assert_eq!(b.state(), CircuitState::Closed);
    assert_eq!(post(to, "/p/api/token", "s3cret", "").await.status, 204);
}

#[tokio::test]
async fn a_circuit_is_opened_closed_disabled_and_reset_by_hand() {
    let (b, key) = (breaker("by-hand"), breaker("by-hand").key("a/b"));
    let to = locked().await;
    for (action, state) in [
        ("force_open", CircuitState::ForcedOpen),
        ("close", CircuitState::Closed),
        ("disable", CircuitState::Disabled),
        ("reset", CircuitState::Closed),
    ] {
        let body = format!("{{\"name\": \"by-hand\", \"action\": \"{action}\"}}");
        let answer = post(to, "/p/api/circuits", "s3cret", &body).await;
        assert_eq!((answer.status, &*answer.body), (204, ""), "{action}");
        assert_eq!(
            (b.state(), key.state()),
            (state, CircuitState::Closed),
            "{action}"
        );
    }
    let body = r#"{"name": "by-hand", "key": "a/b", "action": "force_open"}"#;
    assert_eq!(
        post(to, "/p/api/circuits", "s3cret", body).await.status,
        204
    );
    let states = (b.state(), key.state());
    assert_eq!(states, (CircuitState::Closed, CircuitState::ForcedOpen));
    let state = get(to, "/p/api/state").await.json();
    let shown = |key: Option<&str>| {
        let all = state["circuits"].as_array().unwrap().iter();
        let mut own = all.filter(|c| c["name"] == "by-hand");
        own.find(|c| c["key"].as_str() == key).unwrap()["state"].clone()
    };
    assert_eq!(
        (shown(None), shown(Some("a/b"))),
        ("closed".into(), "forced_open".into())
    );
    key.reset();
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let b = breaker("too-long");
    let to = locked().await;
    let body = |len: usize| {
        let body = force_open("too-long");
        format!("{}{body}", " ".repeat(len - body.len()))
    };
    let answer = post(to, "/p/api/circuits", "s3cret", &body(64 * 1024 + 1)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.json()["error"].is_string());
    assert_eq!(b.state(), CircuitState::Closed);
    // Who has no right to send anything is told that alone.
    assert_eq!(
        post(to, "/p/api/circuits", "x", &body(1024 * 1024))
            .await
            .status,
        401
    );
    let answer = post(to, "/p/api/circuits", "s3cret", &body(64 * 1024)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(b.state(), CircuitState::ForcedOpen);
    b.reset();
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_the_nearest_and_makes_nothing() {
    let _ = breaker("payments").key("eu");
    let to = locked().await;
    let command = |body: &str| {
        let body = body.to_owned();
        async move { post(to, "/p/api/circuits", "s3cret", &body).await }
    };
    let answer = command(&force_open("paymnets")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["nearest"], "payments");
    let answer = command(&force_open("quite-another-thing")).await;
    assert_eq!(answer.status, 404);
    assert!(answer.json()["nearest"].is_null());
    let body = r#"{"name": "payments", "key": "eur", "action": "reset"}"#;
    let answer = command(body).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["nearest"], "eu");
    let state = get(to, "/p/api/state").await.json();
    assert!(row(&state, "circuits", "paymnets").is_none());
    assert_eq!(breaker("payments").keys().len(), 1);
}

#[tokio::test]
async fn what_is_no_command_is_refused_with_a_reason() {
    let to = locked().await;
    let _ = breaker("no-command");
    for (body, said) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "invalid"),
        (r#"{"name": "no-command"}"#, "action"),
        (
            r#"{"name": "no-command", "action": "explode"}"#,
            "`force_open`",
        ),
        (
            r#"{"name": "no-command", "action": "reset", "force": true}"#,
            "force",
        ),
        (r#"{"name": 7, "action": "reset"}"#, "string"),
        ("\u{0}", "expected"),
    ] {
        let answer = post(to, "/p/api/circuits", "s3cret", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains(said), "{body}: {}", answer.body);
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/p/api/circuits", "/p/api/functions", "/p/api/token"] {
            let answer = send(to, method, path, &[("authorization", "Bearer s3cret")], "").await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("post"), "{method} {path}");
        }
    }
}

#[derive(Debug)]
struct Fault;

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

#[resil::timeout(5s)]
#[resil::retry(max = 3, base = 1ms)]
async fn switched() -> Result<(), Fault> {
    Err(Fault)
}

#[tokio::test]
async fn policies_of_a_function_are_switched_off_and_on() {
    let name = format!("{}::switched", module_path!());
    let attempts = async || {
        let attempts = || {
            resil::stats()
                .function(&name)
                .map_or(0, |of| of.since_start.attempts)
        };
        let before = attempts();
        let _ = switched().await;
        attempts() - before
    };
    let to = locked().await;
    let command = |policy: &str, action: &str| {
        let policy = if policy.is_empty() {
            String::new()
        } else {
            format!("\"policy\": \"{policy}\", ")
        };
        let body = format!("{{\"name\": \"{name}\", {policy}\"action\": \"{action}\"}}");
        async move { post(to, "/p/api/functions", "s3cret", &body).await }
    };
    assert_eq!(attempts().await, 3);
    let off = async || {
        let state = get(to, "/p/api/state").await.json();
        row(&state, "functions", &name).unwrap()["off"].clone()
    };
    for (policy, action, expected, shown) in [
        ("retry", "off", 1, &["retry"][..]),
        ("retry", "on", 3, &[]),
        ("", "off", 1, &["timeout", "retry"]),
        ("", "clear", 3, &[]),
    ] {
        let answer = command(policy, action).await;
        assert_eq!(answer.status, 204, "{action} {policy}: {}", answer.body);
        assert_eq!(attempts().await, expected, "{action} {policy}");
        assert_eq!(off().await, serde_json::json!(shown), "{action} {policy}");
    }
    let answer = command("retyr", "off").await;
    assert_eq!(
        (answer.status, &answer.json()["nearest"]),
        (404, &"retry".into())
    );
    assert_eq!(command("retry", "clear").await.status, 400);
    let body = r#"{"name": "switche", "action": "off"}"#;
    let answer = post(to, "/p/api/functions", "s3cret", body).await;
    assert_eq!(
        (answer.status, &answer.json()["nearest"]),
        (404, &name.as_str().into())
    );
    assert_eq!(post(to, "/p/api/functions", "x", body).await.status, 401);
    assert_eq!(attempts().await, 3);
}

#[tokio::test]
async fn a_stack_that_is_run_as_a_value_has_no_switches() {
    static STACK: resil::Stack =
        resil::Stack::new("commands.stack").timeout(Duration::from_secs(5));
    STACK.run(async || Ok::<_, resil::Error>(())).await.unwrap();
    let to = locked().await;
    for policy in ["", r#""policy": "timeout", "#] {
        let body = format!(r#"{{"name": "commands.stack", {policy}"action": "off"}}"#);
        let answer = post(to, "/p/api/functions", "s3cret", &body).await;
        assert_eq!(answer.status, 409, "{}", answer.body);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("`commands.stack` is a value"), "{error}");
    }
}
