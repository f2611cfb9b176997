//! Beside `const_of_a_generic_zero.rs`: with a number that counts it compiles.
trait Tries {
    const MAX: u32;
}

struct Twice;

impl Tries for Twice {
    const MAX: u32 = 2;
}

#[resil::retry(max = T::MAX)]
async fn fetch<T: Tries>() -> Result<u32, String> {
    Ok(1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(fetch::<Twice>().await, Ok(1));
}
