use resil::{idempotent, retry};

#[retry]
#[idempotent(key = order, on_abandon = indeterminate)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
