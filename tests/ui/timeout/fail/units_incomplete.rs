use resil::timeout;

#[timeout(1m30)]
async fn last_without() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1.5m30s)]
async fn fraction_before_the_last() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(0.5ns)]
async fn too_fine() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
