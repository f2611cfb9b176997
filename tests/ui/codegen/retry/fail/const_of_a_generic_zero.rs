trait Tries {
    const MAX: u32;
}

struct Never;

impl Tries for Never {
    const MAX: u32 = 0;
}

#[resil::retry(max = T::MAX)]
async fn fetch<T: Tries>() -> Result<u32, String> {
    Ok(1)
}

#[tokio::main]
async fn main() {
    let _ = fetch::<Never>().await;
}
