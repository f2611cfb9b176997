use resil::{retry, timeout};

#[timeout(3s)]
#[retry(base = 1s, jitter = none)]
async fn exponential() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(10s)]
#[retry(linear, base = 1s, jitter = none, max = 50)]
async fn linear() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[retry(delays = [2s])]
async fn first() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
