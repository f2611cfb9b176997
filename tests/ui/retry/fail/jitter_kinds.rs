use resil::retry;

#[retry(jitter = 50)]
async fn no_percent() -> Result<u32, String> {
    Ok(1)
}

#[retry(jitter = 5s)]
async fn duration() -> Result<u32, String> {
    Ok(1)
}

#[retry(jitter = "full")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
