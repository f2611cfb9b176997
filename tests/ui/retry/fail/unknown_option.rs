#[resil::retry(colour = 5)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
