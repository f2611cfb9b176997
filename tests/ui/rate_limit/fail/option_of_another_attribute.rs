#[resil::rate_limit(max = 100, per = 1s, failures = 5, base = 1s)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
