use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, burst = 10, cost = 11)]
async fn above_burst() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost = 101)]
async fn above_max() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
