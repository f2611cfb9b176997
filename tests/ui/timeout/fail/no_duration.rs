use resil::timeout;

#[timeout]
async fn bare() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout()]
async fn empty() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
