use resil::{idempotent, retry, timeout};

struct Order(String);

#[idempotent(key = order.0)]
#[timeout(20s)]
#[retry]
#[timeout(5s)]
async fn pay(order: Order) -> Result<String, resil::Error> {
    let Order(id) = order;
    Ok(id)
}

fn main() {}
