use resil::retry;

enum E {
    Http(u16),
}

#[retry(on(E::Http(s) if s > 499))]
async fn reference_compared_with_a_value() -> Result<u32, E> {
    Err(E::Http(500))
}

#[retry(on(E::Http(s) if s))]
async fn no_bool() -> Result<u32, E> {
    Err(E::Http(500))
}

#[retry(on(E::Http(status) if *statsu > 499))]
async fn slip() -> Result<u32, E> {
    Err(E::Http(500))
}

#[retry(on(e if e.is_server_error()))]
async fn no_such_method() -> Result<u32, E> {
    Err(E::Http(500))
}

fn main() {}
