const HALF: f64 = 0.5;

#[resil::retry(factor = HALF)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
