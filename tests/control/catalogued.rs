//! The catalog shows what is in force, and where it comes from.

use std::time::Duration;

use resil::catalog::{CatalogEntry, Origin};
use resil::{catalog, circuit, control, retry, timeout};

use crate::Failed;

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

#[circuit(name = "catalogued")]
#[retry(max = 3)]
#[timeout(2s)]
async fn steered() -> Result<(), Failed> {
    Ok(())
}

fn entry() -> CatalogEntry {
    catalog().get(&path("steered")).unwrap().clone()
}

pub(crate) fn setting(entry: &CatalogEntry, policy: usize, option: &str) -> (String, Origin) {
    let settings = &entry.policies[policy].settings;
    let found = settings.iter().find(|of| of.option == option).unwrap();
    (found.value.clone(), found.origin)
}

#[tokio::test(start_paused = true)]
async fn what_is_in_force_is_shown_with_its_origin() {
    steered().await.unwrap();
    let before = entry();
    assert_eq!(setting(&before, 1, "max"), ("3".into(), Origin::Attribute));
    assert_eq!(
        setting(&before, 2, "limit"),
        ("2s".into(), Origin::Attribute)
    );
    assert!(
        before
            .policies
            .iter()
            .all(|of| of.switched_off_by.is_none())
    );

    let function = control().function(path("steered"));
    function.set("retry.max", "2").unwrap();
    function.timeout(&[Duration::from_secs(1)]).unwrap();
    control()
        .name("catalogued")
        .set("circuit.open_for", "7s")
        .unwrap();
    function.off("retry").unwrap();
    let after = entry();
    assert_eq!(setting(&after, 1, "max"), ("2".into(), Origin::ByHand));
    assert_eq!(setting(&after, 2, "limit"), ("1s".into(), Origin::ByHand));
    assert_eq!(
        setting(&after, 0, "open_for"),
        ("7s".into(), Origin::ByHand)
    );
    assert_eq!(
        setting(&after, 1, "base"),
        ("100ms".into(), Origin::Default)
    );
    assert_eq!(after.policies[1].switched_off_by, Some(Origin::ByHand));
    let text = catalog().to_string();
    assert!(text.contains("max = 2 by hand"), "{text}");
    assert!(text.contains("switched off by hand"), "{text}");

    function.clear().unwrap();
    control().name("catalogued").clear().unwrap();
    assert_eq!(entry().policies[1].settings, before.policies[1].settings);
}

#[retry(exponential, factor = 3.0, max = 3)]
async fn growing() -> Result<(), Failed> {
    Ok(())
}

/// A strategy is one setting, however many words there are for it.
#[tokio::test(start_paused = true)]
async fn a_strategy_that_is_set_takes_the_place_of_the_one_before() {
    growing().await.unwrap();
    let function = control().function(path("growing"));
    function.set("retry.linear", "true").unwrap();
    let entry = catalog().get(&path("growing")).unwrap().clone();
    assert_eq!(
        setting(&entry, 0, "strategy"),
        ("linear".into(), Origin::ByHand)
    );
    let settings = &entry.policies[0].settings;
    assert!(settings.iter().all(|of| of.option != "linear"));
    // The factor has no effect any more.
    assert!(settings.iter().all(|of| of.option != "factor"));
    function.clear().unwrap();
}

/// Returns the settings of the first policy of a function here, in the order of their names.
fn settings(function: &str) -> Vec<String> {
    let entry = catalog().get(&path(function)).unwrap().clone();
    let settings = entry.policies[0].settings.iter();
    let settings = settings.map(|of| format!("{} = {} {:?}", of.option, of.value, of.origin));
    let mut settings: Vec<String> = settings.collect();
    settings.sort();
    settings
}

/// Returns what the first policy of `function` has once each of `set` is set by hand, besides what is set by
/// hand then.
fn beside(function: &str, set: &[(&str, &str)]) -> Vec<String> {
    let before = settings(function);
    let by_hand = control().function(path(function));
    for (option, value) in set {
        by_hand.set(option, value).unwrap();
    }
    let mut after = settings(function);
    by_hand.clear().unwrap();
    assert_eq!(settings(function), before, "{function}");
    after.retain(|setting| !setting.ends_with("ByHand"));
    after
}

#[retry]
async fn usual() -> Result<(), Failed> {
    Ok(())
}

#[retry(delays = [1ms, 2ms], max = 5)]
async fn listed() -> Result<(), Failed> {
    Ok(())
}

#[retry(jitter = decorrelated, max = 5)]
async fn random() -> Result<(), Failed> {
    Ok(())
}

#[retry(max = 1)]
async fn once() -> Result<(), Failed> {
    Ok(())
}

#[retry(constant, max = 2)]
async fn twice() -> Result<(), Failed> {
    Ok(())
}

const PATIENT: resil::RetryPolicy = resil::RetryPolicy::new()
    .base(Duration::from_millis(7))
    .strategy(resil::Strategy::Linear);

#[retry(policy = PATIENT)]
async fn patient() -> Result<(), Failed> {
    Ok(())
}

