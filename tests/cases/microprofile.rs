//! Eclipse MicroProfile Fault Tolerance, its TCK (github.com/eclipse/microprofile-fault-tolerance,
//! tck/src/main/java/org/eclipse/microprofile/fault/tolerance/tck/, named here without that path).
//! `requestVolumeThreshold` is `window`, `delay` is `open_for`, `successThreshold` is `probes`, and
//! `maxRetries = n` is `max = n + 1`.
//!
//! Where a row says "ours", a rule of `LANGUAGE.md` differs on purpose.

use resil::CircuitState::Closed;
use resil::event::StopReason::{Exhausted, Final, Within};
use resil::{Error, circuit, retry, timeout};

use crate::stage::cases;
use crate::support::Fault;

// The circuit.
cases! {
    cb_closed_then_open:
        "four failures of four, at 75 %, and three calls are refused",
        "CircuitBreakerTest.testCircuitClosedThenOpen";
        #[circuit(failure_rate = 75%, window = 4, probes = 2, open_for = 50s)]
        "FFFF" => "FFFF XXX";
    cb_re_close:
        "once the delay is over, successes close it",
        "CircuitBreakerTest.testCircuitReClose";
        #[circuit(name = "mp.reclose", failure_rate = 75%, window = 4, probes = 2, open_for = 1ms)]
        "FFFF SSS" => "FFFF +500ms SSS", state("mp.reclose", Closed);
    cb_default_success_threshold:
        "one success closes it, with an empty window: it takes four failures again",
        "CircuitBreakerTest.testCircuitDefaultSuccessThreshold";
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "FFFF S FFFF" => "FFFF X +2s S FFFF X";
    cb_higher_success_threshold:
        "two successes of three do not close it, and the failed third opens it",
        "CircuitBreakerTest.testCircuitHighSuccessThreshold";
        #[circuit(failure_rate = 75%, window = 4, probes = 3, open_for = 1s)]
        "FFFF SS F" => "FFFF X +2s SS F X";
    cb_override:
        "two of two at 100 %: five of seven calls are refused",
        "CircuitBreakerTest.testClassLevelCircuitOverride";
        #[circuit(failure_rate = 100%, window = 2, probes = 2, open_for = 50s)]
        "FF" => "FF XXXXX";
    cb_rolling_window:
        "a success that brings the window to its size may open it: 2 of 4 at 50 %",
        "CircuitBreakerTest.testRollingWindowCircuitOpen";
        #[circuit(failure_rate = 50%, window = 4, probes = 2)]
        "SFFS" => "SFFS X";
    cb_rolling_window_2:
        "the window is the last four calls: 1 of 4, then 2 of 4",
        "CircuitBreakerTest.testRollingWindowCircuitOpen2";
        #[circuit(failure_rate = 50%, window = 4, probes = 2)]
        "SFSSF" => "SFSSF X";
    cb_initial_success:
        "a success at first: three failures of four open it, both times",
        "CircuitBreakerInitialSuccessTest.testCircuitInitialSuccessDefaultSuccessThreshold";
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "SFFF S SFFF" => "SFFF X +2s S SFFF X";
    cb_late_success:
        "a success at last: it opens on that, both times",
        "CircuitBreakerLateSuccessTest.testCircuitLateSuccessDefaultSuccessThreshold";
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "FFFS S FFFS" => "FFFS X +2s S FFFS X";
    cb_timeout:
        "timeouts are failures",
        "CircuitBreakerTimeoutTest.testTimeout";
        #[circuit(failure_rate = 75%, window = 2, probes = 2, open_for = 50s)]
        #[timeout(500ms)]
        "HH" => "TT X", timeouts(2), cut(2);
    cb_timeout_without_fail_on:
        "timeouts that `on` does not name are none",
        "CircuitBreakerTimeoutTest.testTimeoutWithoutFailOn";
        #[circuit(failure_rate = 75%, window = 2, probes = 2, open_for = 50s, on(Fault::Final))]
        #[timeout(500ms)]
        "HHH" => "TTT", timeouts(3);
    cb_metric:
        "an error that `on` does not name is a success, one that is skipped too; ours: skipped is neutral, so one call is counted and not two",
        "metrics/CircuitBreakerMetricTest.testCircuitBreakerMetric";
        #[circuit(name = "mp.metric", failure_rate = 100%, window = 2, open_for = 1s, probes = 2,
                  on(Fault::Network(_)), ignore(Fault::Http(404)))]
        "FF SS B C(404)" => "FF X +1500ms SS F F", changes(3), counts("mp.metric", 1, 0);
}

