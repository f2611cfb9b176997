#![deny(deprecated)]

#[deprecated = "gone"]
fn old() {}

#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<u32, resil::Error> {
    old();
    Ok(1)
}

fn main() {}
