//! The future is as `Send` as the body: rustc shows the value in it that is not.
use std::rc::Rc;

#[resil::circuit]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<u32, resil::Error> {
    let shared = Rc::new(1);
    rest().await;
    Ok(*shared)
}

async fn rest() {}

fn send<T: Send>(_: T) {}

fn main() {
    send(fetch());
}
