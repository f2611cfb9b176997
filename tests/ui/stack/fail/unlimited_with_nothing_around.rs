use resil::{retry, timeout};

#[retry(max = unlimited)]
async fn alone() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = unlimited)]
#[timeout(1s)]
async fn below() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
