use resil::retry;

#[retry(max: 5)]
async fn colon() -> Result<u32, String> {
    Ok(1)
}

#[retry(max == 5)]
async fn equality() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = 5 base = 1s)]
async fn comma_missing() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = 5,, base = 1s)]
async fn comma_twice() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
