//! A charge that survives the death of the process that made it.
//!
//! Two processes share one idempotency store. The first one begins to charge a customer, and is
//! killed with SIGKILL after the bank has taken the money and before anybody has recorded that. The
//! second one gets the same order, waits until the dead one's lease ends, takes over, and records
//! the one receipt that everybody gets from then on.
//!
//! ```text
//! cargo run --example payments --features sqlite
//! cargo run --example payments --features sqlite -- sqlite:payments.db
//! ```
//!
//! It ends with an error if one of the promises is broken.
#![allow(
    clippy::disallowed_methods,
    reason = "two processes and a clock of the host: nothing here can be paused"
)]

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use resil::event::{Event, subscribe};
use resil::idempotency::store::{Outcome, Snapshot};
use resil::idempotency::{KeyOf, Shared, current, install, sqlite};
use resil::idempotent;
use serde::{Deserialize, Serialize};

type Fault = Box<dyn Error + Send + Sync>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Receipt {
    number: usize,
    cents: u64,
    /// The process whose charge was recorded.
    charged_by: u32,
}

struct Order {
    id: String,
    cents: u64,
}

#[derive(Debug, thiserror::Error)]
enum ChargeError {
    #[error("the bank's book: {0}")]
    Book(#[from] std::io::Error),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Charges the customer once. This attribute is all that it takes; the short lease keeps the example quick.
#[idempotent(name = "charge", key = order.id, fingerprint = order.cents, lease = 1s)]
async fn charge(bank: &Bank, order: &Order) -> Result<Receipt, ChargeError> {
    let number = bank.charge(order)?;
    // The answer is slow to come back: here the first process dies.
    bank.slow_answer().await;
    Ok(Receipt {
        number,
        cents: order.cents,
        charged_by: std::process::id(),
    })
}

/// The bank: a file with a line for every request, and the money that it moved.
struct Bank {
    book: PathBuf,
    answers: bool,
}

impl Bank {
    /// Moves the money once for each `Idempotency-Key`, however often it is asked, as banks do. The key
    /// comes from resil, and is the same for every start of this order, in every process.
    fn charge(&self, order: &Order) -> std::io::Result<usize> {
        let key = current().map(|claim| claim.key()).unwrap_or_default();
        let word = if self.lines(&format!("moved {key}"))? == 0 {
            "moved"
        } else {
            "known"
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.book)?;
        let line = format!("{word} {key} {} by {}\n", order.cents, std::process::id());
        (&file).write_all(line.as_bytes())?;
        file.sync_all()?;
        self.lines("moved ")
    }

    async fn slow_answer(&self) {
        if !self.answers {
            println!("@charged");
            std::future::pending::<()>().await;
        }
    }

    fn lines(&self, begin: &str) -> std::io::Result<usize> {
        match std::fs::read_to_string(&self.book) {
            Ok(text) => Ok(text.lines().filter(|line| line.starts_with(begin)).count()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(e),
        }
    }
}

/// Opens the store at a URL, with the settings that the two processes have to agree on.
async fn open(url: &str) -> Result<Shared, Fault> {
    match url.split_once(':') {
        Some(("sqlite", file)) => {
            let store = sqlite(Path::new(file)).create_schema().open().await?;
            Ok(Shared::new(store).namespace("payments"))
        }
        #[cfg(feature = "redis")]
        Some(("redis", _)) => {
            Ok(Shared::new(resil::idempotency::redis(url)?).namespace("payments"))
        }
        #[cfg(feature = "postgres")]
        Some(("postgres", _)) => {
            let store = resil::idempotency::postgres(url)?;
            store.create_schema().await?;
            Ok(Shared::new(store).namespace("payments"))
        }
        _ => Err(format!("no store of this build is at a URL like `{url}`").into()),
    }
}

/// A folder that is deleted when the program ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The process that will be killed, at the latest when this is dropped.
struct Victim(Child);

impl Victim {
    fn start(url: &str, book: &Path, order: &Order) -> Result<Self, Fault> {
        let child = Command::new(std::env::current_exe()?)
            .args(["--victim", url])
            .arg(book)
            .args([&order.id, &order.cents.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    /// Reads its output until it says that the bank has charged.
    fn charged(&mut self) -> Result<(), Fault> {
        let out = self.0.stdout.take().ok_or("it has no stdout")?;
        let said = BufReader::new(out).lines().next().transpose()?;
        promise(
            said.as_deref() == Some("@charged"),
            "the first process charges",
        )
    }

    /// Kills it with SIGKILL: no destructor runs, nothing is flushed, nobody is told.
    fn kill(&mut self) -> std::io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn promise(kept: bool, what: &str) -> Result<(), Fault> {
    if kept {
        Ok(())
    } else {
        Err(format!("a promise is broken: {what}").into())
    }
}

async fn show(url: Option<String>) -> Result<(), Fault> {
    let me = std::process::id();
    let folder = Folder(std::env::temp_dir().join(format!("resil-payments-{me}")));
    std::fs::create_dir_all(&folder.0)?;
    let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.0.join("resil.db").display()));
    let book = folder.0.join("bank.txt");
    let order = Order {
        id: format!("order-{:08x}", rand::random::<u32>()),
        cents: 12_90,
    };
    let key = || KeyOf::new("charge").part(&order.id);

    let store = open(&url).await?;
    install(store.clone())?;
    let started = Instant::now();
    let say = move |what: String| println!("{:>5} ms  {what}", started.elapsed().as_millis());
    let _told = subscribe(move |event| {
        if let Event::Idempotency { what, .. } = event {
            say(format!("         resil: {what:?}"));
        }
    });

    let mut victim = Victim::start(&url, &book, &order)?;
    victim.charged()?;
    let first = victim.0.id();
    say(format!(
        "process {first} has charged {} and waits for the bank",
        order.id
    ));
    victim.kill()?;
    say(format!("process {first} was killed with SIGKILL"));
    let left = store.lookup(key()).await?;
    let Some(Snapshot::Pending { fence, left }) = left else {
        return Err(format!("a promise is broken: the claim is left behind, not {left:?}").into());
    };
    say(format!(
        "what it left behind: a claim with fence {fence}, its lease ends in {:.0?}",
        left.unwrap_or_default()
    ));

    let bank = Bank {
        book,
        answers: true,
    };
    let receipt = charge(&bank, &order).await?;
    say(format!("process {me} took over: {receipt:?}"));
    promise(receipt.charged_by == me, "the second process runs")?;
    let patience = Duration::from_secs(10);
    promise(started.elapsed() < patience, "no key is stuck")?;

    for _ in 0..3 {
        let again = charge(&bank, &order).await?;
        promise(again == receipt, "everybody gets the one receipt")?;
    }
    let kept = store.lookup(key()).await?;
    let Some(Snapshot::Done {
        fence: last,
        recorded,
    }) = kept
    else {
        return Err(format!("a promise is broken: it is recorded, not {kept:?}").into());
    };
    promise(last > fence, "the fence rises with every owner")?;
    promise(recorded.outcome == Outcome::Ok, "the receipt is recorded")?;
    let (asked, moved) = (bank.lines("")?, bank.lines("moved ")?);
    say(format!(
        "the bank was asked {asked} times and moved the money {moved} time; \
         recorded: one receipt, with fence {last}"
    ));
    promise(asked == 2, "one start for each owner, none for replays")?;
    promise(moved == 1, "the bank knows the key")
}

/// Runs the first process, which begins to charge and is killed before it ends.
async fn be_killed(url: &str, book: &str, id: &str, cents: &str) -> Result<(), Fault> {
    install(open(url).await?)?;
    let bank = Bank {
        book: book.into(),
        answers: false,
    };
    let (id, cents) = (id.to_owned(), cents.parse()?);
    charge(&bank, &Order { id, cents }).await?;
    Err("it should have been killed".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["--victim", url, book, id, cents] => be_killed(url, book, id, cents).await,
        [] => show(None).await,
        [url] => show(Some(url.to_owned())).await,
        _ => Err("usage: payments [sqlite:FILE]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
