#[resil::timeout(9s)]
#[resil::retry]
async fn fetch(a: u32, b: u32) -> Result<u32, resil::Error> {
    Ok(a + b)
}

async fn caller() -> Result<String, resil::Error> {
    fetch(1).await?;
    fetch(1, 2).await
}

fn main() {
    drop(caller());
}
