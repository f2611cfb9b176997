#[resil::circuit(max = 5)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
