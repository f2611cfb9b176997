#[resil::retry(base = 500, cap = 10, within = 60)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
