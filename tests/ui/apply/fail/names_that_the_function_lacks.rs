//! rustc's own words, at the name of the stack: what a stack names is looked up at the function.
mod policies {
    pub enum PayError {
        Declined,
    }

    resil::stack! {
        pub(crate) PAY = #[retry(max = 3, unless(PayError::Declined))];
        pub(crate) CLAIM = #[idempotent(key = order.id)];
        pub(crate) WHOLE = #[retry(max = 3, unless(crate::policies::PayError::Declined))];
    }
}

#[resil::apply(policies::PAY)]
async fn pay() -> Result<u32, policies::PayError> {
    Ok(1)
}

#[resil::apply(policies::WHOLE)]
async fn whole() -> Result<u32, policies::PayError> {
    Err(policies::PayError::Declined)
}

#[resil::apply(policies::CLAIM)]
async fn claim(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

fn main() {}
