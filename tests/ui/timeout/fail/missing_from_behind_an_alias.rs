type Answer<T> = Result<T, String>;

#[resil::timeout(5s)]
async fn pay(amount: u32) -> Answer<u32> {
    Ok(amount)
}

fn main() {}
