use resil::timeout;
use tracing::instrument;

struct Gone;

#[instrument]
#[timeout(5s)]
async fn above() -> Result<u32, Gone> {
    Ok(1)
}

#[timeout(5s)]
#[instrument]
async fn below() -> Result<u32, Gone> {
    Ok(1)
}

fn main() {}
