use resil::retry;

#[retry(max_attempts = 5, initial_interval = 500, multiplier = 2.0, max_delay = 10s)]
async fn backoff_crate() -> Result<u32, String> {
    Ok(1)
}

#[retry(max_retries = 5, delay_ms = 500, max_elapsed = 1m)]
async fn counts_retries() -> Result<u32, String> {
    Ok(1)
}

#[retry(when = |e| e.is_empty())]
async fn closure() -> Result<u32, String> {
    Ok(1)
}

#[retry(abort_on(Gone))]
async fn abort() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
