//! rustc's own words, at the name: a stack is found as a macro is.
resil::stack! {
    PAY = #[retry];
}
const LIMIT: u32 = 5;

#[resil::apply(PAI)]
async fn mistyped() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(LIMIT)]
async fn constant() -> Result<u32, resil::Error> {
    Ok(LIMIT)
}

#[resil::apply(policies::PAY)]
async fn elsewhere() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

mod policies {}

fn main() {}
