#[resil::retry(max = 0)]
async fn d7_fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
