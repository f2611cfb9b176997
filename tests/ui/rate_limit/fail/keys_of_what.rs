#[resil::rate_limit(max = 100, per = 1s, max_keys = 100)]
async fn pay(tenant: u32) -> Result<u32, resil::Error> {
    Ok(tenant)
}

fn main() {}
