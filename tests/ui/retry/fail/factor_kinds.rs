use resil::retry;

#[retry(factor = 200%)]
async fn ratio() -> Result<u32, String> {
    Ok(1)
}

#[retry(factor = 2x)]
async fn suffix() -> Result<u32, String> {
    Ok(1)
}

#[retry(factor = 2s)]
async fn duration() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
