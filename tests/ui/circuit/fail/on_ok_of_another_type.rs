//! The pattern is of the value, and rustc says so at the pattern.

use resil::circuit;

#[circuit(on_ok(None))]
async fn number() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
