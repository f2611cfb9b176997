//! What is left of an `async fn` below an attribute that ran first: the message can't name it.
use resil::retry;

fn block_on<F: Future>(_: F) -> F::Output {
    unimplemented!()
}

#[retry]
fn fetch(url: &str) -> Result<usize, resil::Error> {
    block_on(async { Ok(url.len()) })
}

fn main() {
    let _ = fetch("a");
}
