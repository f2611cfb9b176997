//! The faults, and when they come: a deck that is dealt one per request, and one outage.
//!
//! A fault drawn by chance would now and then not come at all, and a run that proves nothing would
//! look like one that does. So each stretch of requests meets every kind of fault a fixed number
//! of times and only their order is shuffled, by a seed: the same bad weather every run.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::sync::watch;
use tokio::time::sleep;

/// The fate of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered.
    Fair,
    /// The connection is reset in the middle of an answer, with nothing charged.
    ResetBefore,
    /// The charge is made, then the connection is reset in the middle of the receipt.
    ResetAfter,
    /// Never answered, nothing charged.
    HangBefore,
    /// The charge is made and never answered.
    HangAfter,
    /// The charge is made, then the receipt comes a few bytes at a time: too lively for a read
    /// timeout, too slow to wait for.
    Drip,
    /// 503, nothing charged.
    Unavailable,
    /// 429 with `Retry-After: 1`, nothing charged.
    TooMany,
}

impl Fault {
    /// A quarter of all requests go wrong: 8 of 32.
    const DECK: [(Self, usize); 8] = [
        (Self::Fair, 24),
        (Self::ResetBefore, 1),
        (Self::ResetAfter, 1),
        (Self::HangBefore, 1),
        (Self::HangAfter, 1),
        (Self::Drip, 1),
        (Self::Unavailable, 2),
        (Self::TooMany, 1),
    ];

    /// The faults in the order in which the report shows them, with their headings.
    pub(crate) const SHOWN: [(Self, &str, &str); 7] = [
        (Self::ResetBefore, "reset", "before"),
        (Self::ResetAfter, "reset", "after"),
        (Self::HangBefore, "hang", "before"),
        (Self::HangAfter, "hang", "after"),
        (Self::Drip, "drip", "after"),
        (Self::Unavailable, "", "503"),
        (Self::TooMany, "", "429"),
    ];

    /// Whether the client is left in doubt: has it been charged or not?
    fn in_doubt(self) -> bool {
        matches!(self, Self::ResetBefore | Self::HangBefore) || self.after_charge()
    }

    fn after_charge(self) -> bool {
        matches!(self, Self::ResetAfter | Self::HangAfter | Self::Drip)
    }
}

/// The weather over one provider. All providers get the same deck.
pub(crate) struct Weather {
    deck: Vec<Fault>,
    dealt: AtomicUsize,
    made: [AtomicUsize; Fault::DECK.len()],
}

impl Weather {
    /// How many stretches are shuffled before the deck begins again: more than a run needs.
    const STRETCHES: usize = 128;

    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut deck = Vec::new();
        for _ in 0..Self::STRETCHES {
            let mut stretch: Vec<Fault> = Fault::DECK
                .into_iter()
                .flat_map(|(fault, n)| std::iter::repeat_n(fault, n))
                .collect();
            stretch.shuffle(&mut rng);
            deck.extend(stretch);
        }
        Self {
            deck,
            dealt: AtomicUsize::new(0),
            made: Default::default(),
        }
    }

    /// The fault for the next request.
    pub(crate) fn deal(&self) -> Fault {
        self.deck[self.dealt.fetch_add(1, Relaxed) % self.deck.len()]
    }

    /// Counts a fault where it is acted out, which a client that has gone may have prevented.
    pub(crate) fn made(&self, fault: Fault) {
        self.made[fault as usize].fetch_add(1, Relaxed);
    }

    /// How often `fault` was acted out.
    pub(crate) fn count(&self, fault: Fault) -> usize {
        self.made[fault as usize].load(Relaxed)
    }

    /// Of the hangs and resets, how many per cent came after the charge.
    pub(crate) fn share_after_charge(&self) -> usize {
        let sum = |pick: fn(Fault) -> bool| -> usize {
            let picked = Fault::SHOWN.iter().filter(|(fault, ..)| pick(*fault));
            picked.map(|(fault, ..)| self.count(*fault)).sum()
        };
        100 * sum(Fault::after_charge) / sum(Fault::in_doubt).max(1)
    }
}

/// Takes all providers down once, and up again. `true` in the channel means up. Never returns.
///
/// The outage is so long that neither the retries of one call nor an impatient customer's clicks outlast
/// it.
pub(crate) async fn outage(up: watch::Sender<bool>) {
    sleep(Duration::from_millis(1_200)).await;
    up.send_replace(false);
    sleep(Duration::from_millis(1_500)).await;
    up.send_replace(true);
    std::future::pending::<()>().await;
}
