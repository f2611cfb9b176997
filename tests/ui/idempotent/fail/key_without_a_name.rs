struct Order {
    id: u32,
}

#[resil::idempotent(order.id)]
async fn pay(order: Order) -> Result<u32, resil::Error> {
    Ok(order.id)
}

fn main() {}
