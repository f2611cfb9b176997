use resil::retry;

#[retry(clone())]
async fn clone() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget)]
async fn budget() -> Result<u32, String> {
    Ok(1)
}

#[retry(nested)]
async fn nested() -> Result<u32, String> {
    Ok(1)
}

#[retry(base =)]
async fn base() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
