use resil::{retry, timeout};
use tracing::instrument;

#[instrument]
#[retry]
async fn above() -> Result<u32, resil::Error> {
    Ok("one")
}

#[timeout(5s)]
#[instrument(err)]
async fn below() -> Result<u32, resil::Error> {
    Ok("one")
}

fn main() {}
