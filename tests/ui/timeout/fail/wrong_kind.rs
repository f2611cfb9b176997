use resil::timeout;

#[timeout(true)]
async fn boolean() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout([5s])]
async fn list() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
