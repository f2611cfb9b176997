use resil::{retry, timeout};

#[timeout(10s)]
#[retry(constant, base = 1s, jitter = equal, max = 50)]
async fn equal() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(10s)]
#[retry(fibonacci, base = 1s, jitter = 10%, max = 50)]
async fn ratio() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
