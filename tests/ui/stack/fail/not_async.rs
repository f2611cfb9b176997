use resil::{retry, timeout};

#[timeout(1s)]
#[retry]
fn fetch(url: &str) -> Result<usize, resil::Error> {
    Ok(url.len())
}

fn main() {
    // Still there, as it was written.
    let _: Result<usize, resil::Error> = fetch("a");
}
