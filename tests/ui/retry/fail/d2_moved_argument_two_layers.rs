use resil::{retry, timeout};

struct Order(String);

#[timeout(5s)]
#[retry]
async fn pay(order: Order) -> Result<String, resil::Error> {
    send(order).await
}

async fn send(order: Order) -> Result<String, resil::Error> {
    Ok(order.0)
}

fn main() {}
