//! The customers: when they come, which of them click twice, and when they give up.
//!
//! Every shop gets the same customers. They are about ten times as fast as real ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::{Client, PayError};
use crate::provider::{Order, Provider, Receipt};
use crate::shop;

/// The number of customers, with one order each.
pub(crate) const ORDERS: usize = 400;
/// The time over which they come.
const OPENING_HOURS: Duration = Duration::from_secs(5);
/// One of so many customers clicks twice.
const DOUBLE_CLICK_EVERY: usize = 5;
/// A customer who gets an error page clicks again this soon ..
const PAUSE: Duration = Duration::from_millis(200);
/// .. and leaves for good after so many error pages.
const ERROR_PAGES: u32 = 5;
/// A customer who is told when to come back does so, until this has passed since they came.
const PATIENCE: Duration = Duration::from_secs(8);

/// One customer's visit.
#[derive(Debug)]
struct Visit {
    at: Duration,
    order: Order,
    /// How long after the first click the second comes.
    second_click: Option<Duration>,
}

/// The visits of all customers: made once, and the same for every shop.
pub(crate) struct Plan(Vec<Visit>);

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let every = OPENING_HOURS / u32::try_from(ORDERS).unwrap_or(u32::MAX);
        let mut at = Duration::ZERO;
        let visits = (0..ORDERS).map(|n| {
            at += every.mul_f64(rng.random_range(0.5..1.5));
            Visit {
                at,
                order: Order {
                    id: format!("order-{n:04}"),
                    cents: rng.random_range(100..20_000),
                },
                // Some click twice by accident, others look at the page for a while first.
                second_click: (n % DOUBLE_CLICK_EVERY == 0)
                    .then(|| Duration::from_millis(rng.random_range(0..600))),
            }
        });
        Self(visits.collect())
    }

    pub(crate) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.0.iter().map(|visit| &visit.order)
    }
}

/// How a shop makes its call to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// The annotated function.
    Resil,
    /// The same function without attributes.
    Bare,
    /// The same function without attributes and without an idempotency key.
    Keyless,
}

/// A shop, its provider, and the experience of its customers.
pub(crate) struct Shop {
    call: Call,
    pub(crate) client: Client,
    pub(crate) provider: Provider,
    pub(crate) asked: AtomicUsize,
    pub(crate) gave_up: AtomicUsize,
    /// From the first click to the receipt, for each order that got one.
    waits: Mutex<HashMap<String, Duration>>,
}

impl Shop {
    pub(crate) fn new(call: Call, provider: Provider) -> reqwest::Result<Self> {
        Ok(Self {
            call,
            client: Client::new(provider.addr)?,
            provider,
            asked: AtomicUsize::default(),
            gave_up: AtomicUsize::default(),
            waits: Mutex::default(),
        })
    }

    /// The customers that got a receipt, and after how long.
    pub(crate) fn paid(&self) -> MutexGuard<'_, HashMap<String, Duration>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn charge(&self, order: &Order) -> Result<Receipt, PayError> {
        match self.call {
            Call::Resil => shop::charge(&self.client, order).await,
            Call::Bare => shop::charge_bare(&self.client, order).await,
            Call::Keyless => shop::charge_keyless(&self.client, order).await,
        }
    }

    /// Serves all customers of `plan`, until the last has left.
    pub(crate) async fn serve(self: Arc<Self>, plan: Arc<Plan>) {
        let opens = Instant::now();
        let mut customers = JoinSet::new();
        for n in 0..plan.0.len() {
            sleep_until(opens + plan.0[n].at).await;
            let (shop, plan) = (Arc::clone(&self), Arc::clone(&plan));
            customers.spawn(async move { shop.visit(&plan.0[n]).await });
        }
        customers.join_all().await;
    }

    async fn visit(&self, visit: &Visit) {
        self.asked.fetch_add(1, Relaxed);
        let came = Instant::now();
        let second = async {
            match visit.second_click {
                Some(after) => {
                    sleep(after).await;
                    self.click(&visit.order, came).await
                }
                None => false,
            }
        };
        let paid = tokio::join!(self.click(&visit.order, came), second);
        if paid == (false, false) {
            self.gave_up.fetch_add(1, Relaxed);
        }
    }

    /// Tries until there is a receipt or the customer gives up; true if there is a receipt.
    async fn click(&self, order: &Order, came: Instant) -> bool {
        let mut error_pages = 0;
        loop {
            let told = match self.charge(order).await {
                Ok(_) => {
                    let mut paid = self.paid();
                    paid.entry(order.id.clone())
                        .or_insert_with(|| came.elapsed());
                    return true;
                }
                Err(e) => e.retry_after(),
            };
            let wait = told.unwrap_or_else(|| {
                error_pages += 1;
                PAUSE
            });
            if error_pages == ERROR_PAGES || came.elapsed() + wait > PATIENCE {
                return false;
            }
            sleep(wait).await;
        }
    }
}
