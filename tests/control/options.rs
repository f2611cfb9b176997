//! Every option of every policy, set by a file, by the environment and by hand: the later one wins, and
//! what is in force says where it comes from.

use std::path::Path;
use std::sync::PoisonError;

use resil::control;
use resil::control::{LayerInForce, Origin};

use crate::FILE;
use crate::alone::{alone, does, passes};
use crate::functions::{call_all, path};

/// A function or a name, a policy, an option, its value in TOML, and the value as it is shown.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const ROWS: [Row; 44] = [
    ("whole", "retry", "constant", "true", "true"),
    ("whole", "retry", "linear", "true", "true"),
    ("whole", "retry", "exponential", "true", "true"),
    ("whole", "retry", "fibonacci", "true", "true"),
    ("whole", "retry", "max", "5", "5"),
    ("whole", "retry", "base", "\"7ms\"", "7ms"),
    ("whole", "retry", "factor", "3", "3"),
    ("whole", "retry", "cap", "\"9s\"", "9s"),
    ("whole", "retry", "jitter", "\"equal\"", "equal"),
    (
        "whole",
        "retry",
        "delays",
        "[\"1ms\", \"2ms\"]",
        "[1ms, 2ms]",
    ),
    ("whole", "retry", "within", "\"40s\"", "40s"),
    (
        "whole",
        "retry",
        "budget",
        "{ capacity = 100, cost = 4 }",
        "(capacity = 100, cost = 4, refill = 1)",
    ),
    ("whole", "retry", "nested", "\"outer\"", "outer"),
    ("whole", "timeout", "", "[\"40s\", \"800ms\"]", "40s"),
    ("whole", "circuit", "failures", "7", "7"),
    ("whole", "circuit", "failure_rate", "\"20%\"", "20%"),
    ("whole", "circuit", "window", "500", "500"),
    ("whole", "circuit", "min_calls", "10", "10"),
    ("whole", "circuit", "slow", "\"3s\"", "3s"),
    ("whole", "circuit", "slow_rate", "0.7", "70%"),
    ("whole", "circuit", "open_for", "\"9s\"", "9s"),
    ("whole", "circuit", "open_max", "\"200s\"", "3m20s"),
    ("whole", "circuit", "probes", "2", "2"),
    ("parted", "circuit", "max_keys", "50", "50"),
    ("whole", "bulkhead", "max", "9", "9"),
    (
        "whole",
        "bulkhead",
        "adaptive",
        "{ min = 2, start = 4, max = 8 }",
        "(min = 2, start = 4, max = 8)",
    ),
    ("whole", "bulkhead", "queue", "5", "5"),
    ("whole", "bulkhead", "wait", "\"10ms\"", "10ms"),
    ("parted", "bulkhead", "max_keys", "50", "50"),
    ("whole", "rate_limit", "max", "1000", "1000"),
    ("whole", "rate_limit", "per", "\"2s\"", "2s"),
    ("whole", "rate_limit", "burst", "50", "50"),
    ("whole", "rate_limit", "wait", "\"5ms\"", "5ms"),
    ("parted", "rate_limit", "max_keys", "50", "50"),
    ("parted", "rate_limit", "on_outage", "\"closed\"", "closed"),
    ("hedged", "hedge", "after", "\"30ms\"", "30ms"),
    ("hedged", "hedge", "max", "3", "3"),
    ("hedged", "hedge", "budget", "\"20%\"", "20%"),
    ("keyed", "idempotent", "ttl", "\"1h\"", "1h"),
    ("keyed", "idempotent", "lease", "\"40s\"", "40s"),
    ("keyed", "idempotent", "conflict", "\"reject\"", "reject"),
    (
        "keyed",
        "idempotent",
        "on_abandon",
        "\"indeterminate\"",
        "indeterminate",
    ),
    ("keyed", "idempotent", "version", "2", "2"),
    ("remembered", "fallback", "max_age", "\"1h\"", "1h"),
];

/// Those of names.
const NAMED: [Row; 5] = [
    ("options.named", "circuit", "open_for", "\"9s\"", "9s"),
    ("options.named", "bulkhead", "max", "9", "9"),
    ("options.named", "rate_limit", "per", "\"2s\"", "2s"),
    ("options.named", "circuit", "failures", "7", "7"),
    ("options.named", "bulkhead", "queue", "3", "3"),
];