// Circuit and retry.
cases! {
    cb_open_with_more_retries:
        "four of eight attempts open it, and no more run",
        "CircuitBreakerRetryTest.testCircuitOpenWithMoreRetries (and its Async twin)";
        #[retry(constant, max = 8, jitter = none, on(Fault::Network(_)))]
        #[circuit(failure_rate = 75%, window = 4, probes = 2, open_for = 50s)]
        "FFFF" => "X", at([0, 100, 200, 300]), stops([Final]);
    cb_open_with_few_retries:
        "three attempts are too few to open it",
        "CircuitBreakerRetryTest.testCircuitOpenWithFewRetries (and its Async twin)";
        #[retry(constant, max = 3, jitter = none, on(Fault::Network(_)))]
        #[circuit(name = "mp.few", failure_rate = 75%, window = 4, probes = 2, open_for = 50s)]
        "FFF" => "F", state("mp.few", Closed), stops([Exhausted]);
    cb_open_with_multi_timeouts:
        "attempts that time out open it as well",
        "CircuitBreakerRetryTest.testCircuitOpenWithMultiTimeouts (and its Async twin)";
        #[retry(max = 8, within = 20s,
                on(Fault::Network(_) | Fault::Resil(Error::Timeout { .. })))]
        #[circuit(failure_rate = 75%, window = 4, probes = 2, open_for = 50s)]
        #[timeout(100ms)]
        "HHHH" => "X", timeouts(4);
    cb_retries_succeed_when_circuit_closes:
        "a retry on an open circuit outlasts it; ours: in one wait, as the refusal says how long",
        "CircuitBreakerRetryTest.testRetriesSucceedWhenCircuitCloses (and its Async twin)";
        #[retry(constant, max = 21, base = 100ms, jitter = none,
                on(Fault::Resil(Error::CircuitOpen { .. })))]
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "FFFF S" => "FFFF S", gaps([(0, 0), (0, 0), (0, 0), (1_000, 1_320)]), retries(1);
    cb_no_retries_if_not_retry_on:
        "a refusal that `on` does not name comes back at once",
        "CircuitBreakerRetryTest.testNoRetriesIfNotRetryOnAsync";
        #[retry(constant, max = 21, base = 200ms, on(Fault::Resil(Error::Timeout { .. })))]
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "FFFF" => "FFFF X", took(0);
    cb_no_retries_if_abort_on:
        "nor is one retried that `unless` names",
        "CircuitBreakerRetryTest.testNoRetriesIfAbortOnAsync";
        #[retry(constant, max = 21, base = 200ms,
                unless(Fault::Network(_) | Fault::Resil(Error::CircuitOpen { .. })))]
        #[circuit(failure_rate = 75%, window = 4, open_for = 1s)]
        "FFFF" => "FFFF X", took(0), retries(0);
}

// Retry.
cases! {
    retry_max_retries:
        "five retries are six runs",
        "RetryTest.testRetryMaxRetries";
        #[retry(max = 6)]
        "FFFFFF" => "F", retries(5), stops([Exhausted]);
    retry_max_duration:
        "runs of 100 ms in 1 s are fewer than eleven",
        "RetryTest.testRetryMaxDuration, testRetryMaxDurationSeconds";
        #[retry(delays = [0ms], max = 91, within = 1s)]
        "F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)" => "F",
        took(1_000), stops([Within]);
    retry_class_level_max_retries:
        "two retries are three runs",
        "RetryTest.testClassLevelRetryMaxRetries";
        #[retry(max = 3)]
        "FFF" => "F";
    retry_zero_jitter:
        "without jitter three retries take what their delays say",
        "ZeroRetryJitterTest.test";
        #[retry(constant, base = 100ms, max = 4, jitter = none)]
        "FFFS" => "S", at([0, 100, 200, 300]);
    retry_on_true: "an error that `on` names: three retries", "RetryConditionTest.testRetryOnTrue";
        #[retry(max = 4, on(Fault::Network(_)))]
        "FFFF" => "F";
    retry_on_false: "one that it does not: none", "RetryConditionTest.testRetryOnFalse";
        #[retry(max = 4, on(Fault::Http(_)))]
        "F(100)" => "F", stops([Final]);
    retry_on_parent:
        "`on` names a family, a member comes", "RetryConditionTest.testRetryOnTrueThrowingAChildCustomException";
        #[retry(max = 4, on(Fault::Http(_)))]
        "C(404)C(404)C(404)C(404)" => "F";
    retry_on_parent_abort_on_child:
        "`unless` names the member: it wins",
        "RetryConditionTest.testRetryOnFalseAndAbortOnTrueThrowingAChildCustomException";
        #[retry(max = 4, on(Fault::Http(_)), unless(Fault::Http(404)))]
        "C(404)" => "F";
    abort_on_false:
        "`unless` names another", "RetryConditionTest.testRetryWithAbortOnFalse";
        #[retry(max = 4, unless(Fault::Http(_)))]
        "FFFF" => "F";
    abort_on_true:
        "`unless` names this one", "RetryConditionTest.testRetryWithAbortOnTrue";
        #[retry(max = 4, unless(Fault::Network(_)))]
        "F(100)" => "F";
    async_exceptionally:
        "a future that fails is retried as well",
        "RetryConditionTest.testAsyncRetryExceptionally, testRetryChainExceptionally, testRetryParallelExceptionally";
        #[retry(max = 3)]
        "F(10)F(10)F(10)" => "F";
    async_success:
        "and may succeed at the third time",
        "RetryConditionTest.testRetrySuccess, testRetryChainSuccess, testRetryParallelSuccess";
        #[retry(max = 3)]
        "F(10)FS(10)" => "S", stops([]);
    retry_metric_immediately:
        "no retry is told of a first try that succeeds", "metrics/RetryMetricTest.testRetryMetricSuccessfulImmediately";
        #[retry(max = 6)]
        "S" => "S", retries(0), stops([]);
    retry_metric_after_retry:
        "three are, and nothing stopped", "metrics/RetryMetricTest.testRetryMetricSuccessfulAfterRetry";
        #[retry(max = 6)]
        "FFFS" => "S", retries(3), stops([]);
    retry_metric_non_retryable:
        "a final error at first", "metrics/RetryMetricTest.testRetryMetricNonRetryableImmediately";
        #[retry(max = 6, unless(Fault::Final))]
        "B" => "F", retries(0), stops([Final]);
    retry_metric_non_retryable_after_retries:
        "a final error after three others", "metrics/RetryMetricTest.testRetryMetricNonRetryableAfterRetries";
        #[retry(max = 6, unless(Fault::Final))]
        "FFFB" => "F", retries(3), stops([Final]);
    retry_metric_max_retries:
        "two calls of six runs", "metrics/RetryMetricTest.testRetryMetricMaxRetries";
        #[retry(max = 6)]
        "FFFFFF FFFFFF" => "FF", retries(10), stops([Exhausted, Exhausted]);
    retry_metric_zero:
        "no retries allowed: exhausted at once",
        "metrics/RetryMetricTest.testRetryMetricMaxRetriesHitButNoRetry";
        #[retry(max = 1)]
        "F" => "F", retries(0), stops([Exhausted]);
    retry_metric_max_duration:
        "runs of 100 ms until 1 s is over", "metrics/RetryMetricTest.testRetryMetricMaxDuration";
        #[retry(delays = [0ms], max = 20, within = 1s)]
        "F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)F(100)" => "F",
        retries(9), stops([Within]);
    retry_metric_max_duration_no_retries:
        "a first run that takes longer is the last",
        "metrics/RetryMetricTest.testRetryMetricMaxDurationNoRetries";
        #[retry(delays = [0ms], max = 20, within = 1s)]
        "F(1500)" => "F", retries(0), stops([Within]), took(1_500);
}

