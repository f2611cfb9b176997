use resil::rate_limit;

#[rate_limit(100, 1s)]
async fn in_order() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit("pay")]
async fn name() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(100 / 1s)]
async fn by_slash() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
