//! What rustc can't resolve is said as often as without attributes.
use resil::{circuit, retry, timeout};

#[circuit]
#[retry]
#[timeout(1s)]
async fn unknown_success() -> Result<Recipt, resil::Error> {
    todo!()
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn unknown_error() -> Result<u32, PayErorr> {
    todo!()
}

fn main() {}
