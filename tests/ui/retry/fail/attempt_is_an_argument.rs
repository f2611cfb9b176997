//! The name that is proposed is one that the function does not have.
use resil::retry;

#[retry(attempt = n)]
async fn by_the_name_of_the_example(n: u32) -> Result<u32, String> {
    Ok(n)
}

#[retry(attempt = m)]
async fn by_another((n, m): (u32, u32)) -> Result<u32, String> {
    Ok(n + m)
}

#[retry(attempt = k)]
async fn that_is_free(k: u32) -> Result<u32, String> {
    Ok(k)
}

fn main() {}
