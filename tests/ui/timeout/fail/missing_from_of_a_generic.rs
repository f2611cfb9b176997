#[resil::timeout(5s)]
async fn pay<E: std::fmt::Debug>(amount: Result<u32, E>) -> Result<u32, E> {
    amount
}

fn main() {}
