use serde::Serialize;

#[derive(Serialize)]
struct Order {
    id: u32,
}

#[resil::idempotent(key = ordr.id)]
async fn slip(order: Order) -> Result<u32, resil::Error> {
    Ok(order.id)
}

#[resil::idempotent(key = order.number)]
async fn field(order: Order) -> Result<u32, resil::Error> {
    Ok(order.id)
}

fn main() {}
