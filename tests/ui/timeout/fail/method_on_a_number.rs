#[resil::timeout(5.seconds())]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
