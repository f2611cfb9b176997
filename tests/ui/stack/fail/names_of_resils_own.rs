//! Items have no hygiene: one of the user's that is called as one of resil's would be hidden in the function.
use resil::{Error, circuit, retry};

const __RESIL_MAX_0: u32 = 3;
static __RESIL_SITE: u32 = 7;

#[retry(max = __RESIL_MAX_0)]
async fn in_an_option() -> Result<u32, Error> {
    Ok(1)
}

#[circuit(failures = 3)]
async fn in_the_body() -> Result<u32, Error> {
    Ok(__RESIL_SITE + { __RESIL_SITE })
}

fn main() {}
