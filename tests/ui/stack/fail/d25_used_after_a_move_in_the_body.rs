#[resil::circuit]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<usize, resil::Error> {
    let text = String::new();
    drop(text);
    Ok(text.len())
}

fn main() {}
