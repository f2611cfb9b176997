//! One run: the clients of all processes call the servers, for a minute or two of paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::dice::Dice;
use crate::policies::{CallError, Policy, Process, fill_budget, hedges_alone};
use crate::record::{End, Record, Recorder};
use crate::scenario::{CLIENTS_A_PROCESS, Scenario, WORKERS};
use crate::server::{Server, TurnedAway, work};
use crate::time::Clock;

/// After the last call has begun, all calls end within so many milliseconds.
const TAIL_MS: u64 = 5_000;

/// Runs the fleet. The same arguments give the same record, byte by byte.
pub(crate) fn run(scenario: Scenario, policy: Policy, seed: u64) -> Record {
    let _alone = hedges_alone(policy);
    // The random numbers of resil on this thread: the jitter of delays and of open times.
    resil_runtime::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be made");
    runtime.block_on(simulate(scenario, policy, seed))
}

async fn simulate(scenario: Scenario, policy: Policy, seed: u64) -> Record {
    fill_budget(policy).await;
    let clock = Clock::start();
    let dice = Arc::new(Dice::new(seed));
    let record = Recorder::new(scenario.seconds);
    let servers: Arc<[_]> = (0..scenario.servers())
        .map(|_| Arc::new(Server::new(&scenario)))
        .collect();
    for server in &*servers {
        for _ in 0..WORKERS {
            let (server, dice) = (server.clone(), dice.clone());
            tokio::spawn(work(server, scenario, clock, dice, record.clone()));
        }
    }
    tokio::spawn(watch(servers.clone(), scenario, clock, record.clone()));
    for process in processes(scenario, policy) {
        for _ in 0..CLIENTS_A_PROCESS.min(scenario.clients) {
            let world = World {
                servers: servers.clone(),
                clock,
                dice: dice.clone(),
                record: record.clone(),
            };
            tokio::spawn(client(process.clone(), world, scenario));
        }
    }
    clock.sleep_until(scenario.ends_ms() + TAIL_MS).await;
    record.finish()
}

fn processes(scenario: Scenario, policy: Policy) -> Vec<Arc<Process>> {
    // The state of a stack belongs to its name, and each run begins with new ones.
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Relaxed);
    (0..scenario.processes())
        .map(|n| Arc::new(Process::new(policy, &format!("storm-{run}.{n}"))))
        .collect()
}

/// What a client knows.
struct World {
    servers: Arc<[Arc<Server>]>,
    clock: Clock,
    dice: Arc<Dice>,
    record: Recorder,
}

impl World {
    /// Sends one request to one of the servers, and waits for its answer.
    async fn request(&self) -> Result<(), CallError> {
        let last = self.servers.len() as u64 - 1;
        let server = usize::try_from(self.dice.between(0, last)).unwrap_or(0);
        self.record.sent(self.clock.ms());
        let answer = self.servers[server].send();
        let answer = answer.map_err(|TurnedAway| CallError::Busy)?;
        answer.await.map_err(|_| CallError::Busy)
    }
}

/// One client. It calls at its own times, whether or not its last call has gone well: customers do not come
/// less often because the ones before them were turned away.
async fn client(process: Arc<Process>, world: World, scenario: Scenario) {
    let World {
        clock,
        dice,
        record,
        ..
    } = &world;
    let period = scenario.period_ms();
    let phase = dice.between(0, period - 1);
    // Once in each period, at a random time of it: so that as many may call in one second as in any other.
    for begins in (0..).map(|n| n * period) {
        let Some(at) = (begins + dice.between(0, period - 1)).checked_sub(phase) else {
            continue;
        };
        if at >= scenario.ends_ms() {
            return;
        }
        clock.sleep_until(at).await;
        let began = clock.ms();
        if dice.in_a_million(scenario.calls_in_a_million(began)) {
            let outcome = process.call(|| world.request()).await;
            let end = match outcome {
                Ok(()) => End::Answered,
                Err(CallError::Resil(
                    resil::Error::CircuitOpen { .. } | resil::Error::BulkheadFull { .. },
                )) => End::Refused,
                Err(_) => End::Failed,
            };
            record.ended(began, clock.ms(), end);
        }
    }
}

/// Counts what is queued at the end of each second.
async fn watch(servers: Arc<[Arc<Server>]>, scenario: Scenario, clock: Clock, record: Recorder) {
    for second in 0..scenario.seconds {
        clock.sleep_until((second + 1) * 1_000).await;
        let queued = servers.iter().map(|server| server.queued() as u64).sum();
        record.queued(second, queued);
    }
}
