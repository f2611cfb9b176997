//! What shapes the policy comes from the type that is called upon: `Self::X`, `T::X`,
//! `<T as Trait>::X`, `const { .. }` over a const generic.
#![deny(warnings, unused_qualifications)]
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::{Jitter, RetryPolicy, retry};

trait Region {
    const MAX: u32;
    const POLICY: RetryPolicy = RetryPolicy::new().jitter(Jitter::None);
}

struct Near;
struct Far;

impl Region for Near {
    const MAX: u32 = 2;
}

impl Region for Far {
    const MAX: u32 = 5;
}

struct Client<R, const SPARE: u32> {
    runs: AtomicU32,
    region: PhantomData<R>,
}

impl<R: Region, const SPARE: u32> Client<R, SPARE> {
    const BASE: Duration = Duration::from_millis(20);

    const fn new() -> Self {
        Self {
            runs: AtomicU32::new(0),
            region: PhantomData,
        }
    }

    #[retry(
        policy = R::POLICY, max = R::MAX, base = Self::BASE,
        cap = const { Self::BASE.saturating_mul(4) }
    )]
    async fn ping(&self) -> Result<(), u32> {
        Err(self.runs.fetch_add(1, Relaxed) + 1)
    }

    #[retry(
        max = const { 1 + SPARE }, base = Self::BASE, budget = (capacity = const { SPARE * 5 })
    )]
    async fn probe(&self) -> Result<(), u32> {
        Err(self.runs.fetch_add(1, Relaxed) + 1)
    }

    #[retry(max = <R as Region>::MAX, base = Self::BASE, budget = off)]
    async fn trace(&self) -> Result<(), u32> {
        Err(self.runs.fetch_add(1, Relaxed) + 1)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(Client::<Near, 1>::new().ping().await, Err(2));
    assert_eq!(Client::<Far, 1>::new().ping().await, Err(5));
    assert_eq!(Client::<Far, 3>::new().probe().await, Err(4));
    assert_eq!(Client::<Near, 3>::new().trace().await, Err(2));
}
