use resil::retry;

#[retry(on(A, B))]
async fn commas() -> Result<u32, String> {
    Ok(1)
}

#[retry(on(e.is_connect()))]
async fn expression() -> Result<u32, String> {
    Ok(1)
}

#[retry(on(A if))]
async fn empty_guard() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
