//! A `static` is checked by the compiler, by the rules of the attributes.

use std::time::Duration;

use resil::{CircuitPolicy, RetryPolicy, Stack};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

static NAME: Stack = Stack::new("a name");
static ORDER: Stack = Stack::new("order").timeout(secs(1)).timeout(secs(2));
static TWICE: Stack = Stack::new("twice")
    .circuit(CircuitPolicy::new())
    .circuit(CircuitPolicy::new());
static FOR_EVER: Stack = Stack::new("for_ever").retry(RetryPolicy::new().unlimited());
static ZERO: Stack = Stack::new("zero").timeout(secs(0));

fn main() {}
