use resil::{retry, timeout};

#[timeout(5s)]
#[retry]
#[timeout(5s)]
async fn same() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[timeout(1m)]
async fn longer() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
