#[resil::rate_limit(mx = 100, pr = 1s, brust = 5, wiat = 1s)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
