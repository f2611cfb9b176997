//! What happened in a run, second by second, and the figures that are drawn from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::scenario::{TRIGGER, TRIGGER_MS};

/// All is well in a second if this share of its calls is answered, in percent.
const WELL: u64 = 95;

/// One second of the fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Second {
    /// The calls that began in this second, and what became of them in the end.
    pub(crate) calls: u64,
    pub(crate) answered: u64,
    /// The calls that a circuit or a bulkhead refused.
    pub(crate) refused: u64,
    /// The requests that went to the servers: attempts and copies.
    pub(crate) sent: u64,
    /// The requests that a server finished while the client was waiting, and those after it had gone.
    pub(crate) useful: u64,
    pub(crate) wasted: u64,
    /// The requests in all queues at the end of the second.
    pub(crate) queued: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) seconds: Vec<Second>,
    /// The times of the answered calls before the trigger, in milliseconds, sorted.
    calm: Vec<u64>,
}

/// The end of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    Refused,
    Failed,
}

impl Record {
    fn second(&mut self, ms: u64) -> Option<&mut Second> {
        let second = usize::try_from(ms / 1_000).ok()?;
        self.seconds.get_mut(second)
    }

    fn sum(&self, seconds: std::ops::Range<usize>, of: fn(&Second) -> u64) -> u64 {
        self.seconds[seconds].iter().map(of).sum()
    }

    /// Returns how many requests a call cost, from the trigger to the end.
    pub(crate) fn requests_a_call(&self) -> f64 {
        let all = TRIGGER.0..self.seconds.len();
        self.sum(all.clone(), |s| s.sent) as f64 / self.sum(all, |s| s.calls).max(1) as f64
    }

    fn last(&self) -> std::ops::Range<usize> {
        self.seconds.len() - 10..self.seconds.len()
    }

    fn answered(&self, seconds: std::ops::Range<usize>) -> f64 {
        let calls = self.sum(seconds.clone(), |s| s.calls).max(1);
        self.sum(seconds, |s| s.answered) as f64 / calls as f64
    }

    /// Returns the share of the calls that was answered, in the seconds before the trigger.
    pub(crate) fn answered_before(&self) -> f64 {
        // The first seconds fill the servers.
        self.answered(2..TRIGGER.0 - 1)
    }

    /// Returns the share of the calls that was answered from the trigger to the end.
    pub(crate) fn answered_since(&self) -> f64 {
        self.answered(TRIGGER.0..self.seconds.len())
    }

    /// Returns the share of the calls that was answered in the last ten seconds.
    pub(crate) fn answered_at_last(&self) -> f64 {
        self.answered(self.last())
    }

    /// Returns whether the share that was answered in the last ten seconds is enough.
    pub(crate) fn is_well_at_last(&self) -> bool {
        self.answered_at_last() * 100.0 >= WELL as f64
    }

    /// Returns how many seconds after the end of the trigger all was well, and stayed so to the end.
    pub(crate) fn recovered_after(&self) -> Option<usize> {
        let well = |s: &Second| s.answered * 100 >= s.calls * WELL;
        let last_bad = self.seconds.iter().rposition(|s| !well(s));
        let from = last_bad.map_or(0, |bad| bad + 1);
        // Less than ten good seconds in the end may be chance.
        let is_sure = from + 10 <= self.seconds.len();
        is_sure.then(|| from.saturating_sub(TRIGGER.1))
    }

    /// Returns the time that this share of the calls before the trigger took at most, in milliseconds.
    pub(crate) fn percentile_before(&self, percent: usize) -> u64 {
        let at = (self.calm.len() * percent / 100).min(self.calm.len().saturating_sub(1));
        self.calm.get(at).copied().unwrap_or_default()
    }
}

/// The record of a run that goes on.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Mutex<Record>>);

impl Recorder {
    pub(crate) fn new(seconds: u64) -> Self {
        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
        Self(Arc::new(Mutex::new(Record {
            seconds: vec![Second::default(); seconds],
            calm: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sent(&self, ms: u64) {
        if let Some(second) = self.lock().second(ms) {
            second.sent += 1;
        }
    }

    pub(crate) fn served(&self, ms: u64, is_awaited: bool) {
        if let Some(second) = self.lock().second(ms) {
            second.useful += u64::from(is_awaited);
            second.wasted += u64::from(!is_awaited);
        }
    }

    pub(crate) fn queued(&self, second: u64, requests: u64) {
        if let Some(second) = self.lock().second(second * 1_000) {
            second.queued = requests;
        }
    }

    /// Counts a call that began and ended at these times.
    pub(crate) fn ended(&self, began_ms: u64, ended_ms: u64, end: End) {
        let mut record = self.lock();
        if end == End::Answered && ended_ms < TRIGGER_MS.0 {
            record.calm.push(ended_ms - began_ms);
        }
        if let Some(second) = record.second(began_ms) {
            second.calls += 1;
            second.answered += u64::from(end == End::Answered);
            second.refused += u64::from(end == End::Refused);
        }
    }

    pub(crate) fn finish(self) -> Record {
        let mut record = self.lock().clone();
        record.calm.sort_unstable();
        record
    }
}
