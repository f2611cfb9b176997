#[resil::circuit(failures = limit)]
async fn pay(limit: u32) -> Result<u32, resil::Error> {
    Ok(limit)
}

fn main() {}