const ME: &str = "settings.toml";

/// Puts a text in force as a file.
fn load(text: &str) {
    control().load_text(Path::new(ME), text).unwrap();
}

fn layer(function: &str, policy: &str) -> LayerInForce {
    let all = control().in_force().into_iter();
    let mut found = all.filter(|layer| layer.function == path(function) && layer.policy == policy);
    found.next().unwrap()
}

/// Returns the value in force of an option and its origin.
fn value(function: &str, policy: &str, option: &str) -> Option<(String, Origin)> {
    let found = layer(function, policy).options.into_iter();
    let mut found = found.filter(|one| one.name == option);
    found.next().map(|one| (one.value, one.origin))
}

fn key((of, policy, ..): &Row) -> String {
    if of.contains('.') {
        format!("name.\"{of}\".{policy}")
    } else {
        format!("function.\"{}\".{policy}", path(of))
    }
}

fn in_toml(row: &Row) -> String {
    let (_, policy, option, value, _) = row;
    match *option {
        "" => format!(
            "[{}]\n{policy} = {value}\n",
            key(row).rsplit_once('.').unwrap().0
        ),
        option => format!("[{}]\n{option} = {value}\n", key(row)),
    }
}

/// Returns the value in TOML as an attribute has it.
fn as_written(value: &str) -> String {
    let value = value.replace(['"'], "");
    match value.strip_prefix('{').and_then(|v| v.strip_suffix('}')) {
        Some(inside) => format!("({inside})"),
        None => value,
    }
}

fn function_of(row: &Row) -> &'static str {
    if row.0.contains('.') { "named" } else { row.0 }
}

fn is_in_file((value, origin): &(String, Origin), shown: &str) -> bool {
    value == shown && matches!(origin, Origin::File { line: 2, .. })
}

#[tokio::test]
async fn a_file_sets_every_option_and_by_hand_wins() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    call_all().await;
    for row in ROWS.iter().chain(&NAMED) {
        let (of, policy, option, toml, shown) = row;
        let function = function_of(row);
        let before = value(function, policy, option);
        assert!(
            before
                .as_ref()
                .is_none_or(|(_, origin)| *origin == Origin::Attribute),
            "{row:?}"
        );
        load(&in_toml(row));
        let in_force = value(function, policy, option).unwrap();
        assert!(is_in_file(&in_force, shown), "{row:?}: {in_force:?}");
        let text = as_written(toml);
        let name = if option.is_empty() {
            (*policy).to_owned()
        } else {
            format!("{policy}.{option}")
        };
        if of.contains('.') {
            control().name(*of).set(&name, &text).unwrap();
        } else {
            control().function(path(of)).set(&name, &text).unwrap();
        }
        assert_eq!(
            value(function, policy, option),
            Some(((*shown).to_owned(), Origin::Hand)),
            "{row:?}"
        );
        if of.contains('.') {
            control().name(*of).clear().unwrap();
        } else {
            control().function(path(of)).clear().unwrap();
        }
        assert!(
            is_in_file(&value(function, policy, option).unwrap(), shown),
            "{row:?}"
        );
        load("");
        assert_eq!(value(function, policy, option), before, "{row:?}");
    }
}

/// The message about an option that there is not lists all.
#[tokio::test]
async fn the_table_has_every_option() {
    for policy in [
        "retry",
        "circuit",
        "bulkhead",
        "rate_limit",
        "hedge",
        "idempotent",
        "fallback",
    ] {
        let refused = control()
            .function("nobody")
            .set(&format!("{policy}.zzzzzz"), "1")
            .unwrap_err()
            .to_string();
        let (_, has) = refused.split_once("it has ").unwrap();
        let all: Vec<&str> = has.split('`').skip(1).step_by(2).collect();
        for option in all {
            let is_last_keys = (policy, option) == ("fallback", "max_keys");
            let mut rows = ROWS.iter();
            assert!(
                is_last_keys || rows.any(|row| row.1 == policy && row.2 == option),
                "{policy}.{option}"
            );
        }
    }
}

