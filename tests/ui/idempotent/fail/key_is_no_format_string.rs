//! All calls would have one key, and get the first one's result.
use resil::idempotent;

#[idempotent(key = "pay-{order}")]
async fn whole(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

#[idempotent(key = (user, "{order}"))]
async fn part(user: u32, order: u32) -> Result<u32, resil::Error> {
    Ok(user + order)
}

fn main() {}
