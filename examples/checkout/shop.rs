//! The shop's call to its provider, with resil and without.

use resil::{circuit, idempotent, retry, timeout};

use crate::client::{Client, PayError};
use crate::provider::{Order, Receipt};

/// Charges an order, however bad the network is.
///
/// Outermost first:
///
/// * A double click shares one charge.
/// * In an outage calls are refused at once.
/// * The whole call takes three seconds at most.
/// * There are up to five attempts. Where the provider asks for a pause it gets it: `cap` is above the
///   second that it asks for. The budget is larger than the default, which would stop the retries where a
///   quarter of all requests fail.
/// * Each attempt takes 400 ms at most.
#[idempotent(key = order.id, name = "checkout.charge")]
#[circuit(
    name = "provider",
    failure_rate = 50%,
    window = 20,
    open_for = 300ms,
    open_max = 300ms,
    ignore(PayError::Refused(_)),
)]
#[timeout(3s)]
#[retry(
    exponential,
    max = 5,
    base = 20ms,
    cap = 1500ms,
    retry_after = PayError::retry_after,
    unless(PayError::Refused(_)),
    budget = (capacity = 5_000, cost = 5),
)]
#[timeout(400ms)]
pub(crate) async fn charge(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order);
    provider
        .receipt(request.header("Idempotency-Key", &order.id))
        .await
}

/// The same body without attributes.
pub(crate) async fn charge_bare(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order);
    provider
        .receipt(request.header("Idempotency-Key", &order.id))
        .await
}

/// The same body without attributes and without a key.
pub(crate) async fn charge_keyless(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order);
    provider.receipt(request).await
}
