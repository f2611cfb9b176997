//! Stacks and policies in TOML and JSON: what they are read as, what is shown of them, and where a fault is.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resil::stack::Layer;
use resil::{
    AdaptiveLimit, BudgetPolicy, BulkheadPolicy, CircuitPolicy, Error, HedgeAfter, HedgePolicy,
    Jitter, RateLimitPolicy, RetryPolicy, Stack, Strategy, TimeoutPolicy, Window,
};
use serde::Deserialize;
use serde_json::json;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[derive(Debug, Deserialize)]
struct Gateway {
    stack: Vec<Stack>,
}

const GATEWAY: &str = r#"
[[stack]]
name = "configured.pay"
layers = [
    { circuit = { failure_rate = "50%", window = "60s", open_for = "10s" } },
    { timeout = "5s" },
    { rate_limit = { max = 100, per = "1s", burst = 20, wait = "200ms" } },
    { retry = { linear = true, max = 4, base = "50ms", jitter = "equal", budget = { capacity = 20 } } },
    { bulkhead = { max = 16, queue = 64, wait = "100ms" } },
    { timeout = "800ms" },
]

[[stack]]
name = "configured.search"
[[stack.layers]]
retry = { delays = ["0s", "1m30s"], within = "10m", nested = "outer", budget = "off" }
"#;

#[test]
fn a_gateway_reads_its_stacks_in_written_order() {
    let gateway: Gateway = toml::from_str(GATEWAY).unwrap();
    let circuit = CircuitPolicy::new()
        .failure_rate(0.5)
        .window(Window::Time(ms(60_000)))
        .open_for(ms(10_000));
    let rate_limit = RateLimitPolicy::new()
        .max(100)
        .per(ms(1_000))
        .burst(20)
        .wait(ms(200));
    let retry = RetryPolicy::new()
        .strategy(Strategy::Linear)
        .max(4)
        .base(ms(50))
        .jitter(Jitter::Equal)
        .budget(BudgetPolicy::new(20, 5));
    let bulkhead = BulkheadPolicy::new().max(16).queue(64).wait(ms(100));
    let pay: [Layer; 6] = [
        circuit.into(),
        TimeoutPolicy::new(ms(5_000)).into(),
        rate_limit.into(),
        retry.into(),
        bulkhead.into(),
        TimeoutPolicy::new(ms(800)).into(),
    ];
    const LIST: &[Duration] = &[Duration::ZERO, ms(90_000)];
    let search = RetryPolicy::new()
        .strategy(Strategy::Delays(LIST))
        .within(ms(600_000))
        .nested_outer()
        .no_budget();
    let expected = [
        Stack::try_new("configured.pay", pay).unwrap(),
        Stack::try_new("configured.search", [search.into()]).unwrap(),
    ];
    assert_eq!(gateway.stack, expected);
}

#[test]
fn a_policy_alone_has_the_words_of_its_attribute() {
    let read = |json: serde_json::Value| serde_json::from_value::<RetryPolicy>(json).unwrap();
    assert_eq!(read(json!({})), RetryPolicy::new());
    let expected = RetryPolicy::new()
        .strategy(Strategy::Fibonacci)
        .unlimited()
        .cap(ms(1_500))
        .jitter(Jitter::Ratio(0.25));
    let written = json!({ "fibonacci": true, "max": "unlimited", "cap": "1.5s", "jitter": "25%" });
    assert_eq!(read(written), expected);
    let grown = json!({ "exponential": true, "factor": 1.5, "jitter": true, "max": "5" });
    let expected = RetryPolicy::new().factor(1.5).jitter(Jitter::Full).max(5);
    assert_eq!(read(grown), expected);

    let circuit: CircuitPolicy =
        toml::from_str("window = 20\nfailure_rate = 0.5\nslow = \"2s\"\nslow_rate = \"10%\"")
            .unwrap();
    let expected = CircuitPolicy::new()
        .window(Window::Calls(20))
        .failure_rate(0.5)
        .slow(ms(2_000))
        .slow_rate(0.1);
    assert_eq!(circuit, expected);
    assert_eq!(
        toml::from_str::<CircuitPolicy>("window = \"20\"\nfailure_rate = \"50%\"").unwrap(),
        CircuitPolicy::new()
            .window(Window::Calls(20))
            .failure_rate(0.5)
    );

    let found: BulkheadPolicy = toml::from_str("adaptive = { max = 200 }").unwrap();
    let expected = BulkheadPolicy::new().adaptive(AdaptiveLimit::new().max(200));
    assert_eq!(found, expected);
    let found: BulkheadPolicy = toml::from_str("adaptive = true").unwrap();
    assert_eq!(found, BulkheadPolicy::new().adaptive(AdaptiveLimit::new()));

    let hedge: HedgePolicy =
        toml::from_str("after = \"p95(default = 50ms)\"\nbudget = \"5%\"").unwrap();
    let after = HedgeAfter::percentile(95.0).or(ms(50));
    assert_eq!(hedge, HedgePolicy::new(after).budget(0.05));

    let limit: TimeoutPolicy = serde_json::from_str("\"1m30s\"").unwrap();
    assert_eq!(limit.limit(), ms(90_000));
}

