#[resil::retry(max = 5, exponential)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
