//! Borrowed by the body, cloned where it is asked for, moved where it runs once.
#![deny(warnings)]
use resil::{retry, timeout};

struct Order(String);

#[timeout(9s)]
#[retry]
#[timeout(1s)]
async fn borrowed(order: Order) -> Result<usize, resil::Error> {
    Ok(order.0.len())
}

#[retry(clone(names))]
async fn cloned(mut names: Vec<String>) -> Result<Vec<String>, String> {
    names.push(String::new());
    Ok(names)
}

#[retry(max = 1)]
async fn moved_once(order: Order) -> Result<Order, String> {
    Ok(order)
}

#[timeout(1s)]
async fn moved_without_retry(mut order: Order) -> Result<Order, resil::Error> {
    order.0.clear();
    Ok(order)
}

#[retry]
async fn through_a_reference(log: &mut Vec<u32>) -> Result<(), String> {
    log.push(1);
    Ok(())
}

#[test]
fn main() {
    drop((borrowed(Order(String::new())), cloned(vec![]), moved_once(Order(String::new()))));
    drop(moved_without_retry(Order(String::new())));
    drop(through_a_reference(&mut vec![]));
}
