use resil::{retry, timeout};

#[timeout(9s)]
#[retry]
#[timeout(1s)]
async fn fetch(a: &str, b: &str) -> Result<&str, resil::Error> {
    Ok(if a.is_empty() { b } else { a })
}

fn main() {}
