#![deny(warnings, unsafe_op_in_unsafe_fn)]
use resil::{circuit, idempotent, retry, timeout};

/// # Safety
/// `at` points to a number for as long as the future lives.
#[idempotent(key = name)]
#[circuit]
#[timeout(9s)]
#[retry]
#[timeout(1s)]
async unsafe fn read(name: &str, at: usize) -> Result<u32, resil::Error> {
    // SAFETY: what the caller promised.
    Ok(unsafe { *(at as *const u32) })
}

#[test]
fn main() {
    let number = 1_u32;
    // SAFETY: `number` outlives the future.
    drop(unsafe { read("n", &raw const number as usize) });
}