// Timeout, with and without retry.
cases! {
    timeout_fires: "20 s against 1 s", "TimeoutTest.testTimeout, testTimeoutClassLevel";
        #[timeout(1s)]
        "F(20000)" => "T", took(1_000);
    timeout_does_not: "10 ms against 1 s", "TimeoutTest.testNoTimeout, testNoTimeoutClassLevel";
        #[timeout(1s)]
        "F(10)" => "F", took(10);
    timeout_above_default: "2.5 s against 2 s", "TimeoutTest.testGTDefaultTimeout, testSecondsTimeout";
        #[timeout(2s)]
        "F(2500)" => "T";
    timeout_above_default_not: "1.5 s against 2 s", "TimeoutTest.testGTDefaultNoTimeout, testSecondsNoTimeout";
        #[timeout(2s)]
        "F(1500)" => "F";
    timeout_below_default: "1 s against 500 ms", "TimeoutTest.testLTDefaultTimeout";
        #[timeout(500ms)]
        "F(1000)" => "T";
    timeout_below_default_not: "10 ms against 500 ms", "TimeoutTest.testLTDefaultNoTimeout";
        #[timeout(500ms)]
        "F(10)" => "F";
    timeout_metric:
        "two of three calls time out, and two events say so", "metrics/TimeoutMetricTest.testTimeoutMetric";
        #[timeout(500ms)]
        "S(2000)S(2000)S(100)" => "TTS", timeouts(2);
    retry_timeout: "an attempt that times out is retried", "RetryTimeoutTest.testRetryTimeout";
        #[retry(max = 2)]
        #[timeout(500ms)]
        "F(1000)F(1000)" => "T", timeouts(2), stops([Exhausted]);
    retry_no_timeout: "one that fails in time too", "RetryTimeoutTest.testRetryNoTimeout";
        #[retry(max = 2)]
        #[timeout(500ms)]
        "F(10)F(10)" => "F", timeouts(0);
    retry_without_retry_on:
        "a timeout that `on` does not name is final", "RetryTimeoutTest.testRetryWithoutRetryOn";
        #[retry(max = 2, on(Fault::Network(_)))]
        #[timeout(500ms)]
        "F(1000)" => "T", stops([Final]);
    retry_with_abort_on:
        "and so is one that `unless` names", "RetryTimeoutTest.testRetryWithAbortOn";
        #[retry(max = 2, unless(Fault::Resil(Error::Timeout { .. })))]
        #[timeout(500ms)]
        "F(1000)" => "T", stops([Final]);
}
