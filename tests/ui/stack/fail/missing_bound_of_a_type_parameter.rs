//! The bound that is missing is one that the user can write.
use resil::{idempotent, timeout};

#[timeout(1s)]
async fn refuses<E>() -> Result<u32, E> {
    Ok(1)
}

#[idempotent(key = (std::any::type_name::<T>(), order), name = "missing.bound")]
async fn records<T>(order: u32, made: T) -> Result<T, resil::Error> {
    let _ = order;
    Ok(made)
}

fn main() {}
