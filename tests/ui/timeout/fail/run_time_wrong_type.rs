#[resil::timeout(limit_ms)]
async fn fetch(limit_ms: u64) -> Result<u32, resil::Error> {
    let _ = limit_ms;
    Ok(1)
}

fn main() {}
