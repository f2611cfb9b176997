//! The program of a worker: calls of one idempotent function on a shared store.

use std::cell::RefCell;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use resil::idempotency::{IdempotencyError, Shared, drain, install};
use resil::{Error, idempotent};

use crate::ledger::Ledger;
use crate::place;
use crate::staged::{Halt, Point, Staged, say};

/// Set in a worker: point, store and ledger, with tabs between.
pub(crate) const TOLD: &str = "RESIL_CRASH_CHILD";

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("nothing was done")]
    Refused,
    #[error(transparent)]
    Resil(#[from] Error),
}

/// This process, to its bodies.
struct Me {
    halt: Arc<Halt>,
    at: Point,
    ledger: Arc<Ledger>,
}

thread_local! {
    static ME: RefCell<Option<Arc<Me>>> = const { RefCell::new(None) };
}

fn me() -> Arc<Me> {
    ME.with_borrow(|me| me.clone().expect("a worker"))
}

/// The effect: a line on the disk. The result says whose it is.
fn effect(key: &str) -> Result<String, Fault> {
    let (me, deed) = (me(), format!("{key}/{}", std::process::id()));
    me.ledger.write("started", &deed);
    me.halt.reach(Point::BodyStarted);
    if me.at.releases() {
        return Err(Fault::Refused);
    }
    me.ledger.write("effect", &deed);
    me.halt.reach(Point::EffectMade);
    Ok(deed)
}

// Those to be killed hold their keys for a short time; the others long enough for any host.

#[idempotent(name = "retry", key = key, lease = 300ms)]
async fn victim_retry(key: &str) -> Result<String, Fault> {
    effect(key)
}

#[idempotent(name = "strict", key = key, lease = 300ms, on_abandon = indeterminate)]
async fn victim_strict(key: &str) -> Result<String, Fault> {
    effect(key)
}

// Those that stand still and go on are not done at once: a sign of life is long due then.

#[idempotent(name = "retry", key = key, lease = 1s)]
async fn late_retry(key: &str) -> Result<String, Fault> {
    let deed = effect(key)?;
    tokio::task::yield_now().await;
    Ok(deed)
}

#[idempotent(name = "strict", key = key, lease = 1s, on_abandon = indeterminate)]
async fn late_strict(key: &str) -> Result<String, Fault> {
    let deed = effect(key)?;
    tokio::task::yield_now().await;
    Ok(deed)
}

#[idempotent(name = "retry", key = key, lease = 20s)]
async fn heir_retry(key: &str) -> Result<String, Fault> {
    effect(key)
}

#[idempotent(name = "strict", key = key, lease = 20s, on_abandon = indeterminate)]
async fn heir_strict(key: &str) -> Result<String, Fault> {
    effect(key)
}

/// What a call came to, in a word.
fn word(out: &Result<String, Fault>) -> String {
    match out {
        Ok(deed) => {
            let (_, who) = deed.split_once('/').expect("who did it");
            format!("ok {who}")
        }
        Err(Fault::Refused) => "refused".to_owned(),
        Err(Fault::Resil(Error::Idempotency(IdempotencyError::Indeterminate { .. }))) => {
            "indeterminate".to_owned()
        }
        Err(Fault::Resil(Error::Idempotency(IdempotencyError::LeaseLost { .. }))) => {
            "lost".to_owned()
        }
        Err(e) => format!("error {e}"),
    }
}

/// One call of who is killed, which comes to its halt: where the host is so busy that a short
/// lease ends before that, it is made again.
async fn be_victim(line: &str) {
    let (mode, key) = line.split_once(' ').expect("a mode and a key");
    loop {
        let out = match mode {
            "retry" => victim_retry(key).await,
            "late-retry" => late_retry(key).await,
            "late-strict" => late_strict(key).await,
            _ => victim_strict(key).await,
        };
        if !me().halt.is_armed() {
            return say(&format!("done {key} {}", word(&out)));
        }
    }
}

/// One call of who takes over: `<retry or strict> <key>`.
async fn be_heir(line: &str) {
    let (mode, key) = line.split_once(' ').expect("a mode and a key");
    let out = match mode {
        "retry" => heir_retry(key).await,
        _ => heir_strict(key).await,
    };
    say(&format!("done {key} {}", word(&out)));
}

/// No test: what the workers run. Nothing, unless it is told to.
#[test]
fn child() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let [point, store, ledger]: [&str; 3] = told
        .split('\t')
        .collect::<Vec<_>>()
        .try_into()
        .expect("a point, a store and a ledger");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(work(Point::parse(point), store, Path::new(ledger)));
}

async fn work(at: Point, store: &str, ledger: &Path) {
    let halt = Arc::new(Halt::new(at));
    let ledger = Arc::new(Ledger::open(ledger));
    ME.set(Some(Arc::new(Me {
        halt: Arc::clone(&halt),
        at,
        ledger: Arc::clone(&ledger),
    })));
    let staged = Staged::new(place::open(store).await, halt, ledger);
    let running = staged.running();
    install(Shared::new(staged)).expect("the first store");
    say("ready");
    if at == Point::Never {
        // An heir: a call for each line, all at once, until there are no more.
        let (lines, mut told) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let tasks = tokio::task::LocalSet::new();
        tasks
            .run_until(async {
                while let Some(line) = told.recv().await {
                    tokio::task::spawn_local(async move { be_heir(&line).await });
                }
            })
            .await;
        tasks.await;
    } else {
        // One call, and the halt in the middle of it reads the next line.
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).expect("a line");
        be_victim(line.trim()).await;
    }
    drain().await;
    while running.load(SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    say("over");
}
