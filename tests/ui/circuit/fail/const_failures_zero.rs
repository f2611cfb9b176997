const FAILURES: u32 = 0;

#[resil::circuit(failures = FAILURES)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