/// What is set by hand is what another attribute has written, but for where it comes from.
#[tokio::test(start_paused = true)]
async fn what_a_change_brings_into_force_is_shown_and_what_it_leaves_without_effect_is_not() {
    for call in [usual().await, listed().await, random().await] {
        call.unwrap();
    }
    for call in [once().await, twice().await, patient().await] {
        call.unwrap();
    }
    let budget = "budget = capacity = 500, cost = 5, refill = 1 Default";
    let [factor, cap, jitter] = [
        "factor = 2 Default",
        "cap = 20s Default",
        "jitter = full Default",
    ];
    let (base, exponential) = ("base = 100ms Default", "strategy = exponential Default");
    let max = |n| format!("max = {n} Attribute");

    let delays = ("retry.delays", "[3ms]");
    assert_eq!(beside("usual", &[delays]), [budget, "max = 3 Default"]);
    assert_eq!(beside("once", &[delays]), [&*max(1)]);
    assert_eq!(beside("usual", &[("retry.max", "1")]), Vec::<String>::new());
    assert_eq!(
        beside("usual", &[("retry.jitter", "decorrelated")]),
        [base, budget, cap, "max = 3 Default"]
    );
    assert_eq!(
        beside("listed", &[("retry.linear", "true")]),
        [base, budget, cap, jitter, &*max(5)]
    );
    assert_eq!(
        beside("random", &[("retry.jitter", "equal")]),
        [base, budget, cap, factor, &*max(5), exponential]
    );
    assert_eq!(
        beside("twice", &[("retry.exponential", "true")]),
        [base, budget, cap, factor, jitter, &*max(2)]
    );
    assert_eq!(
        beside(
            "patient",
            &[("retry.exponential", "true"), ("retry.base", "9ms")]
        ),
        ["factor = 2 Attribute", "policy = PATIENT Attribute"]
    );
}

#[circuit(open_for = 10s)]
async fn guarded() -> Result<(), Failed> {
    Ok(())
}

#[resil::rate_limit(max = 100, per = 1s)]
async fn limited() -> Result<(), Failed> {
    Ok(())
}

/// A default that follows another option follows it here too.
#[tokio::test(start_paused = true)]
async fn a_default_follows_what_is_in_force() {
    guarded().await.unwrap();
    limited().await.unwrap();
    let failures = "failures = 5 Default";
    let [probes, written] = ["probes = 1 Default", "open_for = 10s Attribute"];
    assert_eq!(
        beside("guarded", &[("circuit.failure_rate", "50%")]),
        [
            "min_calls = 100 Default",
            written,
            probes,
            "window = 100 Default"
        ]
    );
    assert_eq!(
        beside("guarded", &[("circuit.open_for", "7s")]),
        [failures, "open_max = 1m10s Default", probes]
    );
    assert_eq!(
        beside("limited", &[("rate_limit.max", "30")]),
        [
            "burst = 30 Default",
            "cost = 1 Default",
            "per = 1s Attribute"
        ]
    );
}

#[retry(budget(name = "catalogued.budget", capacity = 100, cost = 5))]
async fn paid() -> Result<(), Failed> {
    Ok(())
}

/// The numbers of a budget with a name are set by its name.
#[tokio::test(start_paused = true)]
async fn the_numbers_of_a_named_budget_are_shown_with_their_origin() {
    paid().await.unwrap();
    let budget = control().name("catalogued.budget");
    budget.set("budget.capacity", "30").unwrap();
    let all = settings("paid");
    let set = r#"budget = name = "catalogued.budget", capacity = 30, cost = 5, refill = 1 ByHand"#;
    assert!(all.iter().any(|setting| setting == set), "{all:?}");
    budget.clear().unwrap();
    let all = settings("paid");
    assert!(all.iter().all(|of| !of.ends_with("ByHand")), "{all:?}");
}

#[circuit(name = "catalogued.bare")]
async fn bare() -> Result<(), Failed> {
    Ok(())
}

/// Nobody gives the breaker numbers but the name: what is beside a key alone is not listed without one.
#[tokio::test(start_paused = true)]
async fn a_default_without_what_it_stands_beside_is_not_shown() {
    bare().await.unwrap();
    let name = control().name("catalogued.bare");
    name.set("circuit.failures", "3").unwrap();
    let settings = settings("bare");
    assert!(
        settings.contains(&"failures = 3 ByHand".to_owned()),
        "{settings:?}"
    );
    assert!(
        settings.iter().all(|of| !of.starts_with("max_keys")),
        "{settings:?}"
    );
    name.clear().unwrap();
}

#[circuit(name = "catalogued.never")]
#[retry(max = 3)]
async fn never() -> Result<(), Failed> {
    Ok(())
}

/// What an operator has switched off is seen before the first call.
#[tokio::test(start_paused = true)]
async fn a_function_that_was_not_called_shows_what_is_switched_off() {
    let off = || {
        let entry = catalog().get(&path("never")).unwrap().clone();
        [0, 1].map(|at| entry.policies[at].switched_off_by)
    };
    assert_eq!(off(), [None, None]);
    control().function(path("never")).off("retry").unwrap();
    assert_eq!(off(), [None, Some(Origin::ByHand)]);
    control().name("catalogued.never").off("circuit").unwrap();
    assert_eq!(off(), [Some(Origin::ByHand); 2]);
    control().function(path("never")).on("circuit").unwrap();
    assert_eq!(off(), [None, Some(Origin::ByHand)]);
    never().await.unwrap();
    assert_eq!(off(), [None, Some(Origin::ByHand)], "as before");
    control().function(path("never")).clear().unwrap();
    control().name("catalogued.never").clear().unwrap();
    assert_eq!(off(), [None, None]);
}
