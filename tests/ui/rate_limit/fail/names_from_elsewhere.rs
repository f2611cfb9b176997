use resil::rate_limit;

#[rate_limit(limit_for_period = 100, limit_refresh_period = 1s, timeout_duration = 500ms)]
async fn resilience4j() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(requests = 100, every = 1s, capacity = 20)]
async fn buckets() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(permit_limit = 100, window = 1, queue_limit = 5)]
async fn polly() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(per_second = 100)]
async fn governor() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, weight = 5, by = tenant)]
async fn weighed(tenant: u32) -> Result<u32, resil::Error> {
    Ok(tenant)
}

#[rate_limit(max = 100, per = 1s, timeout = 1s)]
async fn timeout() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
