#[resil::timeout(9s)]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch(shared: std::rc::Rc<u32>) -> Result<u32, resil::Error> {
    rest().await;
    Ok(*shared)
}

async fn rest() {}

fn send<T: Send>(_: T) {}

fn main() {
    send(fetch(std::rc::Rc::new(1)));
}
