#[resil::retry(max = 4294967296)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
