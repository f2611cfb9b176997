use resil::rate_limit;

#[rate_limit(max = 0, per = 0s)]
async fn nothing() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 5_000_000_000, per = 1s)]
async fn too_many() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, burst = 0)]
async fn no_burst() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, wait = 0s)]
async fn no_wait() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, key = tenant, max_keys = 0)]
async fn no_keys(tenant: u32) -> Result<u32, resil::Error> {
    Ok(tenant)
}

fn main() {}