/// A variable can be set in a new process alone.
#[test]
fn the_environment_wins_over_a_file_and_by_hand_over_both() {
    let mut child = alone("options::in_the_environment", "read it");
    for row in variables() {
        child.env(variable(row), as_written(row.3));
    }
    child.env("RESIL_OPTIONS_NAMED_MAX", "3");
    child.env("RESIL_OPTIONS_NAMED_OPEN_MAX", "70s");
    child.env("RESIL_NOBODY_OPEN_FOR", "9s");
    child.env("RESIL_OPTIONS_NAMED_PROBES", "0");
    passes(child);
}

/// Returns the name of the variable that sets an option.
fn variable((of, policy, option, ..): &Row) -> String {
    let of = if of.contains('.') {
        (*of).to_owned()
    } else {
        path(of)
    };
    let capitals = format!("{of} {policy} {option}").to_uppercase();
    let capitals = capitals.replace("::", "_").replace([' ', '.'], "_");
    format!("RESIL_{}", capitals.trim_end_matches('_'))
}

/// Those that exclude each other, or others.
const APART: [&str; 6] = [
    "constant",
    "exponential",
    "fibonacci",
    "linear",
    "delays",
    "adaptive",
];

/// Those that can stand beside each other.
fn variables() -> impl Iterator<Item = &'static Row> {
    let all = ROWS.iter().chain(&NAMED);
    all.filter(|row| !APART.contains(&row.2))
}

#[test]
fn what_excludes_others_is_in_the_environment_too() {
    for option in APART {
        let mut child = alone("options::one_in_the_environment", option);
        for row in ROWS.iter().filter(|row| row.2 == option) {
            child.env(variable(row), as_written(row.3));
        }
        passes(child);
    }
}

#[tokio::test]
async fn one_in_the_environment() {
    let Some(option) = APART.into_iter().find(|option| does(option)) else {
        return;
    };
    call_all().await;
    let faults = control().faults();
    assert!(faults.is_empty(), "{faults:?}");
    let mut rows = 0;
    for row in ROWS.iter().filter(|row| row.2 == option) {
        let (value, origin) = value(function_of(row), row.1, row.2).unwrap();
        assert_eq!(value, row.4, "{row:?}");
        let is_variable = matches!(origin, Origin::Environment { .. });
        assert!(is_variable, "{row:?}: {origin}");
        rows += 1;
    }
    assert!(rows > 0, "{option}");
}

#[tokio::test]
async fn in_the_environment() {
    if !does("read it") {
        return;
    }
    call_all().await;
    assert_eq!(
        control()
            .faults()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            "RESIL_OPTIONS_NAMED_PROBES: `name.\"options.named\".circuit.probes`: `probes` must be between 1 and 255, but is `0`\nhelp: write `RESIL_OPTIONS_NAMED_PROBES=1`",
            "RESIL_OPTIONS_NAMED_MAX: it may be `name.\"options.named\".bulkhead.max` or `name.\"options.named\".rate_limit.max`\nhelp: write `RESIL_OPTIONS_NAMED_BULKHEAD_MAX=3` or `RESIL_OPTIONS_NAMED_RATE_LIMIT_MAX=3`",
        ]
    );
    let unused = control().unused();
    assert!(
        unused
            .iter()
            .any(|one| one.to_string().starts_with("RESIL_NOBODY_OPEN_FOR: ")),
        "{unused:?}"
    );
    let is_set = |row: &Row| {
        let (value, origin) = value(function_of(row), row.1, row.2).unwrap();
        assert_eq!(value, row.4, "{row:?}");
        assert!(
            matches!(origin, Origin::Environment { .. }),
            "{row:?}: {origin}"
        );
    };
    variables().for_each(is_set);
    let (open_max, _) = value("named", "circuit", "open_max").unwrap();
    assert_eq!(open_max, "1m10s");
    load(&format!(
        "[function.\"{}\".retry]\nmax = 77\n",
        path("whole")
    ));
    variables().for_each(is_set);
    control()
        .function(path("whole"))
        .retry(|retry| retry.max(8))
        .unwrap();
    assert_eq!(
        value("whole", "retry", "max"),
        Some(("8".to_owned(), Origin::Hand))
    );
    control().clear().unwrap();
    variables().for_each(is_set);
    control().reload().unwrap_err();
    variables().for_each(is_set);
}
