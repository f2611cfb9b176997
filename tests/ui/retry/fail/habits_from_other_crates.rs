use resil::retry;

#[retry(max_attempts = 3, backoff = "exponential", delay = "100ms")]
async fn all_in_quotes() -> Result<u32, String> {
    Ok(1)
}

#[retry(times = 3, exponential_backoff)]
async fn counts_retries() -> Result<u32, String> {
    Ok(1)
}

#[retry(fixed_delay = 1s)]
async fn fixed() -> Result<u32, String> {
    Ok(1)
}

#[retry(if = |e: &String| e.is_empty())]
async fn predicate() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
