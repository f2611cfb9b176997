const ZERO: u32 = 0;

#[resil::retry(max = ZERO)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
