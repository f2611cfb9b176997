const PAY: &str = "pay";

#[resil::circuit(name = PAY)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
