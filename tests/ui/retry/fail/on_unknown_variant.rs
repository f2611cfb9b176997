enum E {
    Network,
}

#[resil::retry(on(E::Netwrok))]
async fn fetch() -> Result<u32, E> {
    Err(E::Network)
}

fn main() {}
