#[resil::rate_limit(max = 100, per = 1s)]
fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
