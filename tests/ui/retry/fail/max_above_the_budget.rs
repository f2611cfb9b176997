#[resil::retry(max = 500)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
