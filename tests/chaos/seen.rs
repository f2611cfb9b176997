//! Injected faults are seen where settings are, and are set by hand for all functions too.

use std::path::Path;
use std::sync::PoisonError;

use resil::{Error, circuit, control, retry, timeout};

use crate::{FILE, alone};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

#[circuit(name = "chaos.seen")]
#[timeout(1s)]
async fn seen() -> Result<(), Error> {
    Ok(())
}

/// Returns the faults of a function, as its settings in force are shown.
fn in_force(name: &str) -> Option<String> {
    let of = path(name);
    let all = control().in_force();
    let mut all = all
        .iter()
        .filter(|layer| layer.function == of && layer.policy == "chaos");
    all.next().map(ToString::to_string)
}

/// Returns the lines about faults that the catalog has for a function here.
#[cfg(feature = "catalog")]
fn listed(name: &str) -> Vec<String> {
    let catalog = resil::catalog();
    let of = catalog.get(&path(name)).unwrap();
    let injected = of.injected.iter();
    let injected = injected.map(|of| format!("{} = {} {:?}", of.option, of.value, of.origin));
    injected.collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_injected_is_listed_with_where_each_share_comes_from() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    seen().await.unwrap();
    assert_eq!(in_force("seen"), None);
    let text = "[name.\"chaos.seen\".chaos]\nseed = 7\nerror = \"1%\"\n";
    control().load_text(Path::new("seen.toml"), text).unwrap();
    let function = control().function(path("seen"));
    function.set("chaos.delay", "2%").unwrap();
    let all =
        "seed = 7 (seen.toml:2), delay = 2% (by hand), delay_for = 200ms, error = 1% (seen.toml:3)";
    let of = path("seen");
    assert_eq!(in_force("seen").unwrap(), format!("{of} chaos: {all}"));
    #[cfg(feature = "catalog")]
    {
        let all = [
            "seed = 7 File",
            "delay = 2% ByHand",
            "delay_for = 200ms Default",
            "error = 1% File",
        ];
        assert_eq!(listed("seen"), all);
        let text = resil::catalog().to_string();
        let line = "  injected     seed = 7 by a file, delay = 2% by hand, delay_for = 200ms, error = 1% by a file\n";
        assert!(text.contains(line), "{text}");
    }
    function.off("chaos").unwrap();
    assert_eq!(in_force("seen"), None);
    function.clear().unwrap();
    assert_eq!(
        in_force("seen").unwrap(),
        format!("{of} chaos: seed = 7 (seen.toml:2), error = 1% (seen.toml:3)")
    );
    control().load_text(Path::new("seen.toml"), "").unwrap();
    assert_eq!(in_force("seen"), None);
    #[cfg(feature = "catalog")]
    assert_eq!(listed("seen"), [""; 0]);
}

#[retry(max = 2, base = 1us)]
async fn bare() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[test]
fn faults_for_all_are_set_by_hand_and_by_a_variable() {
    alone::passes(alone::alone("seen::set_by_hand_for_all", "by hand"));
    let mut child = alone::alone("seen::set_by_a_variable_for_all", "by a variable");
    child.env("RESIL_ALL_CHAOS_ERROR", "100%");
    alone::passes(child);
}

#[tokio::test(start_paused = true)]
async fn set_by_hand_for_all() {
    if !alone::does("by hand") {
        return;
    }
    let all = control().all();
    all.set("chaos.error", "100%").unwrap();
    all.set("chaos.seed", "3").unwrap();
    assert!(matches!(seen().await, Err(Error::Injected { .. })));
    assert_eq!(bare().await, Ok(()), "it can have no error");
    assert_eq!(in_force("bare"), None);
    // What is for a function goes over it.
    let function = control().function(path("seen"));
    function.set("chaos.error", "off").unwrap();
    assert!(seen().await.is_ok());
    function.clear().unwrap();
    all.off("chaos").unwrap();
    assert!(seen().await.is_ok());
    all.clear().unwrap();
    assert!(seen().await.is_ok());
    for (option, told) in [
        (
            "retry.max",
            "by hand: `all.retry.max`: for all functions a policy is switched off and on, and nothing else\nhelp: write `max` for each function, `control().function(\"app::charge\").set(\"retry.max\", \"2\")`",
        ),
        (
            "circuit.failures",
            "by hand: `all.circuit.failures`: for all functions a policy is switched off and on, and nothing else\nhelp: write `failures` for each function, `control().function(\"app::charge\").set(\"circuit.failures\", \"2\")`, or for each name, `control().name(\"pay\").set(\"circuit.failures\", \"2\")`",
        ),
        (
            "chaos.erorr",
            "by hand: `chaos.erorr`: `chaos` has no option `erorr`\nhelp: did you mean `error`? write `error = 2%`",
        ),
    ] {
        assert_eq!(all.set(option, "2").unwrap_err().to_string(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn set_by_a_variable_for_all() {
    if !alone::does("by a variable") {
        return;
    }
    assert!(matches!(seen().await, Err(Error::Injected { .. })));
    assert!(
        in_force("seen")
            .unwrap()
            .contains("error = 100% (RESIL_ALL_CHAOS_ERROR)")
    );
    assert_eq!(control().unused(), []);
}

#[retry(max = 2, base = 1us)]
fn not_async() -> Result<(), Error> {
    Ok(())
}

#[test]
fn who_sets_a_fault_that_a_function_can_not_have_decides_what_becomes_of_it() {
    for what in ["for all", "for one"] {
        alone::passes(alone::alone("seen::can_not_hang", what));
    }
}

#[tokio::test]
async fn can_not_hang() {
    let load = |text: &str| control().load_text(Path::new("chaos.toml"), text);
    let own = format!("[function.\"{}\".chaos]\n", path("not_async"));
    if alone::does("for all") {
        not_async().unwrap();
        // Of those for all it gets what it can have, also beside one of its own.
        load(&format!(
            "[chaos]\nhang = \"1%\"\npanic = \"1%\"\n{own}delay = \"5%\"\n"
        ))
        .unwrap();
        let shown = in_force("not_async").unwrap();
        assert!(shown.contains("panic = 1% (chaos.toml:3)"), "{shown}");
        assert!(shown.contains("delay = 5% (chaos.toml:5)"), "{shown}");
        assert!(!shown.contains("hang"), "{shown}");
    }
    if alone::does("for one") {
        load(&format!("{own}delay = \"5%\"\nhang = \"1%\"\n")).unwrap();
        control().all().set("chaos.seed", "7").unwrap();
        not_async().unwrap();
        let faults = control().faults();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let of = path("not_async");
        let told = format!(
            "chaos.toml:3: `function.\"{of}\".chaos.hang`: `{of}` is not async: nothing could end a run that hangs"
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(&told), "{}", faults[0]);
        assert_eq!(in_force("not_async"), None, "of the file's it has none");
    }
}
