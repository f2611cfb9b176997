#[resil::retry(nested = inner)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
