use resil::retry;

#[retry(3)]
async fn number() -> Result<u32, String> {
    Ok(1)
}

#[retry(5s)]
async fn duration() -> Result<u32, String> {
    Ok(1)
}

#[retry(unlimited)]
async fn word() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
