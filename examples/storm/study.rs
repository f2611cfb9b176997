//! All runs of the study, and what they say: the tables, the charts and the test read it here.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::fleet;
use crate::policies::Policy;
use crate::record::Record;
use crate::scenario::{Load, SHORT_QUEUE, Scenario, Trigger};

/// How large the study is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// The clients of the outage.
    pub(crate) clients: u64,
    /// The clients of the other scenarios: with as many servers for each client, they show the same.
    pub(crate) fewer: u64,
    /// The utilisations of the sweep, in percent.
    pub(crate) sweep: &'static [u64],
}

/// The policies of the sweep.
pub(crate) const SWEPT: [Policy; 8] = [
    Policy::Naive,
    Policy::Copies,
    Policy::Hedge,
    Policy::Budget,
    Policy::Once,
    Policy::Circuit,
    Policy::Bulkhead,
    Policy::Usual,
];

/// The policies of the ramp.
pub(crate) const RAMPED: [Policy; 3] = [Policy::Once, Policy::Naive, Policy::Usual];

#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) policy: Policy,
    pub(crate) record: Record,
}

pub(crate) struct Study {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    /// The servers stand still for five seconds: a run a policy.
    pub(crate) outage: Vec<Run>,
    /// Three times as many calls for five seconds: a run a policy.
    pub(crate) spike: Vec<Run>,
    /// The outage with naive retries, before servers with a short queue.
    pub(crate) short_queue: Run,
    /// The outage at each utilisation, a policy after the other.
    pub(crate) sweep: Vec<Run>,
    /// The load rises, and falls again.
    pub(crate) ramp: Vec<Run>,
}

impl Study {
    /// Does all runs, on as many threads as there are cores. How many these are changes no figure.
    pub(crate) fn run(size: Size, seed: u64) -> Self {
        let main = |clients, trigger| {
            let scenario = Scenario::of(clients, trigger);
            Policy::ALL.map(|policy| (scenario, policy)).to_vec()
        };
        let short_queue = Scenario {
            queue: SHORT_QUEUE,
            ..Scenario::of(size.fewer, Trigger::Outage)
        };
        let sweep = SWEPT.iter().flat_map(|&policy| {
            size.sweep.iter().map(move |&percent| {
                let scenario = Scenario {
                    load: Load::Steady(percent),
                    seconds: 75,
                    ..Scenario::of(size.fewer, Trigger::Outage)
                };
                (scenario, policy)
            })
        });
        let ramp = Scenario {
            load: Load::Ramp(110),
            seconds: 480,
            ..Scenario::of(1_000, Trigger::Nothing)
        };
        let parts = [
            main(size.clients, Trigger::Outage),
            main(size.fewer, Trigger::Spike),
            vec![(short_queue, Policy::Naive)],
            sweep.collect(),
            RAMPED.map(|policy| (ramp, policy)).to_vec(),
        ];
        let lengths = parts.each_ref().map(Vec::len);
        let mut runs = all(&parts.concat(), seed).into_iter();
        let [outage, spike, short_queue, sweep, ramp] =
            lengths.map(|length| runs.by_ref().take(length).collect::<Vec<_>>());
        Self {
            seed,
            size,
            outage,
            spike,
            short_queue: short_queue.into_iter().next().expect("there is one"),
            sweep,
            ramp,
        }
    }

    pub(crate) fn outage(&self, policy: Policy) -> &Run {
        find(&self.outage, policy)
    }

    pub(crate) fn spike(&self, policy: Policy) -> &Run {
        find(&self.spike, policy)
    }

    pub(crate) fn ramp(&self, policy: Policy) -> &Run {
        find(&self.ramp, policy)
    }

    /// Returns the runs of the sweep under `policy`: utilisation in percent, and the run.
    pub(crate) fn swept(&self, policy: Policy) -> impl Iterator<Item = (u64, &Run)> {
        let runs = self.sweep.iter().filter(move |run| run.policy == policy);
        self.size.sweep.iter().copied().zip(runs)
    }

    /// Returns the lowest utilisation of the sweep at which the fleet is not well in the end under `policy`.
    pub(crate) fn stays_down_from(&self, policy: Policy) -> Option<u64> {
        self.swept(policy)
            .find(|(_, run)| !run.record.is_well_at_last())
            .map(|(percent, _)| percent)
    }
}

fn find(runs: &[Run], policy: Policy) -> &Run {
    let run = runs.iter().find(|run| run.policy == policy);
    run.expect("there is a run for each policy")
}

/// Does the runs, and returns them in this order.
fn all(jobs: &[(Scenario, Policy)], seed: u64) -> Vec<Run> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![None; jobs.len()]);
    let worker = || {
        loop {
            let job = next.fetch_add(1, Relaxed);
            let Some(&(scenario, policy)) = jobs.get(job) else {
                return;
            };
            let record = fleet::run(scenario, policy, seed);
            let run = Run {
                scenario,
                policy,
                record,
            };
            done.lock().expect("no thread panics with it")[job] = Some(run);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    let done = done.into_inner().expect("a panic of a thread has come up");
    done.into_iter().flatten().collect()
}

/// The load of a ramp at which it is lost, and at which it comes back, in percent of the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hysteresis {
    /// Less than half of the calls are answered from here on, while the load rises or after.
    pub(crate) lost_at: Option<u64>,
    /// From here on all is well again, while the load falls.
    pub(crate) back_at: Option<u64>,
}

impl Run {
    /// The load and the answered calls in the course of the run, each in percent of the capacity, averaged
    /// over so many seconds.
    pub(crate) fn course(&self, seconds: usize) -> Vec<(f64, f64)> {
        let capacity = self.scenario.capacity_a_second() * seconds as f64 / 100.0;
        let chunks = self.record.seconds.chunks(seconds);
        let sums = chunks.map(|chunk| {
            chunk.iter().fold((0, 0), |(calls, answered), s| {
                (calls + s.calls, answered + s.answered)
            })
        });
        sums.map(|(calls, answered)| (calls as f64 / capacity, answered as f64 / capacity))
            .collect()
    }

    pub(crate) fn hysteresis(&self) -> Hysteresis {
        const SECONDS: usize = 8;
        let percent = |chunk: usize| {
            let middle = (chunk * SECONDS + SECONDS / 2) as u64 * 1_000;
            self.scenario.percent_at(middle)
        };
        let course = self.course(SECONDS);
        let is_down = |&(calls, answered): &(f64, f64)| answered < calls / 2.0;
        let lost = course.iter().position(is_down);
        // The first chunk after the last bad one, unless the run ends with it.
        let last = course.iter().rposition(is_down);
        let back = last.map(|last| last + 1).filter(|&n| n < course.len());
        Hysteresis {
            lost_at: lost.map(percent),
            back_at: back.map(percent),
        }
    }
}
