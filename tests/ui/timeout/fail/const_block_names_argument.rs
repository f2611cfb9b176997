use std::time::Duration;

#[resil::timeout(const { limit })]
async fn fetch(limit: Duration) -> Result<u32, resil::Error> {
    let _ = limit;
    Ok(1)
}

fn main() {}
