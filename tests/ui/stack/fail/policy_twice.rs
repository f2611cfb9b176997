use resil::{circuit, idempotent, retry, timeout};

#[retry]
#[timeout(1s)]
#[retry(max = 5)]
async fn retries() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = "a")]
#[circuit(name = "b")]
async fn circuits() -> Result<u32, resil::Error> {
    Ok(1)
}

#[idempotent(key = order)]
#[idempotent(key = order)]
async fn claims(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
