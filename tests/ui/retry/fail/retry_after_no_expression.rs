#[resil::retry(retry_after = fn)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
