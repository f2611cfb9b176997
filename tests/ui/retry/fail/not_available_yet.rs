use resil::retry;

#[retry(backoff = Mine)]
async fn backoff() -> Result<u32, String> {
    Ok(1)
}

#[retry(policy = POLICY)]
async fn policy() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
