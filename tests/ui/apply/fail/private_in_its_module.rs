//! A stack without `pub` is its module's own.
mod policies {
    resil::stack! {
        PAY = #[retry];
    }
}

#[resil::apply(policies::PAY)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
