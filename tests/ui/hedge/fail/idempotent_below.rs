use resil::{hedge, idempotent, timeout};

#[hedge(after = 50ms)]
#[idempotent(key = order)]
async fn below(order: u64) -> Result<u32, resil::Error> {
    Ok(1)
}

#[hedge(after = p95)]
#[timeout(1s)]
#[idempotent(key = order, on_abandon = indeterminate)]
async fn deep(order: u64) -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
