//! The rules over the whole stack hold for settings from outside, however deep a layer stands.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use resil::{
    AdaptiveLimit, CircuitPolicy, Strategy, bulkhead, control, fallback, hedge, retry, timeout,
};

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

#[retry(max = 4)]
#[bulkhead(max = 9)]
async fn chosen() -> Result<(), Failed> {
    Ok(())
}

/// What was set by hand is displaced by what can't stand beside it, as by another value of the same option.
#[tokio::test(start_paused = true)]
async fn a_later_choice_by_hand_takes_the_place_of_what_it_excludes() {
    chosen().await.unwrap();
    let function = control().function(path("chosen"));
    let by_hand = |policy: &str| {
        let all = control().in_force();
        let mut all = all.iter();
        let of = all.find(|of| of.function == path("chosen") && of.policy == policy);
        let options = of.unwrap().options.iter();
        let set = options.filter(|of| of.origin == resil::control::Origin::Hand);
        let set = set.map(|of| format!("{} = {}", of.name, of.value));
        set.collect::<Vec<_>>().join(", ")
    };
    for (option, value, set) in [
        ("base", "1s", "base = 1s"),
        ("factor", "3", "base = 1s, factor = 3"),
        ("linear", "true", "linear = true, base = 1s"),
        ("constant", "true", "constant = true, base = 1s"),
        ("delays", "[1s, 2s]", "delays = [1s, 2s]"),
        ("cap", "5s", "cap = 5s"),
        ("delays", "[1s, 2s]", "delays = [1s, 2s]"),
        ("fibonacci", "true", "fibonacci = true"),
    ] {
        function.set(&format!("retry.{option}"), value).unwrap();
        assert_eq!(by_hand("retry"), set);
    }
    for strategy in [Strategy::Linear, Strategy::Constant] {
        function.retry(|retry| retry.strategy(strategy)).unwrap();
    }
    assert_eq!(by_hand("retry"), "constant = true");
    // It would have no effect, and the strategy would go without a word.
    let refused = function.set("retry.factor", "3").unwrap_err().to_string();
    assert!(refused.contains("`factor` has no effect"), "{refused}");
    let limit = AdaptiveLimit::new().min(2).start(3).max(4);
    function.bulkhead(|of| of.adaptive(limit)).unwrap();
    function.bulkhead(|of| of.max(5)).unwrap();
    assert_eq!(by_hand("bulkhead"), "max = 5");
    function.bulkhead(|of| of.adaptive(limit)).unwrap();
    assert_eq!(
        by_hand("bulkhead"),
        "adaptive = (min = 2, start = 3, max = 4)"
    );
    function.clear().unwrap();
}
