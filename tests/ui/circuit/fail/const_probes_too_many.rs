const PROBES: u32 = 1000;

#[resil::circuit(probes = PROBES)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
