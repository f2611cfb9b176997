use resil::rate_limit;

struct NoText;

#[rate_limit(max = 100, per = 1s, key = host)]
async fn no_text(host: &NoText) -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(policy = 5)]
async fn no_policy() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
