use resil::rate_limit;

#[rate_limit]
async fn bare() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100)]
async fn without_per() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(per = 1s)]
async fn without_max() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(key = tenant)]
async fn a_key_alone(tenant: u32) -> Result<u32, resil::Error> {
    Ok(tenant)
}

fn main() {}
