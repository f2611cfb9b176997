#[resil::timeout("5 sec")]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
