#![deny(warnings)]
use resil::retry;

macro_rules! each {
    ($($name:ident($($options:tt)*))*) => {$(
        #[retry($($options)*)]
        async fn $name() -> Result<u32, String> {
            Ok(1)
        }
    )*};
}

each! {
    nothing()
    exponential(exponential, factor = 3, base = 1s, cap = 1m)
    constant(constant, max = 10)
    linear(linear, jitter = equal,)
    fibonacci(fibonacci, jitter = 10%)
    list(delays = [0s, 1s, 2.5s], max = 4)
    list_in_parens(delays(1s, 2s))
    jitter(jitter)
    no_jitter(jitter = none)
    ratio(jitter = 0.5)
    decorrelated(jitter = decorrelated)
    unlimited(max = unlimited, within = 30s)
    parens(max(5), base(1s))
    hex(max = 0x10)
    defaults_written_out(exponential, max = 3, base = 100ms, factor = 2, cap = 20s, jitter = full)
}

#[test]
fn main() {
    drop((nothing(), exponential(), constant(), linear(), fibonacci(), list(), list_in_parens()));
    drop((jitter(), no_jitter(), ratio(), decorrelated(), unlimited(), parens(), hex()));
    drop(defaults_written_out());
}
