#[resil::retry(on(E::Network), on(E::Http(_)))]
async fn fetch() -> Result<u32, E> {
    Ok(1)
}

enum E {
    Network,
    Http(u16),
}

fn main() {}
