#![deny(warnings)]
use resil::timeout;

macro_rules! each {
    ($($name:ident $limit:literal)*) => {$(
        #[timeout($limit)]
        async fn $name() -> Result<u32, resil::Error> {
            Ok(1)
        }
    )*};
}

each! { ns 1ns us 250us ms 500ms s 5s half 1.5s m 2m h 1h d 7d composite 1h30m underscore 10_000ms }

#[test]
fn main() {
    drop((ns(), us(), ms(), s(), half(), m(), h(), d(), composite(), underscore()));
}
