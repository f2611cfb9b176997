use resil::timeout;

#[timeout(5 s)]
async fn space() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1m 30s)]
async fn composite() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
