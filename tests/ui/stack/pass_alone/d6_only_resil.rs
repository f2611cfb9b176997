//! Nothing but `resil` is named: no other crate is needed by what is generated.
#![no_implicit_prelude]

#[::resil::circuit]
#[::resil::timeout(9s)]
#[::resil::retry]
#[::resil::timeout(1s)]
async fn fetch() -> ::std::result::Result<u32, ::resil::Error> {
    ::std::result::Result::Ok(1)
}

fn main() {
    ::std::mem::drop(fetch());
}
