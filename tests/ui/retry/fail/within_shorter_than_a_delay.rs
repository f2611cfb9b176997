#[resil::retry(base = 1s, within = 500ms)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
