use resil::circuit;

#[circuit(name = b"pay")]
async fn bytes() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = 5usize)]
async fn suffix() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = 100.0)]
async fn float() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = "10s")]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
