//! A switch under load: each call goes by the settings that it began with.

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::{control, fallback, retry};

use crate::{FILE, Failed};

#[fallback(Ok(()))]
#[retry(constant, max = 2, base = 1us, budget = off)]
async fn steered(runs: &AtomicU32) -> Result<(), Failed> {
    runs.fetch_add(1, Relaxed);
    tokio::task::yield_now().await;
    Err(Failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_sees_all_of_a_change_or_nothing() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    const OTHER: &str =
        "[function.\"control_watch::load::steered\"]\nfallback = \"off\"\nretry = { max = 4 }\n";
    static DONE: AtomicBool = AtomicBool::new(false);
    let callers = (0..4).map(|_| {
        tokio::spawn(async {
            let mut seen = [0_u32; 2];
            while !DONE.load(Relaxed) {
                let runs = AtomicU32::new(0);
                match (steered(&runs).await, runs.load(Relaxed)) {
                    (Ok(()), 2) => seen[0] += 1,
                    (Err(Failed), 4) => seen[1] += 1,
                    torn => panic!("{torn:?}"),
                }
            }
            seen
        })
    });
    let callers: Vec<_> = callers.collect();
    for n in 0..400 {
        let text = if n % 2 == 0 { OTHER } else { "" };
        control().load_text(Path::new("load.toml"), text).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    DONE.store(true, Relaxed);
    let mut all = [0; 2];
    for caller in callers {
        let seen = caller.await.unwrap();
        all = [all[0] + seen[0], all[1] + seen[1]];
    }
    assert!(all[0] > 10 && all[1] > 10, "both were seen: {all:?}");
}
