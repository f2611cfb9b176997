const TRIES: usize = 5;

#[resil::retry(max = TRIES)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
