#[resil::retry]
async fn fetch(n: u32) -> Result<u32, String> {
    if n == 0 {
        return Err(0);
    }
    Ok(n)
}

fn main() {}
