use resil::{circuit, retry, timeout};

#[circuit]
#[retry]
#[timeout(1s)]
async fn value() -> Result<u32, resil::Error> {
    Ok("one")
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn statement(n: u32) -> Result<u32, resil::Error> {
    let text: String = n;
    Ok(text.len() as u32)
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn not_wrapped(n: u32) -> Result<u32, resil::Error> {
    n + 1
}

fn main() {}
