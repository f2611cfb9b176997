#[resil::timeout(9s)]
#[resil::retry]
async fn fetch(url: Url) -> Result<u32, resil::Error> {
    Ok(url.len())
}

fn main() {}
