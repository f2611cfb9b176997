use resil::timeout;

#[timeout(duration = 5s)]
async fn named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(ms = 500)]
async fn unit_for_a_name() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