#[test]
fn what_is_in_force_is_shown_with_its_defaults() {
    let stack = Stack::try_new(
        "configured.shown",
        [
            CircuitPolicy::new().into(),
            RetryPolicy::new().into(),
            TimeoutPolicy::new(ms(1_500)).into(),
        ],
    );
    let expected = json!({
        "name": "configured.shown",
        "layers": [
            { "circuit": { "failures": 5, "open_for": "30s", "open_max": "5m", "probes": 1 } },
            { "retry": {
                "exponential": true, "max": 3, "base": "100ms", "factor": 2.0, "cap": "20s",
                "jitter": "full", "budget": { "capacity": 500, "cost": 5, "refill": 1 },
            } },
            { "timeout": "1.5s" },
        ],
    });
    let mut shown = serde_json::to_value(stack.unwrap()).unwrap();
    // A whole number is a number.
    shown["layers"][1]["retry"]["factor"] = 2.0.into();
    assert_eq!(shown, expected);
}

/// Each line of an error is one fault or its help.
#[track_caller]
fn refused(toml: &str, lines: &[&str]) {
    let error = toml::from_str::<Gateway>(toml).unwrap_err();
    assert_eq!(error.message().lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_fault_is_told_with_its_layer_and_all_of_them_together() {
    refused(
        r#"
            [[stack]]
            name = "pay"
            layers = [
                { timeout = "1s" },
                { retyr = { max = 3 } },
                { retry = { max = 0, bse = "1s" } },
                { circuit = { window = 10 } },
                { timeout = "2s" },
                { timeout = "1s", retry = {} },
                3,
            ]
        "#,
        &[
            "stack `pay`, layer 2: there is no policy `retyr` for a layer",
            "help: did you mean `retry`?",
            "stack `pay`, layer 3 (`retry`): `#[retry]` has no option `bse`",
            "help: did you mean `base`? write `base = 1s`",
            "stack `pay`, layer 3 (`retry`): `max` must be at least 1, but is `0`",
            "help: write `max = 1`",
            "stack `pay`, layer 4 (`circuit`): `window` has no effect: no rate is counted in a window",
            "help: write `failure_rate = 50%` beside it, or remove it",
            "stack `pay`, layer 5 (`timeout`): this `timeout` of `2s` never fires: the one around it ends at `1s`",
            "help: write less than `1s`, or move it above the other",
            "stack `pay`, layer 6: a layer is one policy, but here are `retry` and `timeout`",
            "help: write a layer for each, the outermost first",
            "stack `pay`, layer 7: a layer is a policy with its options, but here is `3`",
            "help: write `{ retry = { max = 3 } }`",
        ],
    );
    refused(
        "[[stack]]\nname = \"a b\"\nlayer = []",
        &[
            "a stack has no option `layer`",
            "help: did you mean `layers`?",
            "a stack's name must be 1 to 128 of `A-Z a-z 0-9 _ . : -`",
            "help: write a name such as `pay`",
            "the stack `a b` has no layers",
            "help: write `layers = [{ retry = { max = 3 } }]`",
        ],
    );
}

#[test]
fn what_only_an_attribute_can_have_is_refused() {
    for (option, value) in [
        ("on", "\"Network(_)\""),
        ("backoff", "\"Mine\""),
        ("clone", "[\"request\"]"),
        ("policy", "\"POLICY\""),
        ("attempt", "\"n\""),
    ] {
        let error = toml::from_str::<RetryPolicy>(&format!("{option} = {value}")).unwrap_err();
        let told = error.message();
        assert!(told.starts_with(&format!("`{option}` takes ")), "{told}");
        assert!(
            told.contains("which only an attribute can have\nhelp: remove it"),
            "{told}"
        );
    }
    let error = toml::from_str::<CircuitPolicy>("name = \"pay\"").unwrap_err();
    let told = "`name` has no effect: the state belongs to the name of the stack\nhelp: remove it";
    assert_eq!(error.message(), told);
    let error = toml::from_str::<CircuitPolicy>("max_keys = 5").unwrap_err();
    let told = "`max_keys` has no effect: there is one breaker for all calls\n\
                help: write `key = host` beside it, or remove it";
    assert_eq!(error.message(), told);
}

#[test]
fn of_a_stack_that_is_refused_no_name_is_kept() {
    let refused = r#"{ "name": "configured.gone", "layers": [{ "circuit": { "probes": 0 } }] }"#;
    assert!(serde_json::from_str::<Stack>(refused).is_err());
    let registry = serde_json::to_string(&format!("{:?}", resil::registry())).unwrap();
    assert!(!registry.contains("configured.gone"), "{registry}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_from_configuration_goes_on_with_the_state_of_its_name() {
    let read = |failures: u32| {
        let json = json!({
            "name": "configured.state",
            "layers": [
                { "circuit": { "failures": failures, "open_for": "10s" } },
                "retry",
                { "timeout": "1s" },
            ],
        });
        serde_json::from_value::<Stack>(json).unwrap()
    };
    let runs = Cell::new(0);
    let failing = || async {
        runs.set(runs.get() + 1);
        Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut))
    };
    let first = read(1);
    assert!(first.run(failing).await.is_err());
    assert_eq!(runs.get(), 3, "three attempts");
    // The one that is read anew is as open as the first, in whose settings it is.
    let second = read(7);
    let refused = second.run(failing).await.unwrap_err();
    let refusal = refused.get_ref().and_then(|e| e.downcast_ref::<Error>());
    assert!(
        matches!(refusal, Some(Error::CircuitOpen { .. })),
        "{refused}"
    );
    assert_eq!(runs.get(), 3);
}
