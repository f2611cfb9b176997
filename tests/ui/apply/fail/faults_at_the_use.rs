//! The stack fits other functions: here its name is at fault, and the message names it.
mod policies {
    resil::stack! {
        pub(crate) CLONES = #[retry(max = 3, clone(order))] #[timeout(1s)];
        pub(crate) COPIES = #[hedge(after = 50ms)];
        pub(crate) TRIES = #[retry(max = tries)];
        pub(crate) LIMITED = #[timeout(5s)];
    }
}

#[resil::apply(policies::CLONES)]
async fn no_such_argument(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(policies::TRIES)]
async fn not_a_const(tries: u32) -> Result<u32, resil::Error> {
    Ok(tries)
}

#[resil::apply(policies::COPIES)]
async fn mutable(mut id: u32) -> Result<u32, resil::Error> {
    id += 1;
    Ok(id)
}

#[resil::apply(policies::LIMITED)]
fn blocking(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(policies::LIMITED)]
async fn no_result(id: u32) -> u32 {
    id
}

#[resil::apply(policies::LIMITED)]
#[resil::timeout(9s)]
async fn a_longer_limit_inside(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::timeout(2s)]
#[resil::apply(policies::LIMITED)]
async fn a_shorter_limit_outside(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::retry]
#[resil::apply(policies::CLONES)]
async fn retried_twice(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
