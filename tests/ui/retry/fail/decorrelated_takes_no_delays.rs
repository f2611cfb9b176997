#[resil::retry(delays = [1s], jitter = decorrelated)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
