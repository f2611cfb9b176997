//! Holds a store to the contract of [`LimitStore`]: random sequences of steps, each answer compared with
//! that of [`TakeRequest::step`] at the store's own time.

use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use resil_runtime::clock;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::rate_limit::store::{LimitKey, LimitState, LimitStore, TakeAnswer, TakeRequest};

/// Runs `sequences` random sequences of steps on `store`, each with a key of its own, on the runtime of
/// the caller. One takes about 20 ms.
///
/// # Panics
///
/// Panics at the first answer that breaks the contract, or if the store gives an error. The message has
/// the seed.
pub async fn check(store: &dyn LimitStore, sequences: u32) {
    for _ in 0..sequences {
        let seed = rand::random();
        sequence(store, seed).await;
    }
}

/// What the steps that were taken have left behind.
struct Model {
    kept: Option<LimitState>,
    seed: u64,
}

impl Model {
    /// Checks one answer to `request`.
    fn answered(&mut self, request: &TakeRequest, answer: TakeAnswer) {
        let now = answer.state().at;
        let seed = self.seed;
        if let Some(kept) = self.kept {
            assert!(now >= kept.at, "seed {seed}: the clock went back");
        }
        let right = request.step(self.kept, now);
        assert_eq!(answer, right, "seed {seed}: {request:?} on {:?}", self.kept);
        if !matches!(answer, TakeAnswer::TooEarly { .. }) {
            self.kept = Some(answer.state());
        }
    }
}

async fn sequence(store: &dyn LimitStore, seed: u64) {
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut key = [0; 32];
    random.fill_bytes(&mut key);
    // No two runs of one seed meet.
    key[..8].copy_from_slice(&rand::random::<u64>().to_be_bytes());
    let key = LimitKey::new(key);
    let mut model = Model { kept: None, seed };
    let mut policy = any_policy(&mut random);
    // The calls that were told to wait, with what they left behind.
    let mut turns: Vec<(LimitState, u64)> = Vec::new();
    for _ in 0..random.random_range(5..25) {
        match random.random_range(0..10) {
            0 => pause(random.random_range(0..4_000)).await,
            1 if !turns.is_empty() => {
                let (turn, price) = turns.swap_remove(random.random_range(0..turns.len()));
                let given = store.give_back(&key, turn, price).await;
                let given = given.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                let is_last = model.kept == Some(turn);
                assert_eq!(
                    given, is_last,
                    "seed {seed}: a turn is given back if it is the last"
                );
                if is_last {
                    model.kept = Some(LimitState {
                        owed: turn.owed - price,
                        ..turn
                    });
                }
            }
            2 if random.random_bool(0.2) => policy = any_policy(&mut random),
            _ => {
                let cost = random.random_range(1..4);
                let patience = random.random_bool(0.6);
                let patience = patience.then(|| any_span(&mut random));
                let Some(request) = policy.request(cost, patience) else {
                    continue;
                };
                let answer = store.take(&key, &request).await;
                let answer = answer.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                model.answered(&request, answer);
                if let TakeAnswer::Turn { state, .. } = answer {
                    turns.push((state, request.price()));
                }
            }
        }
    }
}

async fn pause(micros: u64) {
    let until = clock::add(clock::now(), Duration::from_micros(micros));
    clock::sleep_until(until).await;
}

fn any_span(random: &mut impl Rng) -> Duration {
    Duration::from_micros(random.random_range(1..30_000))
}

struct AnyPolicy(RateLimitPolicy);

fn any_policy(random: &mut impl Rng) -> AnyPolicy {
    let max = [1, 3, 7, 100, 999, 30_000][random.random_range(0..6)];
    let per = Duration::from_micros(random.random_range(1..200_000));
    let policy = RateLimitPolicy::new().max(max).per(per);
    AnyPolicy(policy.burst(random.random_range(1..12)))
}

impl AnyPolicy {
    fn request(&self, cost: u32, patience: Option<Duration>) -> Option<TakeRequest> {
        let settings = self.0.settings()?;
        TakeRequest::new(&settings, cost, patience)
    }
}
