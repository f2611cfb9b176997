#[resil::retry(exponential(base = 1s))]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
