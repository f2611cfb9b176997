#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<u32, resil::Error> {
    inner()
}

async fn inner() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
