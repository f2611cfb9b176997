use resil::hedge;

#[hedge(delay = 50ms)]
async fn delay() -> Result<u32, String> {
    Ok(1)
}

#[hedge(hedging_delay = 500)]
async fn hedging_delay() -> Result<u32, String> {
    Ok(1)
}

#[hedge(percentile = 95)]
async fn percentile() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max_hedged_attempts = 1)]
async fn hedges() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max_attempts = 3)]
async fn attempts() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, ratio = 10%)]
async fn ratio() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, non_fatal("x"))]
async fn non_fatal() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, cancel_if("x"))]
async fn cancel_if() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, on_hedge = tell)]
async fn listener() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, timeout = 1s)]
async fn timeout() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, attempt = n)]
async fn number() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, fallback = other)]
async fn fallback() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95, min_samples = 20)]
async fn samples() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
