#[resil::retry(jitter = decorrelated, factor = 3)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
