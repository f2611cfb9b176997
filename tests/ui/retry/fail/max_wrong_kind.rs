use resil::retry;

#[retry(max = 5s)]
async fn duration() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = "5")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = -1)]
async fn negative() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = 5usize)]
async fn suffix() -> Result<u32, String> {
    Ok(1)
}

#[retry(max)]
async fn none() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = infinite)]
async fn word() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
