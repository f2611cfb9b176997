//! The four strategies, a factor that is no integer, a cap, a list: what is written is waited.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::retry;
use tokio::time::Instant;

const GROWTH: f64 = 1.5;
const FIRST: Duration = Duration::from_secs(1);

macro_rules! delays {
    ($($name:ident: $expected:expr, #[$meta:meta])*) => {$(
        {
            #[$meta]
            async fn $name(at: &mut Vec<Instant>) -> Result<(), &'static str> {
                at.push(Instant::now());
                Err("503")
            }
            let mut at = Vec::new();
            assert_eq!($name(&mut at).await, Err("503"));
            let waited: Vec<u128> = at.windows(2).map(|w| (w[1] - w[0]).as_millis()).collect();
            assert_eq!(waited, $expected, stringify!($name));
        }
    )*};
}

#[tokio::test(start_paused = true)]
async fn main() {
    delays! {
        constant: [100, 100], #[retry(constant, jitter = none)]
        linear: [100, 200, 300, 400], #[retry(linear, max = 5, jitter = none)]
        exponential: [1_000, 1_500, 2_250], #[retry(max = 4, base = FIRST, factor = GROWTH, jitter = none)]
        tripled: [10, 30, 90], #[retry(exponential, max = 4, base = 10ms, factor = 3, jitter(none))]
        fibonacci: [1_000, 1_000, 2_000, 3_000, 5_000], #[retry(fibonacci, max = 6, base = 1s, jitter = none)]
        capped: [1_000, 2_000, 2_500, 2_500], #[retry(max = 5, base = 1s, cap = 2.5s, jitter = none)]
        listed: [0, 50, 1_000, 1_000], #[retry(delays = [0s, 50ms, FIRST], max = 5)]
        computed: [3_000, 90_000], #[retry(delays = [FIRST.saturating_mul(3), 1m30s], max = 3)]
    }
}
