use resil::rate_limit;

#[rate_limit(max = 1.5, per = 1s)]
async fn half() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100usize, per = 1s)]
async fn suffix() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = "100", per = 1s)]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = -1, per = 1s)]
async fn negative() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100s, per = 1)]
async fn swapped() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
