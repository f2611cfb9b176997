use resil::retry;

#[retry(delays = [])]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[retry(delays = 1s)]
async fn no_list() -> Result<u32, String> {
    Ok(1)
}

#[retry(delays = [1s, 2])]
async fn one_without_unit() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
