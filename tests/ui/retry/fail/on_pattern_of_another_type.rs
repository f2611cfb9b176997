use resil::retry;

enum E {
    Network,
}

enum Other {
    Http(u16),
}

#[retry(on(Other::Http(_)))]
async fn another_enum() -> Result<u32, E> {
    Err(E::Network)
}

#[retry(on(503))]
async fn a_number() -> Result<u32, E> {
    Err(E::Network)
}

fn main() {}
