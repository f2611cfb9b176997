use resil::{circuit, retry};

#[retry]
#[circuit]
#[retry]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
