#[resil::retry]
async fn pay(order: String) -> Result<usize, String> {
    let len = move || order.len();
    Ok(len())
}

fn main() {}
