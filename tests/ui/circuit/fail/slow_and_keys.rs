use resil::circuit;

#[circuit(slow_rate = 50%)]
async fn rate_of_what() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(max_keys = 100)]
async fn keys_of_what(host: &str) -> Result<usize, resil::Error> {
    Ok(host.len())
}

struct NoText;

#[circuit(key = host)]
async fn no_text(host: &NoText) -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(policy = 5)]
async fn no_policy() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
