//! A refusal of a layer has to become the function's error, with a fallback around or not.
use resil::{circuit, fallback};

#[fallback(7)]
#[circuit]
async fn refused() -> Result<u32, std::num::ParseIntError> {
    "7".parse()
}

// Alone it raises no error of its own.
#[fallback(7)]
async fn alone() -> Result<u32, std::num::ParseIntError> {
    "7".parse()
}

fn main() {}
