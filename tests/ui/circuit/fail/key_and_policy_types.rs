use resil::circuit;

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
