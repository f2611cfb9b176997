use resil::retry;

#[retry(base = 30s, cap = 10s)]
async fn written() -> Result<u32, String> {
    Ok(1)
}

#[retry(base = 30s)]
async fn default_cap() -> Result<u32, String> {
    Ok(1)
}

#[retry(cap = 50ms)]
async fn default_base() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
