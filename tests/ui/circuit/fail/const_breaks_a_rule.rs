//! The rules between options hold for constants too: the compiler judges them, at the constant.
use std::time::Duration;

use resil::circuit;

const MANY: u32 = 200;
const SHORT: Duration = Duration::from_secs(3);

#[circuit(failure_rate = 50%, min_calls = MANY)]
async fn more_than_the_default_window_holds() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, min_calls = 201, window = MANY)]
async fn more_than_the_window_holds() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(open_max = SHORT)]
async fn below_the_default_open_for() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
