use resil::circuit;

#[circuit(failure_rate = 50%, min_calls = 20, window = 10)]
async fn written() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, min_calls = 200)]
async fn default_window() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
