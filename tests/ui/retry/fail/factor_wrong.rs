use resil::retry;

#[retry(factor = 0.5)]
async fn below_one() -> Result<u32, String> {
    Ok(1)
}

#[retry(linear, factor = 3)]
async fn no_effect() -> Result<u32, String> {
    Ok(1)
}

#[retry(factor = "2")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
