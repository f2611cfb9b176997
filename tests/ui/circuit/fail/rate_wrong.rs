use resil::circuit;

#[circuit(failure_rate = 50)]
async fn no_percent() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 101%)]
async fn above() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50.0)]
async fn float() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = "50%")]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
