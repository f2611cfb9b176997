//! What has an effect beside a `key` or a `store` alone is refused where the attribute has none, and is not listed.

use std::path::Path;
use std::sync::PoisonError;

use resil::{bulkhead, circuit, control, fallback, rate_limit};

use crate::{FILE, Failed};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

#[circuit(failures = 4)]
async fn one_breaker() -> Result<(), Failed> {
    Ok(())
}

#[bulkhead(max = 4)]
async fn one_bulkhead() -> Result<(), Failed> {
    Ok(())
}

#[rate_limit(max = 100, per = 1s)]
async fn one_limit() -> Result<(), Failed> {
    Ok(())
}

#[fallback(last_ok)]
async fn one_value() -> Result<u32, Failed> {
    Ok(1)
}

/// Returns the layer of a function here, as it is shown.
fn in_force(name: &str) -> String {
    let of = path(name);
    let all = control().in_force();
    let mut all = all.iter().filter(|layer| layer.function == of);
    all.next().unwrap().to_string()
}

#[tokio::test(start_paused = true)]
async fn what_is_beside_a_key_or_a_store_is_refused_without_one() {
    one_breaker().await.unwrap();
    one_bulkhead().await.unwrap();
    one_limit().await.unwrap();
    one_value().await.unwrap();
    let keys = |one: &str| {
        format!(
            "`max_keys` has no effect: there is one {one} for all calls\nhelp: write a `key` in the attribute, or remove it"
        )
    };
    let store = "`on_outage` is about a `store`, and there is none: calls are counted in this process\nhelp: write a `store` in the attribute, or remove it";
    for (function, option, value, told) in [
        ("one_breaker", "circuit.max_keys", "5", keys("breaker")),
        ("one_bulkhead", "bulkhead.max_keys", "5", keys("bulkhead")),
        ("one_limit", "rate_limit.max_keys", "5", keys("rate limit")),
        (
            "one_limit",
            "rate_limit.on_outage",
            "closed",
            store.to_owned(),
        ),
        ("one_value", "fallback.max_keys", "5", keys("value")),
    ] {
        let of = path(function);
        let refused = control().function(&*of).set(option, value).unwrap_err();
        let key = format!("by hand: `function.\"{of}\".{option}`: ");
        assert_eq!(refused.to_string(), format!("{key}{told}"));
        let (_, name) = option.split_once('.').unwrap();
        assert!(!in_force(function).contains(name), "{}", in_force(function));
        // A state without a name is called as its function is.
        if !option.starts_with("fallback") {
            let refused = control().name(&*of).set(option, value).unwrap_err();
            assert!(refused.to_string().ends_with(&told), "{refused}");
        }
    }
}

#[circuit(failures = 4, key = host)]
async fn by_host(host: &str) -> Result<(), Failed> {
    let _ = host;
    Ok(())
}

#[fallback(last_ok, key = id)]
async fn by_id(id: u32) -> Result<u32, Failed> {
    Ok(id)
}

#[tokio::test(start_paused = true)]
async fn beside_a_key_it_is_set_and_listed() {
    by_host("a").await.unwrap();
    by_id(1).await.unwrap();
    for (function, option) in [
        ("by_host", "circuit.max_keys"),
        ("by_id", "fallback.max_keys"),
    ] {
        assert!(
            in_force(function).contains("max_keys = 10000"),
            "{}",
            in_force(function)
        );
        let of = control().function(path(function));
        of.set(option, "5").unwrap();
        assert!(
            in_force(function).contains("max_keys = 5 (by hand)"),
            "{}",
            in_force(function)
        );
        of.clear().unwrap();
    }
}

#[circuit(name = "keys.shared", failures = 4)]
async fn shares() -> Result<(), Failed> {
    Ok(())
}

#[circuit(name = "keys.shared", key = host)]
async fn shares_by_host(host: &str) -> Result<(), Failed> {
    let _ = host;
    Ok(())
}

/// Others that have a key may share a name, and be called later: a file stays in force, and is told.
#[tokio::test(start_paused = true)]
async fn what_is_for_a_name_is_refused_as_long_as_nobody_of_that_name_has_a_key() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    shares().await.unwrap();
    let name = control().name("keys.shared");
    let refused = name.circuit(|circuit| circuit.max_keys(5)).unwrap_err();
    let told =
        "there is one breaker for all calls\nhelp: write a `key` in the attribute, or remove it";
    assert!(refused.to_string().ends_with(told), "{refused}");
    let text = "[name.\"keys.shared\".circuit]\nmax_keys = 5\n";
    control().load_text(Path::new("keys.toml"), text).unwrap();
    let unused = || {
        let all = control().unused();
        let mut all = all.iter().filter(|fault| fault.key.contains("keys.shared"));
        all.next().map(ToString::to_string)
    };
    let unused_now = unused().unwrap();
    assert!(unused_now.starts_with("keys.toml:2: "), "{unused_now}");
    assert!(unused_now.ends_with(told), "{unused_now}");
    shares_by_host("a").await.unwrap();
    assert_eq!(unused(), None);
    assert!(in_force("shares_by_host").contains("max_keys = 5 (keys.toml:2)"));
    assert!(!in_force("shares").contains("max_keys"));
    control().load_text(Path::new("keys.toml"), "").unwrap();
    name.set("circuit.max_keys", "7").unwrap();
    name.clear().unwrap();
}

/// A stack that is run as a value has no keys.
#[tokio::test(start_paused = true)]
async fn nor_has_a_stack_that_is_run_as_a_value() {
    static STACK: resil::Stack =
        resil::Stack::new("keys.stack").circuit(resil::CircuitPolicy::new().failures(3));
    STACK.run(async || Ok::<_, Failed>(())).await.unwrap();
    let refused = control().name("keys.stack").set("circuit.max_keys", "5");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("one breaker for all calls"), "{text}");
    // By hand there may be.
    let _held = resil::breaker("keys.stack").key("a");
    let name = control().name("keys.stack");
    name.set("circuit.max_keys", "5").unwrap();
    name.clear().unwrap();
}
