#[resil::circuit(failures = 3, window = 10, min_calls = 5)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
