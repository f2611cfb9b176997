//! The adaptive limit on scenarios that a seed makes: nobody has chosen them, and no constant was chosen by them.
//! `RESIL_SCENARIOS=30 cargo test --test bulkhead random -- --nocapture` runs that many, and says what each came to;
//! `docs/bulkhead-adaptive.md` has the result.

use super::held_out::Outcome;
use super::simulation::{Control, Load, Noise, Phase, phase, run, settings};
use super::*;

/// The seeds begin here: a number that nobody has chosen for what it gives, the date of the first run.
const FIRST: u64 = 20_261_129;

/// Numbers that follow from a seed (`SplitMix64`).
struct Random(u64);

impl Random {
    /// A number from `low` to `high`.
    fn number(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (z ^ (z >> 31)) % (high - low + 1)
    }
}

/// Returns the scenario of a seed: three to five capacities from 10 to 200, of which each is at least half and at
/// most twice the one before, for 8 to 14 s; a call takes 15 to 120 ms, and a third of the scenarios changes that by
/// up to a half on the way; 1.2 to 2 times the load that the server can bear; in half of them the time of each call
/// differs by up to 30 %.
fn scenario(seed: u64) -> (Vec<Phase>, Load) {
    let mut random = Random(seed);
    let count = random.number(3, 5);
    let service = random.number(15, 120);
    let changes = random.number(1, 3) == 1;
    let mut capacity = random.number(10, 200);
    let mut phases = Vec::new();
    for _ in 0..count {
        let service = if changes {
            service * random.number(50, 150) / 100
        } else {
            service
        };
        let seconds = random.number(8, 14);
        phases.push(phase(seconds, u32::try_from(capacity).unwrap(), service));
        capacity = random.number((capacity / 2).max(10), (capacity * 2).min(200));
    }
    let noise = if random.number(0, 1) == 0 {
        Noise::None
    } else {
        Noise::Even(u32::try_from(random.number(5, 30)).unwrap())
    };
    let load = Load {
        tenths: random.number(12, 20),
        noise,
        seed,
    };
    (phases, load)
}

/// How many scenarios are run.
fn scenarios() -> u64 {
    let given = std::env::var("RESIL_SCENARIOS").ok();
    given.map_or(1, |n| n.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_random_scenario_is_coped_with() {
    let (mut met, n) = (0, scenarios());
    for seed in FIRST..FIRST + n {
        let (phases, load) = scenario(seed);
        let name = |who| format!("random.{seed}.{who}");
        assert!(bulkhead(&name("perfect")).configure(settings().max(1)));
        let perfect = run(&name("perfect"), &phases, load, Control::Perfect).await;
        let adaptive = settings().adaptive(AdaptiveLimit::new());
        assert!(bulkhead(&name("adaptive")).configure(adaptive));
        let found = run(&name("adaptive"), &phases, load, Control::Adaptive).await;
        let outcome = Outcome::of(&found, &perfect);
        let meets = outcome.meets_the_bar();
        met += u64::from(meets);
        println!("{seed} {meets}: {outcome:.3?} {phases:?} {load:?}");
        // What each of the thirty kept to.
        assert!(outcome.is_useful(), "{seed}: {outcome:.3?}");
    }
    println!("{met} of {n} meet the bar");
}
