#[resil::timeout(limt)]
async fn fetch(limit: std::time::Duration) -> Result<u32, resil::Error> {
    let _ = limit;
    Ok(1)
}

fn main() {}
