//! SIGKILL at each point of the protocol: no key is started twice under `indeterminate`, none is
//! recorded twice under `retry`, and none is stuck after its lease.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::ledger::{self, Deeds};
use crate::place::Folder;
use crate::process::{STUCK, Worker};
use crate::staged::Point;

/// So many processes at once, beside the heir.
const AT_ONCE: usize = 6;

fn kills() -> usize {
    std::env::var("RESIL_KILLS").map_or(10, |n| n.parse().expect("a number"))
}

/// Each of the nine points, by turns the three of a release.
fn points(round: usize) -> [Point; 9] {
    let release = [
        Point::BeforeRelease,
        Point::ReleaseSent,
        Point::ReleaseAcknowledged,
    ];
    [
        Point::BeforeClaim,
        Point::ClaimSent,
        Point::ClaimAcknowledged,
        Point::BodyStarted,
        Point::EffectMade,
        Point::Encoded,
        Point::CompleteSent,
        Point::CompleteAcknowledged,
        release[round % 3],
    ]
}

/// Who takes over: one worker that is never killed, asked by many rounds at once.
#[derive(Clone)]
pub(crate) struct Heir {
    asks: mpsc::UnboundedSender<(String, oneshot::Sender<String>)>,
    pub(crate) id: u32,
}

impl Heir {
    pub(crate) async fn start(store: &str, ledger: &Path) -> Self {
        let mut worker = Worker::start(Point::Never, store, ledger).await;
        let id = worker.id();
        let (asks, mut asked) = mpsc::unbounded_channel::<(String, oneshot::Sender<String>)>();
        tokio::spawn(async move {
            // A key is asked for once at a time.
            let mut waiting: HashMap<String, oneshot::Sender<String>> = HashMap::new();
            loop {
                tokio::select! {
                    ask = asked.recv() => {
                        let Some((line, reply)) = ask else { return };
                        let (_, key) = line.split_once(' ').expect("a key");
                        waiting.insert(key.to_owned(), reply);
                        worker.tell(&line).await;
                    }
                    line = worker.line(), if !waiting.is_empty() => {
                        let line = line.expect("an heir that lives");
                        let done = line.strip_prefix("done ").expect("an answer");
                        let (key, word) = done.split_once(' ').expect("a key");
                        let reply = waiting.remove(key).expect("a question");
                        let _ = reply.send(word.to_owned());
                    }
                }
            }
        });
        Self { asks, id }
    }

    /// What a call with that key comes to.
    pub(crate) async fn call(&self, mode: &str, key: &str) -> String {
        let (reply, answer) = oneshot::channel();
        let ask = (format!("{mode} {key}"), reply);
        self.asks.send(ask).expect("an heir that lives");
        let answer = tokio::time::timeout(STUCK, answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("{mode} {key} is stuck"));
        answer.expect("an heir that lives")
    }
}

/// One worker that was killed, and what the next two calls with its key came to.
#[derive(Debug)]
struct Round {
    point: Point,
    strict: bool,
    key: String,
    victim: String,
    heir: String,
    first: String,
    second: String,
    took: Duration,
}

async fn round(
    (store, ledger): (&str, &Path),
    (point, strict, n): (Point, bool, usize),
    heir: Heir,
) -> Round {
    let mode = if strict { "strict" } else { "retry" };
    let key = format!("{mode}-{}-{n}", point.name());
    let mut worker = Worker::start(point, store, ledger).await;
    let victim = worker.id().to_string();
    worker.tell(&format!("{mode} {key}")).await;
    worker.hear("at ").await;
    if matches!(
        point,
        Point::ClaimSent | Point::CompleteSent | Point::ReleaseSent
    ) {
        // Before, while and after the store does it.
        tokio::time::sleep(Duration::from_micros(rand::random_range(0..4_000))).await;
    }
    worker.signal(Signal::KILL);
    let killed = Instant::now();
    assert_eq!(worker.ended().await.signal(), Some(9));
    let first = heir.call(mode, &key).await;
    let took = killed.elapsed();
    let second = heir.call(mode, &key).await;
    Round {
        point,
        strict,
        key,
        victim,
        heir: heir.id.to_string(),
        first,
        second,
        took,
    }
}

