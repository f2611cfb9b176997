use resil::{circuit, timeout};

struct Gone;

#[timeout(5s)]
async fn one() -> Result<u32, Gone> {
    Ok(1)
}

#[circuit(on(Gone))]
async fn two() -> Result<u32, Gone> {
    Ok(1)
}

fn main() {}
