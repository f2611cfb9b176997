const LIMIT: u64 = 5;

#[resil::timeout(LIMIT)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
