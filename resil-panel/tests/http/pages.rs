//! Open pages: their number, those that read nothing, and the end of all of them.

use std::time::Duration;

use axum::Router;
use resil::breaker;
use tokio::time::sleep;

use crate::PROCESS;
use crate::client::{Events, get, row, serve, soon};

async fn pages(to: std::net::SocketAddr) -> u64 {
    get(to, "/api/state").await.json()["pages"]
        .as_u64()
        .unwrap()
}

async fn until_pages(to: std::net::SocketAddr, wanted: u64) {
    soon("the number of pages", async {
        while pages(to).await != wanted {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// How many threads of the panel run.
fn samplers() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |t: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(t.unwrap().path().join("comm")).unwrap_or_default()
    };
    threads
        .map(name)
        .filter(|name| name.trim() == "resil-panel")
        .count()
}

#[tokio::test]
async fn all_pages_share_one_thread_which_ends_with_the_last() {
    let _alone = PROCESS.write().await;
    let to = serve(Router::new().merge(resil_panel::router())).await;
    until_pages(to, 0).await;
    soon("no thread", async {
        while samplers() != 0 {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    for _ in 0..2 {
        let mut open = Vec::new();
        for _ in 0..5 {
            open.push(Events::open(to, "/api/events").await);
        }
        for page in &mut open {
            page.find(|f| (f["tick"] == true).then_some(())).await;
        }
        assert_eq!((pages(to).await, samplers()), (5, 1));
        drop(open);
        until_pages(to, 0).await;
        soon("no thread", async {
            while samplers() != 0 {
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn the_sixty_fifth_page_is_refused() {
    let _alone = PROCESS.write().await;
    let to = serve(Router::new().merge(resil_panel::router())).await;
    until_pages(to, 0).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(Events::open(to, "/api/events").await);
    }
    let refused = get(to, "/api/events").await;
    assert_eq!(refused.status, 503);
    assert!(refused.json()["error"].as_str().unwrap().contains("64"));
    // The rest of the panel answers.
    assert_eq!(get(to, "/api/state").await.status, 200);
    open.pop();
    until_pages(to, 63).await;
    drop(Events::open(to, "/api/events").await);
}

/// The memory of this process that is resident now, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_never_reads_is_dropped_after_a_bounded_buffer() {
    let _alone = PROCESS.write().await;
    let to = serve(Router::new().merge(resil_panel::router())).await;
    until_pages(to, 0).await;
    let mut reads = Events::open(to, "/api/events").await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(Events::begin(to, "/api/events").await);
    }
    until_pages(to, 9).await;
    let before = memory();
    // Events for as long as it takes: refusals of a circuit that is held open.
    let b = breaker("never-reads");
    b.force_open();
    let flood = tokio::spawn(async move {
        loop {
            for _ in 0..2_000 {
                let _ = b.try_acquire();
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let dropped = async {
        while pages(to).await != 1 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = soon("they are dropped", dropped) => {}
        () = async { loop { reads.next().await.expect("who reads is kept"); } } => {}
    }
    let grown = memory().saturating_sub(before);
    // Each may have 1 MiB that waits for it and what the server has taken over for the socket.
    assert!(grown < 8 * 4 * 1024, "{grown} KiB");
    // The others go on.
    reads
        .find(|f| row(f, "circuits", "never-reads").map(drop).or(Some(())))
        .await;
    // Once it reads, it comes to the end of what it was sent, and can connect anew.
    let mut late = silent.pop().unwrap();
    late.read_head().await;
    soon("the end", async { while late.next().await.is_some() {} }).await;
    flood.abort();
    breaker("never-reads").reset();
}
