const WINDOW: u32 = 0;

#[resil::circuit(failure_rate = 50%, window = WINDOW)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
