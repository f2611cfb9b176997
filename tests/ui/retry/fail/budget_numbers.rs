use resil::retry;

const NONE: u32 = 0;
const MANY: u64 = 5;

#[retry(budget(name = pay, capacity = 20))]
async fn unquoted() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(refill = 1s))]
async fn a_duration() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(refill_rate = 3))]
async fn called_otherwise() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(refill))]
async fn alone() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(refill = NONE, cost = 2))]
async fn none() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(refill = MANY))]
async fn of_another_type() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
