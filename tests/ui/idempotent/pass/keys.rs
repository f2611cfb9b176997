#![deny(warnings)]
use resil::idempotent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Order {
    id: u64,
    lines: Vec<String>,
}

#[idempotent(key = order.id)]
async fn field(order: Order) -> Result<Order, resil::Error> {
    Ok(order)
}

#[idempotent(key = (user, "payment", &order.lines), fingerprint = order, name = "pay")]
async fn tuple(user: &str, order: &Order) -> Result<usize, resil::Error> {
    Ok(user.len() + order.lines.len())
}

#[idempotent(key = order, ttl = 1h, lease = 30ms, conflict = reject, on_abandon = indeterminate)]
async fn whole(order: &Order) -> Result<(), resil::Error> {
    let _ = order;
    Ok(())
}

struct Bank {
    name: String,
}

impl Bank {
    #[idempotent(key = format!("{}-{order}", self.name))]
    async fn computed(&self, order: u32) -> Result<Option<u32>, resil::Error> {
        Ok(Some(order))
    }
}

#[test]
fn main() {
    let order = Order { id: 1, lines: vec![] };
    drop((tuple("a", &order), whole(&order), field(order.clone())));
    drop(Bank { name: String::new() }.computed(1));
}
