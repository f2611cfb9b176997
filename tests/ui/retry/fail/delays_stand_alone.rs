#[resil::retry(linear, delays = [1s, 2s], base = 1s, cap = 5s)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
