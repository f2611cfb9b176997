enum E {
    Http(u16, String),
}

#[resil::retry(on(E::Http(_)))]
async fn fetch() -> Result<u32, E> {
    Err(E::Http(500, String::new()))
}

fn main() {}
