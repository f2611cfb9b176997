#[resil::circuit(failurs = 5, openfor = 5s)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
