#[resil::timeout(0xfd)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
