use resil::circuit;

#[circuit(slow_rate = 50%)]
async fn rate_of_what() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(max_keys = 100)]
async fn keys_of_what(host: &str) -> Result<usize, resil::Error> {
    Ok(host.len())
}

fn main() {}
