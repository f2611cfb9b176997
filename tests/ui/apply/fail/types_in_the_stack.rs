//! rustc's own words about a value in the stack, at its name.
resil::stack! {
    PAY = #[retry(max = "3", policy = 7)];
    GET = #[retry(max = TRIES)];
    PUT = #[timeout(LIMIT)];
}
const TRIES: u64 = 3;
const LIMIT: u32 = 5;

#[resil::apply(GET)]
async fn get() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PUT)]
async fn put() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
