use std::time::Duration;

use resil::retry;

struct Busy {
    after: u64,
}

fn seconds(e: &Busy) -> u64 {
    e.after
}

fn always(e: &Busy) -> Duration {
    Duration::from_secs(e.after)
}

fn of_another(_: &String) -> Option<Duration> {
    None
}

#[retry(retry_after = seconds)]
async fn a_number() -> Result<u32, Busy> {
    Err(Busy { after: 1 })
}

#[retry(retry_after = always)]
async fn no_option() -> Result<u32, Busy> {
    Err(Busy { after: 1 })
}

#[retry(retry_after = of_another)]
async fn another_error() -> Result<u32, Busy> {
    Err(Busy { after: 1 })
}

fn main() {}
