#![deny(warnings)]
use resil::retry;

struct Plain;

#[retry]
async fn own() -> Result<u32, Plain> {
    Err(Plain)
}

#[retry]
async fn generic<T, E>(answer: &dyn Fn() -> Result<T, E>) -> Result<T, E> {
    answer()
}

#[retry(max = 1)]
async fn reference(text: &str) -> Result<&str, &str> {
    Ok(text)
}

#[test]
fn main() {
    drop((own(), generic::<u8, Plain>(&|| Ok(1)), reference("a")));
}
