use resil::retry;

#[retry(strategy = exponential)]
async fn strategy() -> Result<u32, String> {
    Ok(1)
}

#[retry(backoff = exponential)]
async fn backoff() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
