//! A const generic has to stand in a `const { .. }`, where rustc allows it.
#[resil::retry(max = N + 1)]
async fn fetch<const N: u32>() -> Result<u32, String> {
    Ok(N)
}

fn main() {}
