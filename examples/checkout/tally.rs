//! The numbers of a run, and a check that they are what resil promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use resil::CircuitState;
use resil::event::{Event, Subscription, subscribe};
use resil::idempotency::IdempotencyEvent;
use tokio::sync::mpsc;

use crate::load::{Plan, Shop};
use crate::weather::Fault;

/// The counts of resil's events. Only one of the three shops uses resil, so all of them are that shop's.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) retries: AtomicUsize,
    pub(crate) replays: AtomicUsize,
    pub(crate) refusals: AtomicUsize,
    pub(crate) timeouts: AtomicUsize,
}

impl Told {
    /// Counts resil's events from now on, and forwards the changes of its circuit.
    pub(crate) fn listen() -> (
        Arc<Self>,
        mpsc::UnboundedReceiver<CircuitState>,
        Subscription,
    ) {
        let told = Arc::new(Self::default());
        let (tell, turns) = mpsc::unbounded_channel();
        let counts = Arc::clone(&told);
        let subscription = subscribe(move |event| {
            let count = match event {
                Event::Retry { .. } => &counts.retries,
                Event::TimedOut { .. } => &counts.timeouts,
                Event::CircuitRefused { .. } => &counts.refusals,
                Event::Idempotency {
                    what: IdempotencyEvent::Replayed,
                    ..
                } => &counts.replays,
                Event::CircuitChanged { to, .. } => {
                    // The receiver is gone when the run is over.
                    _ = tell.send(*to);
                    return;
                }
                _ => return,
            };
            count.fetch_add(1, Relaxed);
        });
        (told, turns, subscription)
    }
}

/// A row of the closing table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) asked: usize,
    pub(crate) charges: usize,
    pub(crate) replays: usize,
    pub(crate) retries: usize,
    pub(crate) refusals: usize,
    pub(crate) timeouts: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) lost: usize,
    pub(crate) twice: usize,
}

impl Row {
    /// `told` holds the counts of resil's events, for the shop that uses it.
    pub(crate) fn new(name: &'static str, shop: &Shop, plan: &Plan, told: &Told) -> Self {
        let paid = shop.paid();
        let mut waits: Vec<Duration> = paid.values().copied().collect();
        waits.sort_unstable();
        // Money that was taken from a customer who has left without a receipt is lost as well.
        let lost = plan
            .orders()
            .filter(|order| shop.provider.charged(&order.id) == 0 || !paid.contains_key(&order.id));
        let by_client = shop.client.met.timeouts.load(Relaxed);
        Self {
            name,
            asked: shop.asked.load(Relaxed),
            charges: shop.provider.charges(),
            replays: shop.provider.replays() + told.replays.load(Relaxed),
            retries: told.retries.load(Relaxed),
            refusals: told.refusals.load(Relaxed),
            timeouts: by_client + told.timeouts.load(Relaxed),
            p50: quantile(&waits, 50),
            p99: quantile(&waits, 99),
            lost: lost.count(),
            twice: shop.provider.charged_twice(),
        }
    }
}

/// Returns the time below which so many per cent of `waits` are, which are sorted; zero if there is none.
pub(crate) fn quantile(waits: &[Duration], per_cent: usize) -> Duration {
    let at = waits.len().saturating_sub(1) * per_cent / 100;
    waits.get(at).copied().unwrap_or_default()
}

/// The weather over one shop: how often each fault of [`Fault::SHOWN`] was made.
#[derive(Debug)]
pub(crate) struct Storm {
    pub(crate) name: &'static str,
    pub(crate) refused: usize,
    pub(crate) made: [usize; Fault::SHOWN.len()],
    pub(crate) after_charge: usize,
}

impl Storm {
    pub(crate) fn new(name: &'static str, shop: &Shop) -> Self {
        let weather = &shop.provider.weather;
        Self {
            name,
            refused: shop.client.met.refused.load(Relaxed),
            made: Fault::SHOWN.map(|(fault, ..)| weather.count(fault)),
            after_charge: weather.share_after_charge(),
        }
    }
}

/// Returns every promise that the run has broken. `rows` and `storms` are those of the shop with resil,
/// of the one without attributes, and of the one without a key, in this order.
pub(crate) fn broken(rows: &[Row; 3], storms: &[Storm; 3], told: &Told) -> Vec<String> {
    let [with, without, keyless] = rows;
    let never = [
        ("with resil, orders lost", with.lost),
        ("with resil, orders charged twice", with.twice),
    ];
    let never = never.into_iter().filter(|(_, n)| *n > 0);
    let mut broken: Vec<String> = never.map(|(what, n)| format!("{what}: {n}")).collect();

    // Else the weather was not real, or nothing was there to meet it.
    let (replays, timeouts) = (told.replays.load(Relaxed), told.timeouts.load(Relaxed));
    let some = [
        ("with resil, orders asked", with.asked),
        ("with resil, charges made", with.charges),
        ("with resil, replays by resil", replays),
        (
            "with resil, replays by the provider",
            with.replays - replays,
        ),
        ("with resil, retries", with.retries),
        ("with resil, refusals by the circuit", with.refusals),
        ("with resil, timeouts by resil", timeouts),
        (
            "with resil, timeouts by the client",
            with.timeouts - timeouts,
        ),
        (
            "without attributes, orders lost or charged twice",
            without.lost + without.twice,
        ),
        ("without a key, orders lost", keyless.lost),
        ("without a key, orders charged twice", keyless.twice),
    ];
    let mut some: Vec<(String, usize)> = some.map(|(what, n)| (what.to_owned(), n)).into();
    some.extend(rows.iter().flat_map(|row| {
        [("p50", row.p50), ("p99", row.p99)].map(|(what, time)| {
            let millis = usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
            (format!("{}, {what} in ms", row.name), millis)
        })
    }));
    for storm in storms {
        let name = storm.name;
        some.push((format!("{name}, connections refused"), storm.refused));
        let made = storm.made.iter().zip(Fault::SHOWN);
        some.extend(made.map(|(n, (_, kind, when))| (format!("{name}, {kind} {when}"), *n)));
        some.push((
            format!("{name}, tenths of hangs and resets that follow the charge"),
            storm.after_charge / 10,
        ));
    }
    let none = some.into_iter().filter(|(_, n)| *n == 0);
    broken.extend(none.map(|(what, _)| format!("{what}: none")));
    broken
}
