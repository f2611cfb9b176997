//! 100,000 timeouts that are pending at the same time, and none fires.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use resil::timeout;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore};

use super::hand;
use crate::harness::{Effort, Measured, Outcome, Unit, cpu, interleave};
use crate::work::Fault;

const CALLS: usize = 100_000;
const MINUTE: Duration = Duration::from_mins(1);

/// Holds all calls until the last one has come.
pub(crate) struct Gate {
    waiting: AtomicUsize,
    all_here: Notify,
    permits: Semaphore,
}

impl Gate {
    const fn new() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            all_here: Notify::const_new(),
            permits: Semaphore::const_new(0),
        }
    }

    /// The body of every call.
    pub(crate) async fn pass(&'static self) -> Result<(), Fault> {
        if self.waiting.fetch_add(1, Relaxed) + 1 == CALLS {
            self.all_here.notify_one();
        }
        let permit = self.permits.acquire().await;
        permit.map_err(|_| Fault::Down)?.forget();
        Ok(())
    }
}

#[timeout(60s)]
async fn bounded(gate: &'static Gate) -> Result<(), Fault> {
    gate.pass().await
}

async fn by_hand(gate: &'static Gate) -> Result<(), Fault> {
    hand::timeout(MINUTE, gate.pass()).await
}

async fn by_tokio(gate: &'static Gate) -> Result<(), Fault> {
    let out = tokio::time::timeout(MINUTE, gate.pass()).await;
    out.unwrap_or(Err(Fault::Refused))
}

/// One who passes the gate so many times at once.
pub(crate) struct Crowd {
    name: &'static str,
    future: usize,
    pass: Box<dyn Fn(&Runtime) -> f64>,
}

impl Crowd {
    pub(crate) fn new<C, F>(name: &'static str, call: C) -> Self
    where
        C: Fn(&'static Gate) -> F + Copy + Send + 'static,
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        static GATE: Gate = Gate::new();
        let pass = move |runtime: &Runtime| {
            let before = cpu::process();
            let all = runtime.spawn(all_of_them(&GATE, call));
            runtime.block_on(all).expect("no panic");
            (cpu::process() - before) / CALLS as f64
        };
        Self {
            name,
            future: size_of_val(&call(&GATE)),
            pass: Box::new(pass),
        }
    }
}

async fn all_of_them<C, F>(gate: &'static Gate, call: C)
where
    C: Fn(&'static Gate) -> F,
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    gate.waiting.store(0, Relaxed);
    let mut calls = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        calls.push(tokio::spawn(call(gate)));
    }
    gate.all_here.notified().await;
    gate.permits.add_permits(CALLS);
    for call in calls {
        let out = call.await.expect("no panic");
        assert_eq!(out, Ok(()), "nothing times out");
    }
}

pub(super) fn timeouts(effort: Effort) -> Vec<Outcome> {
    let crowds = [
        Crowd::new("bare", Gate::pass),
        Crowd::new("hand", by_hand),
        Crowd::new("resil", bounded),
        Crowd::new("tokio", by_tokio),
    ];
    #[cfg(feature = "peers")]
    let crowds: Vec<_> = crowds
        .into_iter()
        .chain(crate::peers::timeout::crowds())
        .collect();
    let on = |threads: usize| {
        let mut builder = match threads {
            1 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let builder = builder.worker_threads(threads).enable_time();
        let runtime = builder.build().expect("a runtime");
        let figures = interleave(crowds.len(), effort.few(), |at| (crowds[at].pass)(&runtime));
        let measured = crowds.iter().zip(figures).map(|(c, figures)| Measured {
            future: Some(c.future),
            ..Measured::new(c.name, figures)
        });
        let many = if threads == 1 { "" } else { "s" };
        Outcome {
            row: format!("100,000 pending timeouts, {threads} thread{many}"),
            unit: Unit::Nanoseconds,
            base: "tokio",
            measured: measured.collect(),
            unfit: None,
        }
    };
    vec![on(1), on(2)]
}
