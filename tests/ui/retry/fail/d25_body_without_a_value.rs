#[resil::retry]
async fn fetch(n: u32) -> Result<u32, String> {
    Ok(n + 1);
}

fn main() {}
