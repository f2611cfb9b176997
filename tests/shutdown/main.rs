//! OPERATIONS.md, section 1: the server of `examples/shutdown.rs` as a process of its own, under 200 requests
//! a second, that gets SIGTERM in the middle. In real time.

#![allow(
    clippy::disallowed_methods,
    reason = "processes and sockets live in real time"
)]
#![cfg(unix)]

mod child;
#[allow(
    dead_code,
    unfulfilled_lint_expectations,
    reason = "its `main` is not ours"
)]
#[path = "../../examples/shutdown.rs"]
mod example;
mod load;
mod process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use load::{Answer, Balancer, charge};
use process::Server;
use rustix::process::Signal;

/// How long the process may take from the signal to its end: what it waits for the load balancer, its limit
/// and the drain. It takes much less.
const LIMIT: Duration = Duration::from_millis(300 + 4_000 + 1_000);

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("resil-shutdown-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn book(&self) -> PathBuf {
        self.0.join("book.txt")
    }

    /// How often each order was charged.
    fn charged(&self) -> BTreeMap<String, u32> {
        let mut charged = BTreeMap::new();
        for order in std::fs::read_to_string(self.book())
            .unwrap_or_default()
            .lines()
        {
            *charged.entry(order.to_owned()).or_default() += 1;
        }
        charged
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What became of the orders of one run.
#[derive(Debug, Default)]
struct Tally {
    paid: usize,
    told_to_come_back: usize,
    not_accepted: usize,
}

/// One rolling deploy: a server gets SIGTERM under load, and what it did not take the next one gets.
async fn deploy(folder: &Folder, store: Option<&Path>) -> Tally {
    let server = Server::start(&folder.book(), store).await;
    let balancer = Balancer::new(server.address());
    assert!(balancer.is_ready().await, "before the signal");
    let load = tokio::spawn(balancer.send());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let signalled = Instant::now();
    server.signal(Signal::TERM);
    let answers = load.await.expect("the load");
    let status = server.ended().await;
    let took = signalled.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < LIMIT, "{took:?}");

    let charged = folder.charged();
    let mut tally = Tally::default();
    let mut again = Vec::new();
    for (order, answer) in &answers {
        let times = charged.get(order).copied().unwrap_or(0);
        match answer {
            Answer::Paid => {
                assert_eq!(times, 1, "{order} is paid, they say");
                tally.paid += 1;
                continue;
            }
            Answer::ComeBack => tally.told_to_come_back += 1,
            Answer::NotAccepted => tally.not_accepted += 1,
        }
        assert_eq!(times, 0, "{order} was not done, they say: {answer:?}");
        again.push(order);
    }
    assert!(
        tally.paid >= 100,
        "so many were sent in a second: {tally:?}"
    );

    // The next instance gets the rest, some of them after another try; and one that is done already.
    let next = Server::start(&folder.book(), store).await;
    for order in again {
        let mut tries = 0;
        while charge(next.address(), order).await != Answer::Paid {
            tries += 1;
            assert!(tries < 20, "{order}");
        }
    }
    if store.is_some() {
        let (done, _) = answers
            .iter()
            .find(|(_, answer)| **answer == Answer::Paid)
            .expect("one");
        assert_eq!(charge(next.address(), done).await, Answer::Paid);
    }
    next.signal(Signal::TERM);
    assert_eq!(next.ended().await.code(), Some(0));
    let charged = folder.charged();
    for order in answers.keys() {
        assert_eq!(
            charged.get(order),
            Some(&1),
            "{order}: nothing lost, nothing doubled"
        );
    }
    assert_eq!(charged.len(), answers.len());
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_ten_times() {
    let mut all = Tally::default();
    for run in 0..10 {
        let folder = Folder::new(&format!("memory-{run}"));
        let tally = deploy(&folder, None).await;
        all.paid += tally.paid;
        all.told_to_come_back += tally.told_to_come_back;
        all.not_accepted += tally.not_accepted;
    }
    println!("{all:?}");
    assert!(
        all.told_to_come_back > 0,
        "no pause was ended by any of the signals: {all:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_with_a_store_that_outlives_the_process() {
    let folder = Folder::new("sqlite");
    let store = folder.0.join("keys.db");
    deploy(&folder, Some(&store)).await;
}

#[tokio::test]
async fn the_second_signal_exits_at_once() {
    for (first, second, code) in [
        (Signal::TERM, Signal::TERM, 143),
        (Signal::TERM, Signal::INT, 130),
    ] {
        let folder = Folder::new(&format!("second-{code}"));
        let mut server = Server::start(&folder.book(), None).await;
        let address = server.address();
        let slow = tokio::spawn(async move { charge(address, "slow-one").await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.signal(first);
        server.hear("stopping").await;
        let signalled = Instant::now();
        server.signal(second);
        assert_eq!(server.ended().await.code(), Some(code));
        assert!(
            signalled.elapsed() < Duration::from_secs(5),
            "{:?}",
            signalled.elapsed()
        );
        assert_eq!(
            slow.await.expect("the client"),
            Answer::NotAccepted,
            "its connection is gone"
        );
    }
}

/// SIGINT begins it as SIGTERM does, and a call that hangs is left to its timeout.
#[tokio::test]
async fn an_interrupt_stops_it_and_a_slow_call_ends_first() {
    let folder = Folder::new("interrupt");
    let mut server = Server::start(&folder.book(), None).await;
    let address = server.address();
    let slow = tokio::spawn(async move { charge(address, "slow-one").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.signal(Signal::INT);
    server.hear("stopping").await;
    assert_eq!(slow.await.expect("the client"), Answer::ComeBack);
    assert_eq!(server.hear("left: ").await, "nothing");
    assert_eq!(server.ended().await.code(), Some(0));
}
