//! The rules between options hold for constants too: the compiler judges them, at the constant.
use std::time::Duration;

use resil::retry;

const SHORT: Duration = Duration::from_millis(3);
const LONG: Duration = Duration::from_secs(30);
const MANY: u32 = 200;

#[retry(base = LONG)]
async fn above_the_default_cap() -> Result<u32, String> {
    Ok(1)
}

#[retry(cap = SHORT)]
async fn below_the_default_base() -> Result<u32, String> {
    Ok(1)
}

#[retry(base = 3s, cap = SHORT)]
async fn above_the_cap() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = 4, within = SHORT)]
async fn within_less_than_the_first_delay() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = MANY)]
async fn more_than_the_budget_pays_for() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capacity = 5, cost = MANY))]
async fn a_budget_that_pays_for_none() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
