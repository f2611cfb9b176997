use resil::circuit;

#[circuit(slow = 2s, slow_rate = 50%)]
async fn slow() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(key = host, max_keys = 100)]
async fn key(host: &str) -> Result<usize, resil::Error> {
    Ok(host.len())
}

#[circuit(policy = POLICY)]
async fn policy() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
