use resil::rate_limit;

#[rate_limit(max = 100, max = 50, per = 1s)]
async fn option() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s)]
#[rate_limit(max = 1_000, per = 1m)]
async fn attribute() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
