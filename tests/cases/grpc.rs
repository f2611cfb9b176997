//! gRPC (grpc/proposal A6-client-retries.md; grpc/grpc-go test/retry_test.go).
//!
//! | case | where it stands |
//! |---|---|
//! | I01 | here, with our bucket: theirs takes 1 per failed attempt and stops below half, ours takes `cost` per retry and gives the last cost back |
//! | I02 | `jitter.rs` |
//! | I03 | here; response headers, replay buffers and the count sent to the server are gRPC's own |
//! | I04 | `hedging.rs` |
//! | I05 | not ours: limits are as written; `max = 0` and a `max` above what the budget allows are refused (tests/ui) |
//! | I06 | here; transparent retries are gRPC's own |

use resil::event::StopReason::{Budget, Deadline, Exhausted, Final};
use resil::{retry, timeout};

use crate::stage::cases;
use crate::support::Fault;

cases! {
    i01: "twelve calls of at most four attempts against a server that answers at 0, 3, 6, 10-14, 16, 18; ours: with 10 tokens at 2 the first failed call is the eleventh",
        "grpc-go test/retry_test.go TestRetryThrottling";
        #[retry(max = 4, base = 1ms, budget = (capacity = 10, cost = 2))]
        "S FFS FFS FFFS S S S S FS FS FFFF F" => "SSSSSSSSSS FF",
        retries(12), stops([Exhausted, Budget]);
    i03_pushback: "1000 ms are asked for, then back-off begins anew; ours: it goes on with the second delay",
        "A6 'Pushback'; TestRetryStreaming";
        #[retry(max = 4, base = 100ms, jitter = none,
                retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
        "Q(1000)FS" => "S", gaps([(1_000, 1_100), (200, 200)]);
    i03_never: "a pushback that says no is final", "A6 'Pushback'; TestRetryStreaming";
        #[retry(max = 4, base = 100ms, unless(Fault::Busy(d) if d.is_zero()))]
        "FQ(0)" => "F", stops([Final]);
    i03_exhausted: "no attempt is left, whatever is asked for", "A6 'Pushback'; TestRetryStreaming";
        #[retry(max = 2, base = 100ms, jitter = none,
                retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
        "FQ(1000)" => "F", took(100), stops([Exhausted]);
    i06: "the deadline covers attempts and delays", "A6 'Overall deadline'";
        #[timeout(1s)]
        #[retry(constant, max = 3, base = 400ms, jitter = none)]
        "F(100)F(100)" => "F", at([0, 500]), took(600), stops([Deadline]);
    i06_in_flight: "and cuts an attempt that is under way", "A6 'Overall deadline'";
        #[timeout(1s)]
        #[retry(constant, max = 3, base = 400ms, jitter = none)]
        "F(100)S(800)" => "T", took(1_000), cut(1);
}
