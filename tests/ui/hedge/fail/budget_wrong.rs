use resil::hedge;

#[hedge(after = 50ms, budget = 10)]
async fn no_percent() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = 0%)]
async fn zero() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = 150%)]
async fn above() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = none)]
async fn word() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = 0)]
async fn plain_zero() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = "10%")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = (capacity = 5))]
async fn a_retrys() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
