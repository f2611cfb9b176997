use resil::retry;

#[retry(budget = "the bank")]
async fn letters() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = limit)]
async fn argument(limit: u32) -> Result<u32, String> {
    Ok(limit)
}

fn main() {}
