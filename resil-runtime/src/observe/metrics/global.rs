//! Hands what was counted to the recorder in force: once a second, and on demand.
//!
//! Counters and gauges are set. A histogram is added to, so what the global recorder has got is remembered.
//! A recorder that is in force for a scope only has no memory here: it gets all times with each call of
//! [`publish`].

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

use metrics::{Recorder, with_recorder};

use super::names::describe;
use super::record;
use crate::clock;
use crate::observe::tally::Tally;

/// The pause between two publications.
const PAUSE: Duration = Duration::from_secs(1);

/// The address of the global recorder, once one was seen; 0 before.
static GLOBAL: AtomicUsize = AtomicUsize::new(0);

/// The times that the global recorder has got, by function.
static GOT: Mutex<Option<Got>> = Mutex::new(None);

type Got = HashMap<&'static str, Vec<u64>>;

fn got() -> MutexGuard<'static, Option<Got>> {
    GOT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that publishes once a second, with the first function that is called.
pub(in crate::observe) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let named = thread::Builder::new().name("resil-metrics".to_owned());
        // Without a thread, `publish` is left.
        let _ = named.spawn(|| {
            loop {
                clock::sleep_thread(PAUSE);
                // A recorder that panics loses this publication, and no other one.
                let _ = catch_unwind(publish);
            }
        });
    });
}

/// Hands all metrics to the recorder in force, now.
///
/// It is the recorder of `metrics::with_local_recorder`, if the calling thread is in such a scope, and the
/// global one otherwise. Without a recorder it does nothing. Call it before you render what was recorded,
/// to see the calls up to now; a thread of its own calls it once a second.
///
/// A recorder of a scope gets the times of all calls with each `publish`, while the global one gets each
/// time once: publish once to a recorder of a scope.
///
/// A recorder is told from none by its size. One of size zero, which keeps everything in statics, gets
/// nothing: give it a field.
///
/// # Panics
///
/// If the recorder does.
pub fn publish() {
    let Some(address) = with_recorder(address) else {
        return;
    };
    let is_global = address == global();
    for tally in Tally::all() {
        let counted = tally.total();
        let calls: Vec<(usize, u64)> = {
            let all = counted.times.as_slice().iter().copied().enumerate();
            if is_global {
                // Taken down before it is handed on, as no lock is held while a recorder runs.
                let mut got = got();
                let got = got.get_or_insert_default().entry(tally.function());
                let got = got.or_insert_with(|| vec![0; counted.times.as_slice().len()]);
                let new = all.zip(got).map(|((bucket, calls), got)| {
                    // Another thread may have published a later count.
                    let new = calls.saturating_sub(*got);
                    *got += new;
                    (bucket, new)
                });
                new.filter(|(_, new)| *new > 0).collect()
            } else {
                all.filter(|(_, calls)| *calls > 0).collect()
            }
        };
        let in_flight = tally.in_flight();
        with_recorder(|to| {
            record::function(to, tally.function(), in_flight, &counted, calls.into_iter());
        });
    }
    with_recorder(record::names);
    static DESCRIBED: AtomicUsize = AtomicUsize::new(0);
    if !is_global || DESCRIBED.swap(address, SeqCst) != address {
        with_recorder(describe);
    }
}

/// Returns the address of a recorder; `None` for that which stands for none, and has no size.
fn address(recorder: &dyn Recorder) -> Option<usize> {
    (size_of_val(recorder) > 0).then(|| std::ptr::from_ref(recorder).cast::<()>().addr())
}

/// Returns the address of the global recorder; 0 if there is none.
///
/// It is asked on a thread that is in no scope. Once there is one, it stays.
fn global() -> usize {
    match GLOBAL.load(SeqCst) {
        0 => {
            let look = thread::Builder::new().spawn(|| with_recorder(address));
            let found = look.ok().and_then(|look| look.join().ok()).flatten();
            GLOBAL.fetch_max(found.unwrap_or(0), SeqCst);
            GLOBAL.load(SeqCst)
        }
        known => known,
    }
}
