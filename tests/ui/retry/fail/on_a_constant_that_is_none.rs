//! A mistyped constant would bind a new name, and match every error.
use resil::{circuit, retry};

#[derive(Debug)]
enum Api {
    Busy,
    Gone(String),
}

#[derive(Debug, Clone, Copy)]
struct Code(u16);

// Without the path to it.
#[retry(on(Busy))]
async fn variant() -> Result<u32, Api> {
    Err(Api::Busy)
}

#[retry(on(Code(500) | BAD_GATEWAI))]
async fn copied() -> Result<u32, Code> {
    Err(Code(1))
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Refused(#[from] resil::Error);

#[circuit(ignore(BUSSY))]
async fn mistyped() -> Result<u32, Refused> {
    Ok(1)
}

fn main() {
    drop((variant(), copied(), mistyped(), Api::Gone(String::new())));
}
