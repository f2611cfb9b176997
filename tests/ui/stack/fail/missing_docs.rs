//! Attributes add to docs that there are, and are none themselves: `alias` and `hidden` neither.
#![deny(missing_docs)]

use resil::{retry, timeout};

#[doc(alias = "fetch")]
#[retry]
pub async fn aliased() -> Result<u32, resil::Error> {
    Ok(1)
}

#[retry]
#[cfg_attr(any(), doc = "Only where the docs are made.")]
pub async fn documented_elsewhere() -> Result<u32, resil::Error> {
    Ok(1)
}

#[doc(hidden)]
#[timeout(1s)]
pub async fn hidden() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[cfg_attr(all(), doc = "Documented.")]
pub async fn documented() -> Result<u32, resil::Error> {
    Ok(1)
}

#[retry]
#[doc = include_str!("missing_docs.rs")]
pub async fn documented_in_a_file() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
