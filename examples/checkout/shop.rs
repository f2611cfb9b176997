//! The shop's call to its provider: as resil makes it, and as it is without.

use resil::{circuit, idempotent, retry, timeout};

use crate::client::{Client, PayError};
use crate::provider::{Order, Receipt};

/// Charges an order, however bad the network is.
///
/// Outermost first: a double click shares one charge; in an outage calls are refused at once; three
/// seconds for everything; five attempts, at the provider's own pace where it asks for one, which
/// is why `cap` lies above the second that it asks for; 400 ms for each. The budget is made for
/// weather in which a quarter of all requests fail: the default is made for better days, and would
/// stop the retries.
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

/// The same body with no attribute.
pub(crate) async fn charge_bare(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order);
    provider
        .receipt(request.header("Idempotency-Key", &order.id))
        .await
}

/// And with no key: what a provider is sent where nobody has thought of one.
pub(crate) async fn charge_keyless(provider: &Client, order: &Order) -> Result<Receipt, PayError> {
    let request = provider.request(order);
    provider.receipt(request).await
}
