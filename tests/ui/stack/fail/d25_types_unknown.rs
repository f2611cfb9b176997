#[resil::circuit]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<usize, resil::Error> {
    let list = Vec::new();
    Ok(list.len())
}

fn main() {}
