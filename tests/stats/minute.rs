//! The last minute, and the forms of the statistics.

use std::time::Duration;

use resil::{retry, stats};
use tokio::time::sleep;

use super::support::Fault;
use super::{all_of, alone, here};

#[retry(max = 1)]
async fn takes(seconds: u64) -> Result<u64, Fault> {
    sleep(Duration::from_secs(seconds)).await;
    Ok(seconds)
}

#[tokio::test(start_paused = true)]
async fn the_last_minute_forgets() {
    let _alone = alone();
    let minute = || all_of(here!(takes)).last_minute;
    for _ in 0..100 {
        takes(0).await.unwrap();
    }
    assert_eq!(minute().ok, 100);
    takes(20).await.unwrap();
    takes(20).await.unwrap();
    // Nobody has asked meanwhile.
    assert_eq!((minute().ok, minute().max), (102, Duration::from_secs(20)));
    takes(20).await.unwrap();
    assert_eq!(minute().ok, 3, "the first hundred are over");
    assert_eq!(minute().attempts, 3);
    sleep(Duration::from_secs(61)).await;
    let all = all_of(here!(takes));
    assert_eq!(
        (all.last_minute.calls, all.last_minute.max),
        (0, Duration::ZERO)
    );
    assert_eq!(all.since_start.ok, 103);
    assert_eq!(all.since_start.max, Duration::from_secs(20));
    takes(1).await.unwrap();
    assert_eq!((minute().ok, minute().max), (1, Duration::from_secs(1)));
}

#[retry(max = 1)]
async fn shown(seconds: u64) -> Result<u64, Fault> {
    sleep(Duration::from_secs(seconds)).await;
    Ok(seconds)
}

#[tokio::test(start_paused = true)]
async fn they_are_shown_as_tables_and_serialized() {
    let _alone = alone();
    shown(1).await.unwrap();
    let all = stats();
    let text = all.to_string();
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains("::shown"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lines(&text).len(), 2, "{text}");
    assert!(text.starts_with("last minute\nfunction "), "{text}");
    assert!(text.contains("\n\nsince the start\nfunction "), "{text}");
    let json = serde_json::to_value(&all).unwrap();
    let functions = json["functions"].as_array().unwrap();
    let found = functions
        .iter()
        .find(|of| of["function"] == here!(shown))
        .unwrap();
    assert_eq!(found["in_flight"], 0);
    assert!(found["since_start"]["ok"].as_u64().unwrap() >= 1);
    assert!(found["last_minute"]["p50_seconds"].is_f64());
    assert_eq!(all.function(here!(shown)).unwrap().function, here!(shown));
    assert_eq!(all.function("shown"), None, "the whole path");
}
