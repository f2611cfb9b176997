const PERCENT: f64 = 20.0;

#[resil::retry(jitter = PERCENT)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
