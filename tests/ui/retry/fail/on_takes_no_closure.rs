use resil::retry;

#[retry(on(|e| e.is_empty()))]
async fn closure() -> Result<u32, String> {
    Ok(1)
}

#[retry(on = "timeout")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[retry(on())]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[retry(on)]
async fn flag() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
