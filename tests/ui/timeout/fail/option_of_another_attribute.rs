#[resil::timeout(5s, max_attempts = 3)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
