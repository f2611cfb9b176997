#[resil::retry(max = 5, timeout = 5s)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
