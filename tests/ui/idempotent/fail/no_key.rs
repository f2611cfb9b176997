use resil::idempotent;

#[idempotent]
async fn bare(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

#[idempotent(ttl = 1h)]
async fn other_options(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
