//! resilience4j's retry (github.com/resilience4j/resilience4j, resilience4j-retry and -core,
//! src/test/java/io/github/resilience4j/{retry,core}/). Its default is three runs 500 ms apart.
//! The circuit breaker is in [`breaker`](crate::resilience4j_breaker).

use std::time::Duration;

use resil::event::StopReason::{Exhausted, Final};
use resil::{Backoff, retry};

use crate::stage::cases;
use crate::support::{Fault, ms};

/// One delay, and no other.
struct Once;
impl Backoff for Once {
    fn delay(&mut self, retry: u32, _: Option<Duration>) -> Option<Duration> {
        (retry == 1).then_some(ms(10))
    }
}

cases! {
    should_not_retry: "a success at first is not retried", "retry/internal/SupplierRetryTest.shouldNotRetry";
        #[retry(constant, base = 500ms, jitter = none)]
        "S" => "S", took(0), retries(0);
    should_not_retry_with_result: "nor is one whose value asks for nothing",
        "SupplierRetryTest.shouldNotRetryWithResult, shouldOnCompleteCallOnFinish";
        #[retry(constant, max = 2, base = 500ms, jitter = none, on_ok(0))]
        "S" => "S", took(0);
    should_retry_with_result: "a value that asks for another try; it is returned when there is none",
        "SupplierRetryTest.shouldRetryWithResult, testExecuteSupplierWithResult";
        #[retry(constant, max = 2, base = 500ms, jitter = none, on_ok(0))]
        "RR" => "R", took(500), stops([Exhausted]);
    result_with_one_attempt: "one run, and its value is returned",
        "SupplierRetryTest.shouldRetryInCaseOResultRetryMatchAtSyncStage";
        #[retry(max = 1, on_ok(0))]
        "R" => "R", took(0);
    result_until_it_fits: "values until one fits, as the void runs of a counter",
        "RunnableRetryTest.shouldTakeIntoAccountRetryOnResult";
        #[retry(constant, base = 500ms, jitter = none, on_ok(0))]
        "RS" => "S", took(500);
    value_after_error: "an error, then a value that asks: both take a try",
        "SupplierRetryTest.testDecorateCallableWithRetryResult";
        #[retry(constant, max = 2, base = 500ms, jitter = none, on_ok(0))]
        "FR" => "R", took(500);
    error_value_error: "an error, a value, an error: the last comes back",
        "SupplierRetryTest.shouldReturnAfterThreeAttemptsAndRecoverWithResult";
        #[retry(constant, base = 500ms, jitter = none, on_ok(0))]
        "FRF" => "F", took(1_000), stops([Exhausted]);
    k08_second_attempt: "an error, then a success",
        "SupplierRetryTest.shouldReturnSuccessfullyAfterSecondAttempt, testDecorateSupplier, testExecuteCallable";
        #[retry(constant, base = 500ms, jitter = none)]
        "FS" => "S", at([0, 500]);
    k08_twice: "two calls do not share their attempts",
        "SupplierRetryTest.testDecorateSupplierAndInvokeTwice";
        #[retry(constant, base = 500ms, jitter = none)]
        "FSFS" => "SS", at([0, 500, 500, 1_000]), retries(2), stops([]);
    k08_three_attempts: "always an error: three runs, and the error is the body's own",
        "SupplierRetryTest.shouldReturnAfterThreeAttempts, shouldNotThrowMaxRetriesExceededIfCompletedExceptionally";
        #[retry(constant, base = 500ms, jitter = none)]
        "FFF" => "F", took(1_000);
    k08_one_attempt: "one run and no wait", "SupplierRetryTest.shouldReturnAfterOneAttempt";
        #[retry(max = 1)]
        "F" => "F", took(0), stops([Exhausted]);
    k08_ignored: "an error that is not to be retried",
        "SupplierRetryTest.shouldReturnAfterOneAttemptAndIgnoreException, EventPublisherTest.shouldIgnoreError";
        #[retry(constant, base = 500ms, jitter = none, unless(Fault::Network(_)))]
        "F" => "F", took(0), retries(0), stops([Final]);
    k08_interrupted: "who gives up in the wait ends it: no further run",
        "SupplierRetryTest.shouldMarkThreadInterruptedWhenInterruptedDuringRetry, shouldThrowCancellationExceptionWhenInterruptedDuringRetryOnResult";
        #[retry(constant, base = 500ms, jitter = none, on_ok(0))]
        "FR" => "W(250) W(250) +10s";
    backoff_function: "exponential by two from 500 ms",
        "SupplierRetryTest.shouldTakeIntoAccountBackoffFunction";
        #[retry(exponential, base = 500ms, factor = 2, jitter = none)]
        "FFF" => "F", at([0, 500, 1_500]);
    backoff_per_error: "the failed side says how long: 100 ms, then 200 ms (ours: up to a tenth later)",
        "SupplierRetryTest.shouldUseBackoffBiFunctionWhenRetryWithResult";
        #[retry(retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
        "Q(100)Q(200)S" => "S", gaps([(100, 110), (200, 220)]);
    backoff_of_ones_own: "each delay of another kind: 500 ms, then its square",
        "RunnableRetryTest.shouldTakeIntoAccountBackoffFunction";
        #[retry(cap = 300s, backoff = |n: u32| ms(500_u64.pow(n)))]
        "FFF" => "F", delays([500, 250_000]);
    backoff_that_ends: "a back-off that has no further delay ends it",
        "CompletionStageRetryTest.shouldStopRetryingAndEmitProperEventsIfIntervalFunctionReturnsLessThanZero";
        #[retry(max = 9, backoff = Once)]
        "FF" => "F", retries(1), stops([Exhausted]);
    interval_zero: "a wait of nothing is a retry all the same",
        "CompletionStageRetryTest.shouldContinueRetryingAndEmitProperEventsIfIntervalFunctionReturnsZeroOrMore";
        #[retry(delays = [0ms])]
        "FFF" => "F", took(0), retries(2), stops([Exhausted]);
    async_one: "a future that fails, one attempt",
        "CompletionStageRetryTest.shouldCompleteFutureAfterOneAttemptInCaseOfExceptionAtAsyncStage";
        #[retry(max = 1)]
        "F(10)" => "F";
    async_two: "two attempts",
        "CompletionStageRetryTest.shouldCompleteFutureAfterTwoAttemptsInCaseOfExceptionAtAsyncStage";
        #[retry(max = 2)]
        "F(10)F(10)" => "F", retries(1);
    async_three: "three attempts",
        "CompletionStageRetryTest.shouldCompleteFutureAfterThreeAttemptsInCaseOfExceptionAtAsyncStage";
        #[retry(max = 3)]
        "F(10)F(10)F(10)" => "F", retries(2);
    events_retry_success: "told: retry, then nothing stopped", "EventPublisherTest.shouldReturnAfterTwoAttempts";
        #[retry(constant, base = 500ms, jitter = none)]
        "FS" => "S", retries(1), stops([]);
    events_retry_error: "told: retry, retry, exhausted",
        "EventPublisherTest.shouldReturnAfterThreeAttempts";
        #[retry(constant, base = 500ms, jitter = none)]
        "FFF" => "F", retries(2), stops([Exhausted]);
    exponential_intervals: "each longer than the one before",
        "core/IntervalFunctionTest.generatesExponentialIntervals";
        #[retry(exponential, max = 6, base = 100ms, factor = 1.5, jitter = none)]
        "FFFFFF" => "F", gaps([(100, 100), (150, 150), (225, 225), (337, 338), (506, 507)]);
    exponential_capped: "up to the cap, and then the cap: the twelfth of 100 ms by 2 is 100 s",
        "core/IntervalFunctionTest.generatesCappedExponentialIntervals";
        #[retry(exponential, max = 14, base = 100ms, factor = 2, cap = 100s, jitter = none)]
        "FFFFFFFFFFFFFF" => "F",
        delays([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 100_000, 100_000, 100_000]);
}
