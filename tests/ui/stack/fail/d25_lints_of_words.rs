#![deny(unused_parens, unused_braces, non_snake_case, unused_imports, path_statements)]

use std::collections::HashMap;

use resil::{circuit, retry, timeout};

#[circuit]
#[retry]
#[timeout(1s)]
pub async fn Fetch(Number: u32) -> Result<u32, resil::Error> {
    let parens = (Number + 1);
    let braces = { parens };
    braces;
    Ok(braces)
}

fn main() {}
