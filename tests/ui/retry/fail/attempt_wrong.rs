use resil::retry;

#[retry(attempt)]
async fn no_name() -> Result<u32, String> {
    Ok(1)
}

#[retry(attempt = 3)]
async fn a_count() -> Result<u32, String> {
    Ok(1)
}

#[retry(attempt = _)]
async fn no_name_at_all() -> Result<u32, String> {
    Ok(1)
}

#[retry(attempt = host)]
async fn an_argument(host: &str) -> Result<usize, String> {
    Ok(host.len())
}

#[retry(attempt = N)]
async fn a_generic<const N: u32>() -> Result<u32, String> {
    Ok(N)
}

#[retry(attempt = self)]
async fn a_word() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
