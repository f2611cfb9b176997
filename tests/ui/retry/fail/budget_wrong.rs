use resil::retry;

#[retry(budget = shared)]
async fn no_text() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = none)]
async fn off_is_the_word() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = 500)]
async fn number() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capcity = 20))]
async fn slip() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capacity = 0))]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capacity = 20, cost = 30))]
async fn pays_for_none() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
