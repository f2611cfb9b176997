use resil::rate_limit;

#[rate_limit(name = "pay", burst = 5)]
async fn burst() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(name = "pay", wait = 100ms)]
async fn wait() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(name = "pay", key = tenant, max_keys = 5)]
async fn keys(tenant: u32) -> Result<u32, resil::Error> {
    Ok(tenant)
}

fn main() {}
