//! The part of the API that changes things.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use resil_runtime::catalog::CatalogKind;
use resil_runtime::registry::registry;
use resil_runtime::{catalog, control};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::{fault, no_token, unknown, unknown_function};
use crate::mounted::Mounted;
use crate::nearest::nearest;

/// What was asked for, or the answer that refuses it.
type Done<T> = Result<T, Box<Response>>;

/// Answers to what is not a POST.
pub(crate) async fn only_post() -> Response {
    let fault = fault(StatusCode::METHOD_NOT_ALLOWED, "only POST changes things");
    ([(ALLOW, "POST")], fault).into_response()
}

/// Returns the answer to a request that may not change anything.
fn allowed(panel: &Mounted, headers: &HeaderMap) -> Done<()> {
    match &panel.token {
        None => Err(Box::new(fault(
            StatusCode::FORBIDDEN,
            "this panel is read only: it was made without a token",
        ))),
        Some(token) if !token.is_borne_by(headers) => Err(Box::new(no_token())),
        Some(_) => Ok(()),
    }
}

/// Reads the body of a command.
fn read<C: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Done<C> {
    // Among them: it is too long.
    let body = body.map_err(|e| Box::new(fault(e.status(), &e.body_text())))?;
    serde_json::from_slice(&body)
        .map_err(|e| Box::new(fault(StatusCode::BAD_REQUEST, &e.to_string())))
}

/// Says whether the token is right.
pub(crate) async fn token(State(panel): State<Arc<Mounted>>, headers: HeaderMap) -> Response {
    answer(allowed(&panel, &headers))
}

/// `{"name": "pay", "key": null, "action": "force_open"}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CircuitCommand {
    name: String,
    #[serde(default)]
    key: Option<String>,
    action: Action,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    ForceOpen,
    Close,
    Disable,
    Reset,
}

/// Changes the state of a circuit by hand.
pub(crate) async fn circuit(
    State(panel): State<Arc<Mounted>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let command = allowed(&panel, &headers).and_then(|()| read(body));
    answer(command.and_then(|command| command_circuit(&command)))
}

/// `{"name": "shop::charge", "policy": "retry", "action": "off"}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionCommand {
    name: String,
    #[serde(default)]
    policy: Option<String>,
    action: Switch,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Off,
    On,
    Clear,
}

/// Switches policies of a function off and on by hand.
pub(crate) async fn function(
    State(panel): State<Arc<Mounted>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let command = allowed(&panel, &headers).and_then(|()| read(body));
    answer(command.and_then(|command| command_function(&command)))
}

fn answer(done: Done<()>) -> Response {
    done.map_or_else(
        |refused| *refused,
        |()| StatusCode::NO_CONTENT.into_response(),
    )
}

fn command_function(command: &FunctionCommand) -> Done<()> {
    let name = &*command.name;
    let catalog = catalog();
    let Some(entry) = catalog.get(name) else {
        return Err(Box::new(unknown_function(name)));
    };
    if entry.kind != CatalogKind::Function {
        let error = format!(
            "`{name}` is a value of the program: only policies of annotated functions can be switched"
        );
        return Err(Box::new(fault(StatusCode::CONFLICT, &error)));
    }
    let function = control().function(name);
    let policies: Vec<&str> = entry.policies.iter().map(|p| &*p.policy).collect();
    let done = match (&command.policy, command.action) {
        // One by one, as one that was switched by itself stays as it is when all are. From inside: what is
        // further out may bound what is further in, and has to be there as long as that is.
        (None, Switch::Off) => policies.iter().rev().try_for_each(|p| function.off(p)),
        (None, Switch::On) => policies.iter().try_for_each(|p| function.on(p)),
        (None, Switch::Clear) => function.clear(),
        (Some(_), Switch::Clear) => {
            let error = "what was set by hand is taken back as a whole: leave `policy` out";
            return Err(Box::new(fault(StatusCode::BAD_REQUEST, error)));
        }
        (Some(policy), _) if !policies.contains(&&**policy) => {
            let error = format!("the function `{name}` has no `{policy}`");
            return Err(Box::new(unknown(&error, nearest(policy, policies))));
        }
        (Some(policy), Switch::Off) => function.off(policy),
        (Some(policy), Switch::On) => function.on(policy),
    };
    // Without that policy the others break a rule: that step was not taken.
    done.map_err(|error| Box::new(fault(StatusCode::CONFLICT, &error.to_string())))
}

fn command_circuit(command: &CircuitCommand) -> Done<()> {
    // The handle is asked for only if there is such a breaker: it would make one.
    let names: Vec<&str> = registry().snapshot().iter().map(|b| b.name).collect();
    if !names.contains(&&*command.name) {
        let error = format!("there is no circuit `{}`", command.name);
        return Err(Box::new(unknown(&error, nearest(&command.name, names))));
    }
    let breaker = resil_runtime::breaker(&command.name);
    macro_rules! act {
        ($handle:expr) => {
            match command.action {
                Action::ForceOpen => $handle.force_open(),
                Action::Close => $handle.force_close(),
                Action::Disable => $handle.disable(),
                Action::Reset => $handle.reset(),
            }
        };
    }
    let Some(key) = &command.key else {
        act!(breaker);
        return Ok(());
    };
    let keys = breaker.keys();
    let Some(keyed) = keys.iter().find(|k| k.key() == key) else {
        let error = format!("the circuit `{}` has no key `{key}` now", command.name);
        let keys = keys.iter().map(resil_runtime::KeyedBreaker::key);
        return Err(Box::new(unknown(&error, nearest(key, keys))));
    };
    act!(keyed);
    Ok(())
}
