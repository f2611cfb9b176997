use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, cost = 0)]
async fn nothing() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost = -1)]
async fn negative() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost = 1.5)]
async fn half() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost = 5usize)]
async fn suffix() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost = "5")]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, cost)]
async fn missing() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
