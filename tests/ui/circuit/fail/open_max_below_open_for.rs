use resil::circuit;

#[circuit(open_for = 10s, open_max = 5s)]
async fn written() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(open_max = 10s)]
async fn default_open_for() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
