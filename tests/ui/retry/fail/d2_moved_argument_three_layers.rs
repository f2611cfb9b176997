use resil::{circuit, retry, timeout};

struct Order(String);

#[circuit]
#[retry]
#[timeout(5s)]
async fn pay(order: Order) -> Result<String, resil::Error> {
    send(order).await
}

async fn send(order: Order) -> Result<String, resil::Error> {
    Ok(order.0)
}

fn main() {}
