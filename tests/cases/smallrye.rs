//! SmallRye Fault Tolerance (github.com/smallrye/smallrye-fault-tolerance, testsuite/basic/src/
//! test/java/io/smallrye/faulttolerance/).
//!
//! | case | where it stands |
//! |---|---|
//! | K06 | here; ours sleeps no last delay only to give up after it |
//! | K07 | tests/ui: a cap that is no longer than the base, a factor below 1, two strategies, an option that has no effect |
//! | L13 | here; resil-runtime/tests/circuit/tripping.rs `l13_..` by hand |
//! | Q03 (issue 320) | tests/circuit/half_open.rs `q01_q03_..`, half_open.rs `q03_..` |

use resil::event::StopReason::Within;
use resil::{circuit, retry};

use crate::stage::cases;

cases! {
    k06_exponential: "100 + 200 + 400 ms within 1 s, and the next 800 ms would pass it: four runs",
        "retry/backoff/exponential";
        #[retry(max = 99, base = 100ms, jitter = none, within = 1s)]
        "FFFF" => "F", at([0, 100, 300, 700]), took(700), retries(3), stops([Within]);
    k06_factor: "by three within 800 ms: three runs", "retry/backoff/exponential, factor by config";
        #[retry(max = 99, base = 100ms, factor = 3, jitter = none, within = 800ms)]
        "FFF" => "F", at([0, 100, 400]), took(400), stops([Within]);
    k06_fibonacci: "100, 200, 300 ms within 800 ms: four runs; ours: the sequence is 1, 1, 2, 3, 5, so five",
        "retry/backoff/fibonacci";
        #[retry(fibonacci, max = 99, base = 100ms, jitter = none, within = 800ms)]
        "FFFFF" => "F", at([0, 100, 200, 400, 700]), took(700), stops([Within]);
    k06_custom: "250 ms each within 600 ms: three runs", "retry/backoff/custom";
        #[retry(constant, max = 99, base = 250ms, jitter = none, within = 600ms)]
        "FFF" => "F", at([0, 250, 500]), took(500), stops([Within]);
    l13: "1 of 2 at 40 % opens at once; after 300 ms a success closes, and fifty later so does it again",
        "circuitbreaker/rollingwindow/CircuitBreakerRollingWindowTest";
        #[circuit(failure_rate = 40%, window = 2, open_for = 300ms)]
        "SSSSSF S SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS F"
            => "SSSSSF X +400ms S SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS F X";
}
