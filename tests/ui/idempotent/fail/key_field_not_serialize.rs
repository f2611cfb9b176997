struct Order {
    id: Id,
}

struct Id(u32);

#[resil::idempotent(key = order.id)]
async fn pay(order: &Order) -> Result<u32, resil::Error> {
    Ok(order.id.0)
}

fn main() {}
