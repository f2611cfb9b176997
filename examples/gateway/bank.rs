//! The bank: it keeps the book, and charges an order once for each key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use resil::http::server::IdempotencyKeyLayer;
use resil::idempotency::{Conflict, IdempotentPolicy};
use tokio::time::sleep;

/// The book: how often each order was charged.
#[derive(Default)]
pub(crate) struct Bank(Mutex<HashMap<String, u32>>);

impl Bank {
    /// Returns how often an order was charged.
    pub(crate) fn charged(&self, order: &str) -> u32 {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.get(order).copied().unwrap_or_default()
    }
}

pub(crate) fn router(bank: Arc<Bank>) -> Router {
    // The backends are one caller: a charge that one of them has begun is another one's too.
    let keys = IdempotencyKeyLayer::new("bank", |_| Some("shop".to_owned()))
        .policy(IdempotentPolicy::new().conflict(Conflict::Wait))
        .required(true);
    Router::new()
        .route("/charges", post(charge))
        .with_state(bank)
        .layer(keys)
}

/// Charges at once and answers late: a backend that is killed in between has charged, and knows nothing of it.
async fn charge(State(bank): State<Arc<Bank>>, order: String) -> StatusCode {
    {
        let mut book = bank.0.lock().unwrap_or_else(PoisonError::into_inner);
        *book.entry(order).or_default() += 1;
    }
    sleep(Duration::from_millis(10)).await;
    StatusCode::CREATED
}
