use std::time::Duration;

const LIMIT: Duration = Duration::ZERO;

#[resil::timeout(LIMIT)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
