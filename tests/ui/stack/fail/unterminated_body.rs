//! What rustc can't read is rustc's to say.
#[resil::retry]
async fn fetch() -> Result<u32, String> {
    let x = ;
    Ok(1)
}

fn main() {}
