use resil::rate_limit;

#[rate_limit(max = 100, per = 1, wait = 500)]
async fn numbers() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = "1s")]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = second)]
async fn unknown() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
