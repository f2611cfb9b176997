#[resil::retry(linear, jitter = decorrelated)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
