//! rustc's own error at the body, with what to write in the name of the macro behind it.
resil::stack! {
    PAY = #[circuit] #[retry(max = 4)] #[timeout(1s)];
}

#[resil::apply(PAY)]
async fn pay(order: String) -> Result<usize, resil::Error> {
    Ok(take(order))
}

fn take(order: String) -> usize {
    order.len()
}

fn main() {}
