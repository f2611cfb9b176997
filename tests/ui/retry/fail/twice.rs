#[resil::retry(max = 3, base = 1s, max = 4)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
