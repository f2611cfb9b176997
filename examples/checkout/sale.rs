//! The second scene: a sale. For two seconds five times as many customers come, and ask for a price
//! at a service that can serve only some of them.
//!
//! A service that gets more than it can serve works on requests whose customers have left, so that
//! soon nobody gets an answer in time. A bulkhead lets in as many as the service can serve, and a
//! fallback answers the others at once.

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use resil::{bulkhead, fallback, timeout};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::report::readable;
use crate::table::{Cell, Paint, Table};
use crate::tally::quantile;

/// The service works on so many requests at once, and on each for so long: 133 in a second.
const DESKS: usize = 4;
const WORK: Duration = Duration::from_millis(30);
/// Customers come at this rate ..
const EVERY: Duration = Duration::from_millis(16);
/// .. and at five times the rate during the storm, which follows the calm and is followed by it.
const CROWD: u32 = 5;
const CALM: Duration = Duration::from_secs(1);
const STORM: Duration = Duration::from_secs(2);
/// A customer who sees no price for so long leaves.
const PATIENCE: Duration = Duration::from_secs(1);
/// The number of articles.
const ARTICLES: u32 = 20;

/// Why there is no price.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PriceError {
    #[error("the price service was not reached")]
    Network(#[from] reqwest::Error),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// A price, and whether it is today's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    cents: u32,
    is_fresh: bool,
}

/// A shop's client for the price service, with the prices that it has seen.
pub(crate) struct Prices {
    http: reqwest::Client,
    url: String,
    seen: Mutex<HashMap<u32, u32>>,
}

impl Prices {
    fn new(service: SocketAddr) -> reqwest::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url: format!("http://{service}/price"),
            seen: Mutex::default(),
        })
    }

    async fn ask(&self, article: u32) -> Result<Price, PriceError> {
        let answer = self.http.get(format!("{}/{article}", self.url)).send();
        let cents = answer.await?.error_for_status()?.json().await?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(article, cents);
        Ok(Price {
            cents,
            is_fresh: true,
        })
    }

    /// Returns the price that was seen last, or the one in the printed catalogue.
    fn last_known(&self, article: u32) -> Price {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Price {
            cents: seen.get(&article).copied().unwrap_or(1_000 + article),
            is_fresh: false,
        }
    }
}

/// Returns the price of an article, whatever comes.
///
/// Outermost first:
///
/// * Whoever gets no answer sees the last known price.
/// * No more requests are on their way than the service works on; a few wait for a short time.
/// * A request takes 300 ms at most.
#[fallback(prices.last_known(article))]
#[bulkhead(max = 4, queue = 8, wait = 100ms)]
#[timeout(300ms)]
async fn price(prices: &Prices, article: u32) -> Result<Price, PriceError> {
    prices.ask(article).await
}

/// The same body without attributes.
async fn price_bare(prices: &Prices, article: u32) -> Result<Price, PriceError> {
    prices.ask(article).await
}

/// What the customers of one shop have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    fresh: usize,
    known: usize,
    lost: usize,
    waits: Vec<Duration>,
}

/// Runs the sale in two shops, prints what came of it, and returns the promises that were broken.
pub(crate) async fn run(paint: Paint) -> Result<Vec<String>, Box<dyn Error>> {
    println!(
        "\n{}\nFor two seconds five times as many customers ask for a price, more than the service can serve.\n",
        paint.bold("The sale")
    );
    let with = Arc::new(Prices::new(serve().await?)?);
    let without = Arc::new(Prices::new(serve().await?)?);
    let (with, without) = tokio::join!(
        customers(move |article| {
            let prices = Arc::clone(&with);
            async move { price(&prices, article).await }
        }),
        customers(move |article| {
            let prices = Arc::clone(&without);
            async move { price_bare(&prices, article).await }
        }),
    );
    Table {
        heads: vec![
            ["customers", ""],
            ["fresh", "price"],
            ["last known", "price"],
            ["", "p50"],
            ["", "p99"],
            ["customers", "lost"],
        ],
        rows: vec![("with resil", with.cells()), ("without", without.cells())],
    }
    .print(paint);
    println!("Lost: without a price for {PATIENCE:?}.");

    let wrong = [
        ("the sale with resil, customers lost", with.lost == 0),
        ("the sale with resil, fresh prices: none", with.fresh > 0),
        ("the sale with resil, known prices: none", with.known > 0),
        ("the sale without, customers lost: none", without.lost > 0),
    ];
    let wrong = wrong.into_iter().filter(|(_, kept)| !kept);
    Ok(wrong.map(|(what, _)| what.to_owned()).collect())
}

impl Seen {
    fn cells(&self) -> Vec<Cell> {
        let quantile = |per_cent| Cell::plain(readable(quantile(&self.waits, per_cent)));
        vec![
            Cell::count(self.fresh + self.known + self.lost),
            Cell::count(self.fresh),
            Cell::count(self.known),
            quantile(50),
            quantile(99),
            Cell::harm(self.lost),
        ]
    }
}

/// Starts a price service and returns its address. It runs until the runtime ends.
async fn serve() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/price/{article}", get(answer))
        .with_state(Arc::new(Semaphore::new(DESKS)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// `GET /price/{article}`. The work is done to its end, also if the customer has left.
async fn answer(
    State(desks): State<Arc<Semaphore>>,
    Path(article): Path<u32>,
) -> Result<Json<u32>, StatusCode> {
    let work = tokio::spawn(async move {
        let desk = desks.acquire().await;
        sleep(WORK).await;
        drop(desk);
        Json(900 + article)
    });
    work.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Lets all customers come to one shop, where `ask` shows a price.
async fn customers<F>(ask: impl Fn(u32) -> F) -> Seen
where
    F: Future<Output = Result<Price, PriceError>> + Send + 'static,
{
    let opens = Instant::now();
    let mut visits = JoinSet::new();
    let mut at = Duration::ZERO;
    let mut article = 0;
    while at < CALM + STORM + CALM {
        sleep_until(opens + at).await;
        let price = ask(article);
        visits.spawn(async move {
            let came = Instant::now();
            let price = tokio::time::timeout(PATIENCE, price).await;
            (price.ok().and_then(Result::ok), came.elapsed())
        });
        article = (article + 1) % ARTICLES;
        let in_storm = (CALM..CALM + STORM).contains(&at);
        at += if in_storm { EVERY / CROWD } else { EVERY };
    }
    let mut seen = Seen::default();
    for (price, wait) in visits.join_all().await {
        match price {
            Some(price) if price.is_fresh => seen.fresh += 1,
            Some(_) => seen.known += 1,
            None => {
                seen.lost += 1;
                continue;
            }
        }
        seen.waits.push(wait);
    }
    seen.waits.sort_unstable();
    seen
}
