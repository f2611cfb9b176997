//! A row of the table, and its contestants.

use std::sync::Arc;

use super::drive::{in_a_task, polled};
use crate::work::{Arg, CLEAN};

/// The same work, done by several contestants.
pub struct Row {
    /// The name that goals and the baseline know it by.
    pub name: &'static str,
    /// The contestant that the others are compared with in the table.
    pub base: &'static str,
    /// Calls that are made before anything is measured.
    pub warm: u64,
    /// Those who do the work.
    pub contestants: Vec<Contestant>,
}

impl Row {
    /// A row whose ratios are over `base`.
    pub fn new(name: &'static str, base: &'static str) -> Self {
        Self {
            name,
            base,
            warm: 512,
            contestants: Vec::new(),
        }
    }

    /// Makes so many calls before anything is measured.
    pub fn warm(mut self, calls: u64) -> Self {
        self.warm = calls;
        self
    }

    /// Adds a contestant.
    pub fn with(mut self, contestant: Contestant) -> Self {
        self.contestants.push(contestant);
        self
    }

    /// Adds the peers.
    #[cfg(feature = "peers")]
    pub(crate) fn with_peers(mut self, peers: Vec<Contestant>) -> Self {
        self.contestants.extend(peers);
        self
    }

    /// Returns the contestant of that name.
    pub fn find(&self, who: &str) -> Option<&Contestant> {
        self.contestants.iter().find(|c| c.name == who)
    }
}

/// Runs so many calls.
pub type Calls = Box<dyn FnMut(u64)>;

/// One who does the work of a row.
pub struct Contestant {
    /// The name that the table shows.
    pub name: &'static str,
    make: Box<dyn Fn() -> Ready>,
}

/// A contestant that is ready to run.
pub struct Ready {
    /// The size of the future of one call, in bytes.
    pub future: usize,
    /// Runs calls.
    pub calls: Calls,
}

impl Contestant {
    /// Calls that are ready when first polled, each polled where it is made.
    pub fn ready<C, F>(name: &'static str, make: impl Fn() -> C + 'static) -> Self
    where
        C: Fn(Arg) -> F + 'static,
        F: Future + 'static,
    {
        Self::ready_with(name, &CLEAN, make)
    }

    /// [`ready`](Self::ready), with these arguments in turn.
    pub fn ready_with<C, F>(
        name: &'static str,
        args: &'static [u32; 64],
        make: impl Fn() -> C + 'static,
    ) -> Self
    where
        C: Fn(Arg) -> F + 'static,
        F: Future + 'static,
    {
        Self::run_by(name, args, make, |call, args, calls| {
            polled(call, args, calls);
        })
    }

    /// Calls that are pending at first, in a task of the runtime.
    pub fn pending<C, F>(name: &'static str, make: impl Fn() -> C + 'static) -> Self
    where
        C: Fn(Arg) -> F + 'static,
        F: Future + 'static,
    {
        Self::run_by(name, &CLEAN, make, |call, args, calls| {
            in_a_task(call, args, calls);
        })
    }

    /// Calls with these arguments in turn, which `run` makes.
    fn run_by<C, F>(
        name: &'static str,
        args: &'static [u32; 64],
        make: impl Fn() -> C + 'static,
        run: fn(&C, &'static [u32; 64], u64),
    ) -> Self
    where
        C: Fn(Arg) -> F + 'static,
        F: Future + 'static,
    {
        let make = Box::new(move || {
            let call = make();
            Ready {
                future: size_of_val(&call(&args[0])),
                calls: Box::new(move |calls| run(&call, args, calls)),
            }
        });
        Self { name, make }
    }

    /// Gets it ready, and makes the first `warm` calls.
    pub fn start(&self, warm: u64) -> Ready {
        let mut ready = (self.make)();
        (ready.calls)(warm);
        ready
    }
}

/// A contestant whose calls share their state, and may come from several threads.
#[derive(Clone)]
pub struct Shared {
    /// The name that the table shows.
    pub name: &'static str,
    /// Runs so many calls on the calling thread.
    pub calls: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Shared {
    /// Calls with these arguments in turn.
    pub fn new<C, F>(name: &'static str, args: &'static [u32; 64], call: C) -> Self
    where
        C: Fn(Arg) -> F + Send + Sync + 'static,
        F: Future + 'static,
    {
        let calls = Arc::new(move |calls| polled(&call, args, calls));
        Self { name, calls }
    }
}
