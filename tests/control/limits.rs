//! A rate limit whose settings are replaced: what it begins with, and what it goes on with.

use std::time::Duration;

use resil::{control, rate_limit};
use tokio::time::{Instant, sleep};

use crate::Failed;

const SECOND: Duration = Duration::from_secs(1);

#[rate_limit(name = "limits.late", max = 10, per = 1h)]
async fn late() -> Result<(), Failed> {
    Ok(())
}

#[rate_limit(name = "limits.late", key = who)]
async fn late_by(who: &str) -> Result<(), Failed> {
    Ok(())
}

/// What it has counted by other settings it can't have counted before it was there.
#[tokio::test(start_paused = true)]
async fn a_limit_that_comes_after_its_settings_has_their_whole_burst() {
    let name = control().name("limits.late");
    name.set("rate_limit.max", "50").unwrap();
    for n in 0..50 {
        assert_eq!(late().await, Ok(()), "{n}");
    }
    assert!(late().await.is_err());
    for n in 0..50 {
        assert_eq!(late_by("new").await, Ok(()), "{n}");
    }
    assert!(late_by("new").await.is_err());
    name.clear().unwrap();
    assert_eq!(rate_limit("limits.late").key("newer").available(), 10);
    let by_hand = control().name("limits.by_hand");
    by_hand.set("rate_limit.max", "50").unwrap();
    let limit = rate_limit("limits.by_hand");
    limit.configure(resil::RateLimitPolicy::new().max(10));
    assert_eq!(limit.available(), 50);
    by_hand.clear().unwrap();
    assert_eq!(limit.available(), 10, "as if they had never been replaced");
}

#[rate_limit(name = "limits.used", max = 10, per = 10s)]
async fn used() -> Result<(), Failed> {
    Ok(())
}

/// It is for the next hours that settings are changed, and not for a burst of them at once.
#[tokio::test(start_paused = true)]
async fn a_limit_that_was_used_has_no_more_left_than_before() {
    let (name, limit) = (control().name("limits.used"), rate_limit("limits.used"));
    used().await.unwrap();
    sleep(SECOND * 10).await;
    assert_eq!(limit.available(), 10, "it is whole again");
    name.set("rate_limit.burst", "50").unwrap();
    assert_eq!(limit.available(), 10);
    name.set("rate_limit.burst", "5").unwrap();
    assert_eq!(limit.available(), 5);
    name.clear().unwrap();
    assert_eq!(limit.available(), 5);
    sleep(SECOND).await;
    assert_eq!(limit.available(), 6);
    // A part of a call is not lost either.
    sleep(SECOND / 2).await;
    name.set("rate_limit.burst", "20").unwrap();
    sleep(SECOND / 2).await;
    assert_eq!(limit.available(), 7);
    name.clear().unwrap();
}

#[rate_limit(name = "limits.queue", max = 1, per = 1s, burst = 1, wait = 60s)]
async fn queued() -> Result<Instant, Failed> {
    Ok(Instant::now())
}

/// The turns that were promised count by the settings that come after: nobody has a turn beside them.
#[tokio::test(start_paused = true)]
async fn turns_that_were_promised_come_before_those_of_other_settings() {
    let name = control().name("limits.queue");
    let mut calls = Vec::new();
    for wait in ["61s", "62s", "63s"] {
        calls.extend((0..20).map(|_| tokio::spawn(queued())));
        sleep(SECOND / 10).await;
        name.set("rate_limit.wait", wait).unwrap();
    }
    name.clear().unwrap();
    calls.push(tokio::spawn(queued()));
    let mut turns = Vec::new();
    for call in calls {
        turns.push(call.await.unwrap().unwrap());
    }
    assert!(turns.is_sorted(), "they come in order");
    let between = turns.windows(2).map(|two| two[1] - two[0]);
    let least = between.min().unwrap();
    assert!(least >= SECOND * 998 / 1_000, "{least:?}");
    assert!(turns[60] - turns[0] <= SECOND * 61, "and none is lost");
}
