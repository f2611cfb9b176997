//! Every setting as a constant of the type: `Self::X` where the type has no parameter, `const { }`
//! over what has; in parentheses and with `=`.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{CircuitState, Error, breaker, circuit};

struct Ledger;

impl Ledger {
    const ROW: u32 = 3;
    const RATE: f64 = 0.75;
    const WINDOW: Duration = Duration::from_secs(10);
    const OPEN: Duration = Duration::from_secs(1);

    #[circuit(
        name("ledger"),
        failures(Self::ROW),
        failure_rate(Self::RATE),
        window(Self::WINDOW),
        min_calls(const { Self::ROW * 2 }),
        slow(5s),
        slow_rate(Self::RATE),
        open_for(Self::OPEN),
        open_max(Self::OPEN),
        probes(1),
        key(account),
        max_keys(2)
    )]
    async fn book(
        &self,
        account: u32,
        cents: Result<i64, std::io::ErrorKind>,
    ) -> std::io::Result<i64> {
        Ok(cents?)
    }
}

struct Pool<const N: u32>;

impl<const N: u32> Pool<N> {
    #[circuit(name = "pool", failures = const { N })]
    async fn lend(&self, free: u32) -> eyre::Result<u32> {
        eyre::ensure!(free > 0, "none of {N} is free");
        Ok(free)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    for _ in 0..3 {
        assert!(
            Ledger
                .book(1, Err(std::io::ErrorKind::TimedOut))
                .await
                .is_err()
        );
    }
    assert_eq!(breaker("ledger").key(1).state(), CircuitState::Open);
    assert_eq!(Ledger.book(2, Ok(5)).await.ok(), Some(5));
    // A third account, while one place is open and one idle: the idle one goes.
    assert_eq!(Ledger.book(3, Ok(6)).await.ok(), Some(6));
    assert_eq!(breaker("ledger").keys().len(), 2);
    for _ in 0..2 {
        assert_eq!(
            Pool::<2>.lend(0).await.unwrap_err().to_string(),
            "none of 2 is free"
        );
    }
    let refused = Pool::<2>.lend(1).await.unwrap_err();
    assert!(matches!(
        refused.downcast_ref(),
        Some(Error::CircuitOpen { name: "pool", .. })
    ));
}
