#![deny(warnings)]
use resil::retry as again;
use resil::timeout as limit;

mod hidden {
    pub use ::resil as resilience;
}

#[again]
#[limit(1s)]
async fn renamed() -> Result<u32, resil::Error> {
    Ok(1)
}

#[hidden::resilience::retry(crate = crate::hidden::resilience)]
#[cfg_attr(all(), hidden::resilience::timeout(1s))]
async fn through_a_path() -> Result<u32, resil::Error> {
    Ok(1)
}

#[hidden::resilience::retry(crate(crate::hidden::resilience), max = 5)]
async fn path_in_brackets() -> Result<u32, resil::Error> {
    Ok(1)
}

macro_rules! guarded {
    ($name:ident, $limit:literal, $tries:expr, $pattern:pat) => {
        #[limit($limit)]
        #[again(max = $tries, on($pattern))]
        async fn $name() -> Result<u32, resil::Error> {
            Ok(1)
        }
    };
}

guarded!(
    from_a_macro,
    5s,
    1 + 2,
    resil::Error::Timeout { .. } | resil::Error::CircuitOpen { .. }
);

fn main() {
    drop((
        renamed(),
        through_a_path(),
        path_in_brackets(),
        from_a_macro(),
    ));
}
