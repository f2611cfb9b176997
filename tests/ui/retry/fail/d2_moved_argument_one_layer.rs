//! rustc's own error, at the use: the body runs again, and the argument is gone.
struct Order(String);

#[resil::retry]
async fn pay(order: Order) -> Result<String, String> {
    send(order).await
}

async fn send(order: Order) -> Result<String, String> {
    Ok(order.0)
}

fn main() {}
