fn tries() -> u32 {
    5
}

#[resil::retry(max = tries())]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
