//! The caret is on what was given to the macro.
macro_rules! bounded {
    ($name:ident, $limit:literal, $max:expr, $pattern:pat) => {
        #[resil::timeout($limit)]
        #[resil::retry(max = $max, on($pattern))]
        async fn $name() -> Result<u32, resil::Error> {
            Ok(1)
        }
    };
}

bounded!(no_unit, 5, 3, resil::Error::Timeout { .. });
bounded!(no_runs, 5s, 0, resil::Error::Timeout { .. });
bounded!(no_such_variant, 5s, 3, resil::Error::Timeot { .. });

fn main() {}
