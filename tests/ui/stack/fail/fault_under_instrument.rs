use resil::{retry, timeout};
use tracing::instrument;

#[instrument]
#[retry(max = 0)]
async fn above() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5)]
#[instrument]
async fn below() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {
    drop((above(), below()));
}
