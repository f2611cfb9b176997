//! The stream of server-sent events.

use std::time::{Duration, Instant};

use axum::Router;
use resil::{CircuitPolicy, breaker};
use serde_json::Value;

use crate::PROCESS;
use crate::client::{Events, get, row, serve, soon};
use crate::in_time::in_time;

#[tokio::test]
async fn it_begins_with_all_that_is_known_and_goes_on_each_second() {
    let _others = PROCESS.read().await;
    let _ = breaker("known-before");
    let _ = resil::bulkhead("known-before");
    let to =
        serve(Router::new().nest("/p", resil_panel::Panel::new().title("Shop").router())).await;
    let mut events = Events::open(to, "/p/api/events").await;
    let (name, hello) = soon("hello", events.next()).await.unwrap();
    assert_eq!((&*name, &hello["title"]), ("hello", &"Shop".into()));
    assert_eq!(hello["can_be_changed"], false);
    // If it is the first page of the process, the rows come with the first reading.
    if row(&hello, "circuits", "known-before").is_none() {
        events
            .find(|f| row(f, "circuits", "known-before").map(drop))
            .await;
    }
    // All rows are known now: what does not change is not told again, and the frames go on.
    let mut last = 0;
    for _ in 0..3 {
        let now = events
            .find(|frame| {
                assert!(row(frame, "circuits", "known-before").is_none(), "{frame}");
                (frame["tick"] == true).then(|| frame["now"].as_u64().unwrap())
            })
            .await;
        assert!(now > last);
        last = now;
    }
    // A page that comes later knows it at once.
    let mut later = Events::open(to, "/p/api/events").await;
    let (_, hello) = soon("hello", later.next()).await.unwrap();
    let circuit = row(&hello, "circuits", "known-before").unwrap();
    assert_eq!(
        (&circuit["state"], &circuit["key"]),
        (&"closed".into(), &().into())
    );
    assert_eq!(
        row(&hello, "bulkheads", "known-before").unwrap()["limit"],
        16
    );
}

#[tokio::test]
async fn a_circuit_that_opens_is_told_within_a_second() {
    let _others = PROCESS.read().await;
    let b = breaker("opens");
    b.configure(CircuitPolicy::new().failures(1));
    let to = serve(Router::new().merge(resil_panel::router())).await;
    let mut events = Events::open(to, "/api/events").await;
    events.find(|f| row(f, "circuits", "opens").map(drop)).await;
    let longest = |times: &[Duration]| times[4];
    in_time(Duration::from_secs(1), longest, async || {
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            b.try_acquire().unwrap().failure();
            // The row and the event may be in two frames: the state is read at each.
            let (mut frame, mut all) = (None, Vec::new());
            let told = events
                .find(|next| {
                    all.extend(next["events"].as_array().into_iter().flatten().cloned());
                    if row(next, "circuits", "opens").is_some_and(|row| row["state"] == "open") {
                        frame = Some(next.clone());
                    }
                    frame.as_ref()?;
                    let is_it = |e: &&Value| e["subject"] == "opens" && e["state"] == "open";
                    all.iter().find(is_it).cloned()
                })
                .await;
            let frame = frame.unwrap();
            times.push(began.elapsed());
            let circuit = row(&frame, "circuits", "opens").unwrap();
            let left = circuit["retry_in_ms"].as_u64().unwrap();
            assert!((29_000..=36_000).contains(&left), "{left}");
            assert_eq!(told["kind"], "circuit_changed");
            assert_eq!(told["level"], "warn");
            assert_eq!(told["text"], "closed → open");
            b.reset();
            let is_closed =
                |f: &_| (row(f, "circuits", "opens")?["state"] == "closed").then_some(());
            events.find(is_closed).await;
        }
        times
    })
    .await;
    // Who opens a page now sees what has happened.
    let state = get(to, "/api/state").await.json();
    let recent = state["events"].as_array().unwrap();
    assert!(recent.iter().any(|e| e["subject"] == "opens"));
}

#[tokio::test]
async fn a_flood_of_events_is_cut_and_counted() {
    let _others = PROCESS.read().await;
    let b = breaker("flooded");
    let to = serve(Router::new().merge(resil_panel::router())).await;
    let mut events = Events::open(to, "/api/events").await;
    events
        .find(|f| row(f, "circuits", "flooded").map(drop))
        .await;
    b.force_open();
    for _ in 0..20_000 {
        assert!(b.try_acquire().is_err());
    }
    b.reset();
    let (mut told, mut missed) = (0, 0);
    events
        .find(|frame| {
            let all = frame["events"].as_array().unwrap();
            assert!(all.len() <= 256, "{}", all.len());
            told += all.iter().filter(|e| e["subject"] == "flooded").count() as u64;
            missed += frame["missed"].as_u64().unwrap();
            // The change itself is never lost in the flood.
            let closed = all
                .iter()
                .any(|e| e["subject"] == "flooded" && e["state"] == "closed");
            closed.then_some(())
        })
        .await;
    // Other tests may have events of their own.
    assert!(told + missed >= 20_002, "{told} told, {missed} missed");
    assert!(missed > 0);
}
