struct PayError;

#[resil::timeout(10s)]
#[resil::retry]
async fn pay(order: u32) -> Result<u32, PayError> {
    Ok(order.to_string())
}

fn main() {}
