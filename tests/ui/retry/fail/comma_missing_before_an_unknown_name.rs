#[resil::retry(max = 5 delay = 1s)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
