const OPEN_FOR: u32 = 30;

#[resil::circuit(open_for = OPEN_FOR)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
