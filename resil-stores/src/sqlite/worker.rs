//! The store's thread. It owns the connection, and takes all steps that wait in one commit.
//!
//! A commit costs one fsync, however many steps are in it. The steps that come while a commit runs
//! share the next one. No step waits for others to come: if it is alone, it is committed alone, at
//! once.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::fault;
use super::steps::Step;
use super::table::{SWEEP, Table};
use resil_runtime::idempotency::store::{RecordKey, StoreError, StoreResult};

/// The most steps that share a commit. More would keep the first of them waiting for too long.
const BATCH: usize = 64;

/// A job for the thread.
pub(super) trait Job: Send {
    /// Returns whether the job is still to be done: its caller waits, or it is done without one.
    fn wanted(&self) -> bool;
    /// Answers the job if that takes no write. Returns whether it is answered.
    fn try_read(&mut self, table: &Table) -> bool;
    /// Does the job inside a transaction, and keeps the answer.
    fn act(&mut self, table: &Table) -> rusqlite::Result<()>;
    /// Sends the answer, or the error of the commit that failed.
    fn end(self: Box<Self>, committed: Result<(), &StoreError>);
}

pub(super) type Reply<A> = oneshot::Sender<StoreResult<A>>;

/// A step on one key.
pub(super) struct Call<S: Step> {
    pub(super) key: RecordKey,
    pub(super) step: S,
    pub(super) answer: Option<StoreResult<S::Answer>>,
    pub(super) reply: Reply<S::Answer>,
}

impl<S: Step> Job for Call<S> {
    fn wanted(&self) -> bool {
        S::FOR_NOBODY || !self.reply.is_closed()
    }

    fn try_read(&mut self, table: &Table) -> bool {
        if S::OFTEN_READS {
            // A failure is ignored here: the transaction meets it too, and reports it.
            self.answer = table.read_answer(&self.key, &self.step).ok().flatten();
        }
        self.answer.is_some()
    }

    fn act(&mut self, table: &Table) -> rusqlite::Result<()> {
        self.answer = Some(table.make(&self.key, &self.step)?);
        Ok(())
    }

    fn end(self: Box<Self>, committed: Result<(), &StoreError>) {
        settle(self.reply, self.answer, committed);
    }
}

/// A sweep that a caller asked for.
pub(super) struct Sweep {
    pub(super) answer: Option<StoreResult<u64>>,
    pub(super) reply: Reply<u64>,
}

impl Job for Sweep {
    fn wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn try_read(&mut self, _: &Table) -> bool {
        false
    }

    fn act(&mut self, table: &Table) -> rusqlite::Result<()> {
        self.answer = Some(Ok(table.sweep()?));
        Ok(())
    }

    fn end(self: Box<Self>, committed: Result<(), &StoreError>) {
        settle(self.reply, self.answer, committed);
    }
}

fn settle<A>(reply: Reply<A>, answer: Option<StoreResult<A>>, committed: Result<(), &StoreError>) {
    let answer = match committed {
        Ok(()) => answer.unwrap_or_else(|| Err(fault::gone())),
        Err(e) => Err(e.clone()),
    };
    // The caller may have gone, and then nobody hears the answer. The step counts all the same.
    let _ = reply.send(answer);
}

/// Does the jobs until the last handle is dropped and no job waits any more.
pub(super) fn work(table: &Table, jobs: &Receiver<Box<dyn Job>>, sweep_every: Duration) {
    let mut sweeps = Sweeps::new(sweep_every);
    loop {
        let first = match jobs.recv_timeout(sweeps.left()) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let more = jobs.try_iter().take(BATCH - 1);
        let batch: Vec<_> = first
            .into_iter()
            .chain(more)
            .filter(|job| job.wanted())
            .filter_map(|job| unanswered(job, table))
            .collect();
        if !batch.is_empty() {
            make(table, batch);
        }
        if sweeps.left().is_zero() {
            sweeps.sweep(table);
        }
    }
}

fn unanswered(mut job: Box<dyn Job>, table: &Table) -> Option<Box<dyn Job>> {
    if job.try_read(table) {
        job.end(Ok(()));
        return None;
    }
    Some(job)
}

/// Does all jobs of a batch in one commit. If that fails, does each in a commit of its own, so that
/// a job that can't be done fails alone.
fn make(table: &Table, mut batch: Vec<Box<dyn Job>>) {
    let mut begun = false;
    let committed = table.commit(|| {
        begun = true;
        batch.iter_mut().try_for_each(|job| job.act(table))
    });
    if committed.is_err() && begun && batch.len() > 1 {
        for job in batch {
            make(table, vec![job]);
        }
        return;
    }
    let committed = committed.map_err(fault::of);
    for job in batch {
        job.end(committed.as_ref().copied());
    }
}

/// The schedule of the sweeps.
struct Sweeps {
    every: Duration,
    due: Option<Instant>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread is the store's own: no clock of tokio drives it"
)]
impl Sweeps {
    fn new(every: Duration) -> Self {
        // The first sweep is due at once: a process that restarts often would never come to it.
        let due = (every != Duration::MAX).then(Instant::now);
        Self { every, due }
    }

    fn left(&self) -> Duration {
        self.due.map_or(Duration::MAX, |due| {
            due.saturating_duration_since(Instant::now())
        })
    }

    /// Sweeps once, and sets when the next sweep is due. A failure is told to nobody: the next
    /// sweep may succeed.
    fn sweep(&mut self, table: &Table) {
        let mut gone = 0;
        let swept = match table.any_expired() {
            Ok(true) => table.commit(|| table.sweep().map(|n| gone = n)),
            nothing => nothing.map(drop),
        };
        // More expired records wait, and the next sweep is due at once. A step that waits comes
        // first.
        let more = swept.is_ok() && gone == SWEEP;
        let pause = if more { Duration::ZERO } else { self.every };
        self.due = Instant::now().checked_add(pause);
    }
}
