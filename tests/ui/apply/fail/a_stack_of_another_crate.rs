//! The definition is far away, and each message is here.
use shared_policies::PAY;

#[resil::apply(PAY, retry(base = 90s))]
async fn above_the_cap() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY)]
fn blocking() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(shared_policies::REPORT)]
async fn no_status() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
