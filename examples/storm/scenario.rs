//! What happens to the fleet: how many clients there are, how often they call, and what goes wrong.

use crate::server::capacity_in_thousandths;

/// The workers of a server.
pub(crate) const WORKERS: u64 = 10;
/// The clients for which there is one server.
pub(crate) const CLIENTS_A_SERVER: u64 = 1_000;
/// The clients in one process: they share its breaker, its bulkhead and its budget.
pub(crate) const CLIENTS_A_PROCESS: u64 = 500;

/// How long a client waits for one attempt, in milliseconds.
pub(crate) const PATIENCE_MS: u64 = 500;

/// The requests that a server queues: more than two seconds of work.
pub(crate) const LONG_QUEUE: usize = 300;
/// The same, shorter than the patience of the clients: a third of a second of work.
pub(crate) const SHORT_QUEUE: usize = 40;

/// The second in which the trigger begins, and the first one without it.
pub(crate) const TRIGGER: (usize, usize) = (10, 15);
/// The same in milliseconds.
pub(crate) const TRIGGER_MS: (u64, u64) = (TRIGGER.0 as u64 * 1_000, TRIGGER.1 as u64 * 1_000);

/// The utilisation of the main scenarios: the share of the servers' capacity that the calls need if each is
/// sent once, in percent.
pub(crate) const USUAL_PERCENT: u64 = 65;

/// The calls, in percent of the servers' capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    Steady(u64),
    /// From nothing up to this in the first half of the run, and back.
    Ramp(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    Nothing,
    /// The servers stand still.
    Outage,
    /// Three times as many calls.
    Spike,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) clients: u64,
    pub(crate) load: Load,
    pub(crate) trigger: Trigger,
    /// The requests that a server queues. More are turned away at once.
    pub(crate) queue: usize,
    pub(crate) seconds: u64,
}

impl Scenario {
    /// The main scenarios: a minute, with the trigger from second 10 to 15.
    pub(crate) fn of(clients: u64, trigger: Trigger) -> Self {
        Self {
            clients,
            load: Load::Steady(USUAL_PERCENT),
            trigger,
            queue: LONG_QUEUE,
            seconds: 60,
        }
    }

    pub(crate) fn servers(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_A_SERVER)
    }

    pub(crate) fn processes(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_A_PROCESS)
    }

    /// The requests that all servers can answer in 1,000 seconds.
    fn capacity(&self) -> u64 {
        self.servers() * capacity_in_thousandths()
    }

    /// The requests that all servers can answer in a second.
    pub(crate) fn capacity_a_second(&self) -> f64 {
        self.capacity() as f64 / 1_000.0
    }

    /// The calls at `ms`, in hundredths of a percent of the capacity.
    fn load_at(&self, ms: u64) -> u64 {
        let load = match self.load {
            Load::Steady(percent) => percent * 100,
            Load::Ramp(percent) => {
                let half = self.seconds * 500;
                percent * 100 * half.saturating_sub(ms.abs_diff(half)) / half
            }
        };
        let during = TRIGGER_MS.0 <= ms && ms < TRIGGER_MS.1;
        match self.trigger {
            Trigger::Spike if during => load * 3,
            _ => load,
        }
    }

    /// Returns the calls at `ms`, in percent of the capacity.
    pub(crate) fn percent_at(&self, ms: u64) -> u64 {
        self.load_at(ms).div_ceil(100)
    }

    /// The most that [`load_at`](Self::load_at) returns.
    fn peak(&self) -> u64 {
        let (Load::Steady(percent) | Load::Ramp(percent)) = self.load;
        match self.trigger {
            Trigger::Spike => percent * 300,
            _ => percent * 100,
        }
    }

    /// The time in which a client has one occasion to call, in milliseconds. At each it calls
    /// [this often](Self::calls_in_a_million).
    pub(crate) fn period_ms(&self) -> u64 {
        self.clients * 10_000 * 1_000_000 / (self.capacity() * self.peak())
    }

    /// In how many of a million occasions a client calls at `ms`.
    pub(crate) fn calls_in_a_million(&self, ms: u64) -> u64 {
        self.load_at(ms) * 1_000_000 / self.peak()
    }

    /// Returns the time until which no server begins with a request, if they stand still at `ms`.
    pub(crate) fn stands_still(&self, ms: u64) -> Option<u64> {
        let during = TRIGGER_MS.0 <= ms && ms < TRIGGER_MS.1;
        (self.trigger == Trigger::Outage && during).then_some(TRIGGER_MS.1)
    }

    pub(crate) fn ends_ms(&self) -> u64 {
        self.seconds * 1_000
    }
}
