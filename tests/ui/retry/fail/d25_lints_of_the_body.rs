#![deny(unused_variables, unused_must_use, unused_mut, unreachable_code, unused_assignments)]

use resil::{circuit, retry, timeout};

#[circuit]
#[retry]
#[timeout(1s)]
pub async fn fetch(n: u32, unused_argument: u32) -> Result<u32, resil::Error> {
    let unused_local = 1;
    let mut never_changed = 2;
    step();
    let mut assigned = 1;
    assigned = 2;
    if n == 0 {
        return Ok(never_changed);
        step().ok();
    }
    Ok(n)
}

fn step() -> Result<(), String> {
    Ok(())
}

fn main() {}
