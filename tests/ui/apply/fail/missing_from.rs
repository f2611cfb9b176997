//! Once, at the return type.
#[derive(Debug)]
enum PayError {}

resil::stack! {
    PAY = #[circuit] #[timeout(10s)] #[retry(max = 4)] #[timeout(1s)];
}

#[resil::apply(PAY)]
async fn pay(order: u32) -> Result<u32, PayError> {
    Ok(order)
}

fn main() {}
