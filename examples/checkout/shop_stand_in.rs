//! STAND-IN, to be deleted with `stand_in.rs`: `shop.rs` with the policies written by hand.
#![allow(clippy::pedantic)]

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::client::{Client, PayError};
use crate::provider::{Order, Receipt};
use crate::resil::{self, event::Event, event::emit, idempotency::IdempotencyEvent::Replayed};

pub(crate) async fn charge(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let claim = resil::claim(&order.id);
    let mut done = claim.lock().await;
    if let Some(receipt) = &*done {
        emit(Event::Idempotency { what: Replayed });
        return Ok(receipt.clone());
    }
    let permit = resil::enter()?;
    let out = timeout(Duration::from_secs(3), attempts(provider, order)).await;
    let out = out.unwrap_or_else(|_| {
        emit(Event::TimedOut {});
        Err(resil::Error::Timeout.into())
    });
    resil::record(permit, matches!(out, Ok(_) | Err(PayError::Refused(_))));
    if let Ok(receipt) = &out {
        *done = Some(receipt.clone());
    }
    out
}

async fn attempts(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let deadline = Instant::now() + Duration::from_secs(3);
    let mut attempt = 1;
    loop {
        let out = timeout(Duration::from_millis(400), charge_bare(provider, order)).await;
        let out = out.unwrap_or_else(|_| {
            emit(Event::TimedOut {});
            Err(resil::Error::Timeout.into())
        });
        let delay = match &out {
            Ok(_) | Err(PayError::Refused(_)) => return out,
            Err(e) => match e.retry_after() {
                Some(after) => after.mul_f64(1.0 + 0.1 * rand::random::<f64>()),
                None => Duration::from_millis(20 << (attempt - 1)).mul_f64(rand::random::<f64>()),
            },
        };
        if attempt == 5 || Instant::now() + delay >= deadline {
            return out;
        }
        emit(Event::Retry { attempt });
        attempt += 1;
        drop(out);
        sleep(delay).await;
    }
}

pub(crate) async fn charge_bare(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order).header("Idempotency-Key", &order.id);
    provider.receipt(request).await
}

pub(crate) async fn charge_keyless(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    provider.receipt(provider.request(order)).await
}
