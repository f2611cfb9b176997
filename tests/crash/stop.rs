//! SIGSTOP of a worker past its lease: another one takes over, and what the zombie then wants to
//! record is refused. Where nobody took over, it is recorded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::kill::Heir;
use crate::ledger;
use crate::place::Folder;
use crate::process::Worker;
use crate::staged::Point;

/// How often a worker stands still with its result in hand, and how often in its body.
const WITH_A_RESULT: usize = 100;
const IN_THE_BODY: usize = 10;
/// They sleep most of the time.
const AT_ONCE: usize = 12;

/// The key, and what the zombie's own caller was told.
async fn round(store: &str, ledger: &Path, (point, n): (Point, usize), heir: Heir) -> String {
    let key = format!("{}-{n}", point.name());
    let mut worker = Worker::start(point, store, ledger).await;
    worker.tell(&format!("retry {key}")).await;
    worker.hear("at ").await;
    worker.signal(Signal::STOP);
    // Its lease ends meanwhile: this call waits for that, and runs.
    let theirs = heir.call("retry", &key).await;
    assert_eq!(theirs, format!("ok {}", heir.id), "{key}");
    worker.tell("go on").await;
    worker.signal(Signal::CONT);
    let told = worker.hear(&format!("done {key}")).await;
    worker.hear("over").await;
    let zombie = worker.id().to_string();
    assert!(worker.ended().await.success(), "{key}");
    match point {
        // The effect took place, and the caller has a right to what the body said of it.
        Point::Encoded => assert_eq!(told, format!("ok {zombie}"), "{key}"),
        _ => assert!(told == "lost" || told == format!("ok {zombie}"), "{told}"),
    }
    let again = heir.call("retry", &key).await;
    assert_eq!(again, theirs, "{key}: what is replayed was overwritten");
    key
}

#[tokio::test]
async fn a_worker_that_stands_still_past_its_lease_records_nothing() {
    let folder = Folder::new("stop");
    for store in folder.stores() {
        let path = folder.ledger(&store);
        let heir = Heir::start(&store, &path).await;
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        let with_a_result = (0..WITH_A_RESULT).map(|n| (Point::Encoded, n));
        let in_the_body = (0..IN_THE_BODY).map(|n| (Point::BodyStarted, n));
        for what in with_a_result.chain(in_the_body) {
            let (at_once, heir) = (Arc::clone(&at_once), heir.clone());
            let (store, path) = (store.clone(), path.clone());
            running.spawn(async move {
                let _permit = at_once.acquire_owned().await;
                round(&store, &path, what, heir).await
            });
        }
        let mut keys = Vec::new();
        while let Some(key) = running.join_next().await {
            keys.push(key.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())));
        }
        let deeds = ledger::read(&path);
        let mut refused = 0;
        for key in &keys {
            let deeds = &deeds[key];
            let heir = heir.id.to_string();
            assert_eq!(deeds.recorded, [heir], "{key}: {deeds:?}");
            refused += usize::from(!deeds.refused.is_empty());
        }
        let (scheme, _) = store.split_once(':').expect("a URL");
        println!(
            "{scheme}: {} stood still, {refused} completions of zombies refused",
            keys.len()
        );
        assert!(refused >= WITH_A_RESULT, "{refused} of {WITH_A_RESULT}");
    }
}

/// Longer than the lease of who is stopped.
const PAST_THE_LEASE: Duration = Duration::from_millis(1_700);

/// How often a worker that nobody succeeds stands still, at each point and in each mode.
const ALONE: usize = 4;

#[tokio::test]
async fn a_worker_that_stands_still_past_its_lease_and_that_nobody_took_over_goes_on() {
    let folder = Folder::new("alone");
    for store in folder.stores() {
        let path = folder.ledger(&store);
        let mut running = JoinSet::new();
        for n in 0..ALONE {
            for point in [Point::BodyStarted, Point::EffectMade, Point::Encoded] {
                for mode in ["retry", "strict"] {
                    let (store, path) = (store.clone(), path.clone());
                    running.spawn(async move {
                        let key = format!("alone-{mode}-{}-{n}", point.name());
                        let mut worker = Worker::start(point, &store, &path).await;
                        worker.tell(&format!("late-{mode} {key}")).await;
                        worker.hear("at ").await;
                        worker.signal(Signal::STOP);
                        tokio::time::sleep(PAST_THE_LEASE).await;
                        worker.tell("go on").await;
                        worker.signal(Signal::CONT);
                        let told = worker.hear(&format!("done {key}")).await;
                        worker.hear("over").await;
                        let id = worker.id().to_string();
                        assert!(worker.ended().await.success(), "{key}");
                        assert_eq!(told, format!("ok {id}"), "{key}");
                        (mode, key, id)
                    });
                }
            }
        }
        let heir = Heir::start(&store, &path).await;
        while let Some(done) = running.join_next().await {
            let (mode, key, id) =
                done.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
            assert_eq!(heir.call(mode, &key).await, format!("ok {id}"), "{key}");
            let deeds = &ledger::read(&path)[&key];
            assert_eq!(deeds.recorded, [id], "{key}: {deeds:?}");
        }
    }
}
