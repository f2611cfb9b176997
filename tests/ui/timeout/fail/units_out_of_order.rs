#[resil::timeout(30s1m)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
