//! The rules over the whole stack hold for settings from outside, however deep a layer stands.

use std::time::Duration;

use resil::{control, hedge, timeout};

use crate::Failed;

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
