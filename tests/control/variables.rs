//! Variables of the environment, as a process finds them that has them from its beginning.

use std::time::Duration;

use resil::{BulkheadPolicy, CircuitPolicy, RateLimitPolicy, Stack};
use resil::{bulkhead, circuit, control, idempotent, retry};

use crate::Failed;
use crate::alone::{alone, does, passes};

#[circuit(name = "variables.bank", open_for = 30s)]
#[retry(max = 3)]
async fn charge() -> Result<(), Failed> {
    Ok(())
}

#[idempotent(key = id, name = "variables.orders", ttl = 1h)]
async fn order(id: &str) -> Result<u32, Failed> {
    let _ = id;
    Ok(1)
}

fn shown(function: &str, policy: &str) -> String {
    let path = format!("{}::{function}", module_path!());
    let all = control().in_force();
    let mut all = all
        .iter()
        .filter(|of| of.function == path && of.policy == policy);
    all.next().unwrap().to_string()
}

fn faults() -> Vec<String> {
    control().faults().iter().map(ToString::to_string).collect()
}

fn unused() -> Vec<String> {
    control().unused().iter().map(ToString::to_string).collect()
}

#[test]
fn a_policy_whose_numbers_belong_to_a_name_is_steered_by_its_function_too() {
    let mut child = alone("variables::of_a_function", "of a function");
    child.env("RESIL_CONTROL_VARIABLES_CHARGE_CIRCUIT", "off");
    child.env("RESIL_CONTROL_VARIABLES_CHARGE_CIRCUIT_OPEN_FOR", "10s");
    child.env("RESIL_CONTROL_VARIABLES_ORDER_IDEMPOTENT_TTL", "5s");
    passes(child);
}

#[tokio::test]
async fn of_a_function() {
    if !does("of a function") {
        return;
    }
    charge().await.unwrap();
    order("a").await.unwrap();
    let circuit = shown("charge", "circuit");
    assert!(
        circuit.contains(", off (RESIL_CONTROL_VARIABLES_CHARGE_CIRCUIT)"),
        "{circuit}"
    );
    let ttl = "ttl = 5s (RESIL_CONTROL_VARIABLES_ORDER_IDEMPOTENT_TTL)";
    let idempotent = shown("order", "idempotent");
    assert!(idempotent.contains(ttl), "{idempotent}");
    assert_eq!(
        faults(),
        [
            "RESIL_CONTROL_VARIABLES_CHARGE_CIRCUIT_OPEN_FOR: `function.\"control::variables::charge\".circuit.open_for`: the `circuit` of `control::variables::charge` is `variables.bank`, which others may share\nhelp: write `RESIL_VARIABLES_BANK_CIRCUIT_OPEN_FOR=10s`"
        ]
    );
    assert_eq!(unused(), [""; 0]);
}

#[test]
fn all_policies_of_all_functions_are_switched_off() {
    let mut child = alone("variables::of_all", "of all");
    child.env("RESIL_ALL", "off");
    child.env("RESIL_ALL_CIRCUIT", "on");
    passes(child);
}

#[tokio::test]
async fn of_all() {
    if !does("of all") {
        return;
    }
    charge().await.unwrap();
    let [circuit, retry] = ["circuit", "retry"].map(|policy| shown("charge", policy));
    assert!(
        !circuit.contains(", off"),
        "one policy goes over all: {circuit}"
    );
    assert!(retry.contains(", off (RESIL_ALL)"), "{retry}");
    assert_eq!(unused(), [""; 0]);
}

#[test]
fn the_states_of_a_stack_are_steered_by_its_name() {
    let mut child = alone("variables::of_a_stack", "of a stack");
    child.env("RESIL_VARIABLES_SHOP_OPEN_FOR", "7s");
    child.env("RESIL_VARIABLES_LATE_BULKHEAD_MAX", "2");
    child.env("RESIL_VARIABLES_LATE_OPEN_FOR", "soon");
    passes(child);
}

fn stack(name: &'static str) -> Stack {
    let stack = Stack::new(name).circuit(CircuitPolicy::new().failures(1));
    stack.bulkhead(BulkheadPolicy::new().max(9))
}

#[tokio::test(start_paused = true)]
async fn of_a_stack() {
    if !does("of a stack") {
        return;
    }
    // The one before the first function, and the other one after it.
    let shop = stack("variables.shop");
    let _ = shop.run(async || Err::<(), _>(Failed::Failed)).await;
    charge().await.unwrap();
    assert_eq!(unused().len(), 2, "{:?}", unused());
    stack("variables.late")
        .run(async || Ok::<_, Failed>(()))
        .await
        .unwrap();
    assert_eq!(resil::bulkhead("variables.late").limit(), 2);
    assert_eq!(unused(), [""; 0]);
    assert_eq!(
        faults(),
        [
            "RESIL_VARIABLES_LATE_OPEN_FOR: `name.\"variables.late\".circuit.open_for`: `open_for` takes a duration, but `soon` is a word\nhelp: write `RESIL_VARIABLES_LATE_OPEN_FOR=30s`"
        ]
    );
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(
        shop.run(async || Ok::<_, Failed>(())).await.is_ok(),
        "7 s and not 30"
    );
}

#[bulkhead(name = "variables.twice", max = 4)]
async fn placed() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn one_that_means_two_things_from_here_on_is_left_out() {
    let mut child = alone("variables::of_two", "of two");
    child.env("RESIL_VARIABLES_TWICE_MAX", "2");
    passes(child);
}

#[tokio::test]
async fn of_two() {
    if !does("of two") {
        return;
    }
    placed().await.unwrap();
    let limit = || resil::bulkhead("variables.twice").limit();
    assert_eq!((limit(), faults().len()), (2, 0));
    let stack = Stack::new("variables.twice").rate_limit(RateLimitPolicy::new().max(9));
    stack.run(async || Ok::<_, Failed>(())).await.unwrap();
    assert_eq!((limit(), faults().len()), (4, 1), "{:?}", faults());
}