#[tokio::test]
async fn a_worker_may_be_killed_anywhere() {
    let folder = Folder::new("kill");
    for store in folder.stores() {
        let path = folder.ledger(&store);
        let heir = Heir::start(&store, &path).await;
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        let started = Instant::now();
        for n in 0..kills() {
            for point in points(n) {
                for strict in [false, true] {
                    let (at_once, heir) = (Arc::clone(&at_once), heir.clone());
                    let (store, path) = (store.clone(), path.clone());
                    running.spawn(async move {
                        let _permit = at_once.acquire_owned().await;
                        round((&store, &path), (point, strict, n), heir).await
                    });
                }
            }
        }
        let mut rounds = Vec::new();
        while let Some(round) = running.join_next().await {
            rounds.push(round.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())));
        }
        let deeds = ledger::read(&path);
        let none = Deeds::default();
        let mut said: BTreeMap<(bool, Point, String), usize> = BTreeMap::new();
        for round in &rounds {
            check_round(round, deeds.get(&round.key).unwrap_or(&none));
            let who = if round.first == format!("ok {}", round.victim) {
                "the first one's result".to_owned()
            } else if round.first == format!("ok {}", round.heir) {
                "run again".to_owned()
            } else {
                round.first.clone()
            };
            *said.entry((round.strict, round.point, who)).or_default() += 1;
        }
        let longest = rounds.iter().map(|r| r.took).max().unwrap_or_default();
        let (scheme, _) = store.split_once(':').expect("a URL");
        println!(
            "{scheme}: {} killed in {:.1?}; the longest wait for a dead one's key {longest:.0?}",
            rounds.len(),
            started.elapsed()
        );
        for ((strict, point, who), times) in said {
            let mode = if strict { "indeterminate" } else { "retry" };
            println!("  {mode:13} {:20} {who}: {times}", point.name());
        }
    }
}

fn check_round(round: &Round, deeds: &Deeds) {
    let mine = format!("ok {}", round.victim);
    let theirs = format!("ok {}", round.heir);
    // What was answered once is answered again, by a replay or by the same refusal.
    assert_eq!(round.first, round.second, "{round:?} {deeds:?}");
    let replayed = round.first == mine;
    let ran = round.first == theirs;
    check_recorded_once(round, deeds, replayed);
    if round.strict {
        check_started_once(round, deeds);
    } else {
        // At least one start, and nobody is stuck: the first call after it has a result.
        assert!(replayed || ran, "{round:?} {deeds:?}");
    }
    let wanted: &[&str] = match (round.point, round.strict) {
        // Nothing was claimed, or it was given back.
        (Point::BeforeClaim | Point::ReleaseAcknowledged, _) => &[&theirs],
        (Point::CompleteAcknowledged, _) => &[&mine],
        (Point::ClaimSent | Point::ReleaseSent, true) => &[&theirs, "indeterminate"],
        (Point::CompleteSent, true) => &[&mine, "indeterminate"],
        (Point::CompleteSent, false) => &[&mine, &theirs],
        (_, true) => &["indeterminate"],
        (_, false) => &[&theirs],
    };
    assert!(
        wanted.contains(&round.first.as_str()),
        "{wanted:?} were right: {round:?} {deeds:?}"
    );
}

/// One result at most, and the one that is replayed.
fn check_recorded_once(round: &Round, deeds: &Deeds, replayed: bool) {
    assert!(deeds.recorded.len() <= 1, "{round:?} {deeds:?}");
    if let [who] = &deeds.recorded[..] {
        assert_eq!(round.first, format!("ok {who}"), "{deeds:?}");
    }
    if replayed {
        // Recorded by the victim, whether or not it heard of it: so nobody else began.
        assert!(!deeds.started.contains(&round.heir), "{round:?} {deeds:?}");
    }
}

/// One start at most, unless the first body itself has said that nothing was done.
fn check_started_once(round: &Round, deeds: &Deeds) {
    let free = usize::from(round.point.releases());
    assert!(deeds.started.len() <= 1 + free, "{round:?} {deeds:?}");
    assert!(deeds.effects.len() <= 1, "{round:?} {deeds:?}");
    assert!(deeds.recorded.len() <= 1, "{round:?} {deeds:?}");
}
