//! The rules over the whole stack hold for settings from outside, however deep a layer stands.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use resil::{CircuitPolicy, control, fallback, hedge, retry, timeout};

use crate::{FILE, Failed};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[timeout(9s)]
#[timeout(8s)]
#[timeout(7s)]
#[timeout(6s)]
#[timeout(5s)]
async fn five_limits() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_fifth_timeout_is_held_to_those_around_it() {
    five_limits().await.unwrap();
    let function = control().function(path("five_limits"));
    let limits = [s(9), s(8), s(7), s(6), s(5)];
    function.timeout(&limits).unwrap();
    let refused = function.timeout(&[s(9), s(8), s(7), s(6), s(10)]);
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("never fires"), "{text}");
    function.clear().unwrap();
}

#[timeout(1s)]
#[hedge(after = 50ms)]
async fn hedged() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_hedge_is_held_to_the_timeout_around_it() {
    hedged().await.unwrap();
    let function = control().function(path("hedged"));
    function.set("hedge.after", "900ms").unwrap();
    let refused = function.set("hedge.after", "2s");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("`after`"), "{text}");
    function.clear().unwrap();
}

#[retry(max = 4, backoff = |retry: u32| Duration::from_millis(u64::from(retry)), cap = 3s)]
async fn of_its_own() -> Result<(), Failed> {
    Ok(())
}

/// What the delays are made from has no effect where the attribute gives them.
#[tokio::test(start_paused = true)]
async fn what_a_backoff_of_the_attribute_leaves_without_effect_is_refused_and_not_shown() {
    of_its_own().await.unwrap();
    let function = control().function(path("of_its_own"));
    let in_force = || {
        let all = control().in_force();
        let mut all = all
            .iter()
            .filter(|layer| layer.function == path("of_its_own"));
        let shown = all.next().unwrap().to_string();
        shown.strip_prefix(&path("of_its_own")).unwrap().to_owned()
    };
    let budget = "budget = (capacity = 500, cost = 5, refill = 1)";
    assert_eq!(in_force(), format!(" retry: max = 4, cap = 3s, {budget}"));
    for (option, value) in [
        ("base", "1s"),
        ("factor", "3"),
        ("delays", "[1s]"),
        ("linear", "true"),
        ("exponential", "true"),
    ] {
        let refused = function.set(&format!("retry.{option}"), value).unwrap_err();
        let told = format!(
            "by hand: `function.\"{}\".retry.{option}`: `{option}` has no effect: the `backoff` of the attribute gives the delays\nhelp: remove it, or write `cap = 20s` for a bound on them",
            path("of_its_own")
        );
        assert_eq!(refused.to_string(), told);
    }
    let refused = function.set("retry.jitter", "decorrelated").unwrap_err();
    assert!(
        refused.to_string().contains("another `jitter`"),
        "{refused}"
    );
    assert!(function.retry(|retry| retry.max(2).base(s(1))).is_err());
    function.set("retry.jitter", "equal").unwrap();
    function.set("retry.cap", "1s").unwrap();
    assert_eq!(
        in_force(),
        format!(" retry: max = 4, cap = 1s (by hand), jitter = equal (by hand), {budget}")
    );
    function.clear().unwrap();
}

#[fallback(Ok(()))]
async fn instead() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn numbers_of_a_last_good_value_are_refused_where_none_is_kept() {
    instead().await.unwrap();
    let refused = control()
        .function(path("instead"))
        .set("fallback.max_age", "1s");
    let text = refused.unwrap_err().to_string();
    assert!(
        text.ends_with("`max_age` has no effect: the `fallback` of the attribute keeps no good value\nhelp: remove it, or write `last_ok` in the attribute"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_a_unit_is_told_as_it_is_set() {
    hedged().await.unwrap();
    let refused = control().function(path("hedged")).set("timeout", "5");
    let text = refused.unwrap_err().to_string();
    assert!(
        text.ends_with("help: write `timeout = \"5s\"` or `timeout = \"5ms\"`"),
        "{text}"
    );
}

/// The breaker of a stack is held to its rules by what it is set to and by what the stack has written.
#[tokio::test(start_paused = true)]
async fn the_numbers_of_a_stack_are_held_to_the_rules() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = |name| resil::Stack::new(name).circuit(CircuitPolicy::new().open_for(s(60)));
    let run = async |name| {
        let stack: resil::Stack = stack(name);
        stack.run(async || Ok::<_, Failed>(())).await.unwrap();
    };
    run("rules.stack").await;
    let name = control().name("rules.stack");
    let refused = name.set("circuit.open_max", "7s").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "by hand: `name.\"rules.stack\".circuit.open_max`: `open_max` of `7s` is below the `open_for` of `1m`\nhelp: write `open_max = 1m` for no growth, or `open_for = 7s`"
    );
    name.set("circuit.open_max", "70s").unwrap();
    name.clear().unwrap();
    // One that runs when the settings are there.
    let text = "[name.\"rules.late\".circuit]\nprobes = 3\nopen_max = \"7s\"\n";
    control().load_text(Path::new("rules.toml"), text).unwrap();
    run("rules.late").await;
    let faults = control().faults();
    let faults: Vec<_> = faults
        .iter()
        .filter(|fault| fault.key.contains("rules.late"))
        .collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].to_string().starts_with("rules.toml:3: "),
        "{}",
        faults[0]
    );
    let unused = control().unused();
    assert!(
        unused.iter().all(|of| !of.key.contains("rules.late")),
        "all of it is left out: {unused:?}"
    );
    control().load_text(Path::new("rules.toml"), "").unwrap();
}
