use resil::retry;

#[retry(max = 5.0)]
async fn float() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = true)]
async fn boolean() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
