use std::time::Duration;

use resil::rate_limit;

#[rate_limit(max = limit, per = time)]
async fn of_the_call(limit: u32, time: Duration) -> Result<u32, resil::Error> {
    let _ = time;
    Ok(limit)
}

struct Client {
    burst: u32,
}

impl Client {
    #[rate_limit(max = 100, per = 1s, burst = self.burst)]
    async fn of_self(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

fn main() {}
