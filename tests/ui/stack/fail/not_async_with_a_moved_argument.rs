//! A retried body runs again in place, in a function that is not async too.
use resil::retry;

fn send(order: String) -> Result<usize, String> {
    Err(order)
}

#[retry]
fn moved(order: String) -> Result<usize, String> {
    send(order)
}

#[retry]
fn changed(mut order: String) -> Result<usize, String> {
    order.push('a');
    Err(order.clone())
}

#[retry(clone(order))]
fn cloned(mut order: String) -> Result<usize, String> {
    order.push('a');
    send(order)
}

fn main() {}
