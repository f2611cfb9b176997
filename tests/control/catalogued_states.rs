//! The catalog shows what is set for a state by the name that it is called by: of a stack, of a function.

use std::time::Duration;

use resil::catalog::{CatalogKind, Origin};
use resil::{catalog, circuit, control};

use crate::Failed;
use crate::catalogued::setting;

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

/// The named states of a stack that is run as a value are steered by its name.
#[tokio::test(start_paused = true)]
async fn what_is_set_for_the_name_of_a_stack_is_shown() {
    static NAME: &str = "catalogued.stack";
    static STACK: resil::Stack = resil::Stack::new(NAME)
        .circuit(resil::CircuitPolicy::new().failures(3))
        .bulkhead(resil::BulkheadPolicy::new().max(9))
        .retry(resil::RetryPolicy::new().max(1));
    let call = async || STACK.run(async || Err::<(), _>(Failed::Failed)).await;
    let _ = call().await;
    let entry = || catalog().get(NAME).unwrap().clone();
    let before = entry();
    let name = control().name(NAME);
    name.circuit(|circuit| circuit.failures(2).open_for(Duration::from_secs(7)))
        .unwrap();
    name.off("bulkhead").unwrap();
    let after = entry();
    assert_eq!(setting(&after, 0, "failures"), ("2".into(), Origin::ByHand));
    assert_eq!(
        setting(&after, 0, "open_for"),
        ("7s".into(), Origin::ByHand)
    );
    let open_max = ("1m10s".into(), Origin::Default);
    assert_eq!(setting(&after, 0, "open_max"), open_max);
    assert_eq!(after.policies[1..], before.policies[1..]);
    let unused = control().unused();
    let unused = unused.iter().map(|fault| fault.key.as_str());
    let unused: Vec<&str> = unused.filter(|key| key.contains(NAME)).collect();
    // A stack has no switches.
    assert_eq!(unused, [r#"name."catalogued.stack".bulkhead.off"#]);
    // It is what the calls go by.
    for state in [resil::CircuitState::Closed, resil::CircuitState::Open] {
        let _ = call().await;
        assert_eq!(resil::breaker(NAME).state(), state);
    }
    name.clear().unwrap();
    assert_eq!(entry().policies[0].settings, before.policies[0].settings);
}

#[circuit(failures = 4)]
async fn unnamed() -> Result<(), Failed> {
    Ok(())
}

/// A state that is called as its function or its stack obeys both, and shows what either has set.
#[tokio::test(start_paused = true)]
async fn what_is_set_for_a_state_as_a_function_or_as_a_name_is_shown() {
    static NAME: &str = "catalogued.either";
    static STACK: resil::Stack = resil::Stack::new(NAME)
        .circuit(resil::CircuitPolicy::new().failures(3))
        .rate_limit(resil::RateLimitPolicy::new().max(9));
    STACK.run(async || Ok::<_, Failed>(())).await.unwrap();
    unnamed().await.unwrap();
    let place = resil::RateLimitPolicy::new().max(9);
    place.run(async || Ok::<_, Failed>(())).await.unwrap();
    let place = {
        let catalog = catalog();
        let mut all = catalog.functions.iter();
        let here =
            all.find(|of| of.file.as_deref() == Some(file!()) && of.kind == CatalogKind::Policy);
        here.unwrap().function.clone()
    };
    let unused = |of: &str| {
        let unused = control().unused();
        unused.iter().any(|fault| fault.key.contains(of))
    };
    let own = path("unnamed");
    for (of, policy, option) in [
        (NAME, 0, "circuit.failures"),
        (NAME, 1, "rate_limit.max"),
        (&*own, 0, "circuit.failures"),
        (&*place, 0, "rate_limit.max"),
    ] {
        let (_, name) = option.split_once('.').unwrap();
        let shown = || setting(catalog().get(of).unwrap(), policy, name);
        let before = shown();
        control().function(of).set(option, "2").unwrap();
        assert_eq!(shown(), ("2".into(), Origin::ByHand), "{of} {option}");
        assert!(!unused(of), "{of} {option}");
        control().function(of).clear().unwrap();
        assert_eq!(shown(), before, "{of} {option}");
        control().name(of).set(option, "2").unwrap();
        assert_eq!(shown(), ("2".into(), Origin::ByHand), "{of} {option}");
        assert!(!unused(of), "{of} {option}");
        control().name(of).clear().unwrap();
        assert_eq!(shown(), before, "{of} {option}");
    }
}
