//! The expression is the user's, and rustc says at it what it should be.

use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, cost = items.len())]
async fn length(items: &[u8]) -> Result<usize, resil::Error> {
    Ok(items.len())
}

#[rate_limit(max = 100, per = 1s, cost = itms.len() as u32)]
async fn slip(items: &[u8]) -> Result<usize, resil::Error> {
    Ok(items.len())
}

fn main() {}
