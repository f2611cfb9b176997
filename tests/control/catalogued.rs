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

fn setting(entry: &CatalogEntry, policy: usize, option: &str) -> (String, Origin) {
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
