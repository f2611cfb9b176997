enum E {
    Network,
}

#[resil::retry(unless(Some(_)))]
async fn fetch() -> Result<u32, E> {
    Err(E::Network)
}

fn main() {}
