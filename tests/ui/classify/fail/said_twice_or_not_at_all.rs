use std::time::Duration;

use resil::Classify;

#[derive(Classify)]
#[classify(default = transient, default = permanent, crate = resil, crate = ::resil)]
enum Twice {
    #[throttled(retry_after = a, retry_after = b)]
    Busy { a: Duration, b: Duration },
    #[classify(forward)]
    #[transient]
    Io(std::io::Error),
}

#[derive(Classify)]
#[transient]
#[neutral]
struct Both;

#[derive(Classify)]
#[classify]
enum Nothing {
    #[classify()]
    #[transient]
    Lost,
    #[classify = "forward"]
    #[permanent]
    Gone,
    #[throttled = "1s"]
    Busy,
}

#[derive(Classify)]
#[classify(default =, crate = 5)]
enum NoValue {
    A,
}

fn main() {
    let _ = (Twice::Busy { a: Duration::ZERO, b: Duration::ZERO }.classify(), Both.classify());
    let _ = (Nothing::Lost.classify(), NoValue::A.classify());
}
