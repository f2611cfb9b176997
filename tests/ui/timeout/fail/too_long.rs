#[resil::timeout(99999999999999999999d)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
