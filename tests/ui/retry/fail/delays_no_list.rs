use resil::retry;

#[retry(delays = (1s, 2s))]
async fn tuple() -> Result<u32, String> {
    Ok(1)
}

#[retry(delays = [100, 200])]
async fn without_units() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
