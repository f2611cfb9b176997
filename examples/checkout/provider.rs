//! A payment provider: an axum server with books, under bad weather.
//!
//! A request whose `Idempotency-Key` was charged before gets the first receipt again. A request without
//! a key is charged each time it comes. The report counts by the books.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::weather::{Fault, Weather};
use crate::wire::{Front, Line};

/// A charge that a shop asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) cents: u32,
}

/// The acknowledgement of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) order: String,
    pub(crate) charge: u64,
    pub(crate) cents: u32,
}

/// A running provider. It runs until the runtime ends.
pub(crate) struct Provider {
    pub(crate) addr: SocketAddr,
    pub(crate) weather: Arc<Weather>,
    books: Arc<Books>,
}

impl Provider {
    pub(crate) fn start(weather: Weather, up: watch::Receiver<bool>) -> io::Result<Self> {
        let front = Front::new(up)?;
        let provider = Self {
            addr: front.addr(),
            weather: Arc::new(weather),
            books: Arc::default(),
        };
        let desk = Desk {
            weather: Arc::clone(&provider.weather),
            books: Arc::clone(&provider.books),
        };
        let app = Router::new()
            .route("/charges", post(charge))
            .with_state(desk);
        let app = app.into_make_service_with_connect_info::<Line>();
        tokio::spawn(async move { axum::serve(front, app).await });
        Ok(provider)
    }

    /// How many charges were made.
    pub(crate) fn charges(&self) -> usize {
        self.books.open().charges.values().sum()
    }

    /// How many requests were answered with the receipt of an earlier charge.
    pub(crate) fn replays(&self) -> usize {
        self.books.open().replays
    }

    /// How often an order was charged.
    pub(crate) fn charged(&self, order: &str) -> usize {
        self.books.open().charges.get(order).copied().unwrap_or(0)
    }

    /// How many orders were charged more than once.
    pub(crate) fn charged_twice(&self) -> usize {
        let books = self.books.open();
        books.charges.values().filter(|times| **times > 1).count()
    }
}

#[derive(Default)]
struct Books(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_key: HashMap<String, Receipt>,
    /// How often each order was charged.
    charges: HashMap<String, usize>,
    last: u64,
    replays: usize,
}

impl Books {
    fn open(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn charge(&self, order: &Order, key: Option<&str>) -> Receipt {
        let mut books = self.open();
        if let Some(first) = key.and_then(|key| books.by_key.get(key)).cloned() {
            books.replays += 1;
            return first;
        }
        books.last += 1;
        *books.charges.entry(order.id.clone()).or_default() += 1;
        let receipt = Receipt {
            order: order.id.clone(),
            charge: books.last,
            cents: order.cents,
        };
        if let Some(key) = key {
            books.by_key.insert(key.to_owned(), receipt.clone());
        }
        receipt
    }
}

#[derive(Clone)]
struct Desk {
    weather: Arc<Weather>,
    books: Arc<Books>,
}

/// `POST /charges`.
async fn charge(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Response {
    let fault = desk.weather.deal();
    // 5 to 19 ms of thought, the same for the same order.
    sleep(Duration::from_millis(5 + u64::from(order.cents % 15))).await;
    desk.weather.made(fault);

    match fault {
        Fault::Unavailable => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        // The header counts in whole seconds.
        Fault::TooMany => {
            return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response();
        }
        // hyper drops this where it stands when the client hangs up.
        Fault::HangBefore => return std::future::pending().await,
        Fault::ResetBefore => {
            line.cut();
            return "an answer that was begun, and a charge that was not".into_response();
        }
        Fault::Fair | Fault::ResetAfter | Fault::HangAfter | Fault::Drip => {}
    }

    let key = headers.get("Idempotency-Key");
    let receipt = desk
        .books
        .charge(&order, key.and_then(|key| key.to_str().ok()));
    match fault {
        Fault::HangAfter => std::future::pending().await,
        Fault::ResetAfter => line.cut(),
        Fault::Drip => line.drip(),
        _ => {}
    }
    Json(receipt).into_response()
}
