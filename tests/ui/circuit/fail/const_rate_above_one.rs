const RATE: f64 = 50.0;

#[resil::circuit(failure_rate = RATE)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
