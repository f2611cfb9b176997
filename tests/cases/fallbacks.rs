//! Fallbacks: MicroProfile Fault Tolerance's TCK (`tck/src/main/java/org/eclipse/microprofile/fault/tolerance/
//! tck/`), failsafe-go (test/fallback_test.go, test/policy_composition_test.go), Polly (`test/Polly.Core.Tests/
//! Fallback/FallbackResilienceStrategyTests`). SmallRye runs the TCK; resilience4j has no fallback of its own, and
//! decorators that recover, which are the same. `V` is the fallback's value.
//!
//! | case | where it stands |
//! |---|---|
//! | MP, a handler class, a method with the same parameters | an expression, whose type is checked: tests/fallback/value.rs, tests/ui/fallback |
//! | MP `FallbackTest.testFallbackMethodWithArgs..`, the context of the handler | here, by hand: the expression sees the arguments and the error |
//! | failsafe-go, a result that is handled | not ours: it is for errors; `on_ok` of a retry or a circuit is for results |
//! | L11, a fallback whose caller leaves | tests/stack/cancel_storm/four.rs, all with `F` |

use resil::CircuitState::Closed;
use resil::event::StopReason::{Exhausted, Final};
use resil::{Error, circuit, fallback, retry, timeout};

use crate::stage::{Case, INSTEAD, cases};
use crate::support::Fault;

// MicroProfile.
cases! {
    mp_success: "one retry, then the fallback", "FallbackTest.testFallbackSuccess";
        #[fallback(INSTEAD)]
        #[retry(max = 2, base = 1ms)]
        "FF" => "V", retries(1), stops([Exhausted]);
    mp_none: "no failure, no fallback", "FallbackTest, the service that succeeds";
        #[fallback(INSTEAD)]
        #[retry(max = 2, base = 1ms)]
        "FS" => "S";
    mp_timeout: "both attempts time out, then the fallback", "FallbackTest.testFallbackTimeout";
        #[fallback(INSTEAD)]
        #[retry(max = 2, base = 1ms)]
        #[timeout(500ms)]
        "HH" => "V", timeouts(2), cut(2);
    mp_apply_on: "an error that `applyOn` names", "FallbackExceptionHierarchyTest.serviceAThrowsE0.. (applyOn)";
        #[fallback(INSTEAD, on(Fault::Http(_)))]
        "C(404)F" => "VF";
    mp_skip_on: "and one that `skipOn` names, which wins", "FallbackExceptionHierarchyTest.serviceCThrowsE1.. (skipOn)";
        #[fallback(INSTEAD, on(Fault::Http(_)), unless(Fault::Http(404)))]
        "C(404)C(500)" => "FV";
    mp_skip_on_alone: "`skipOn` alone: all others", "FallbackExceptionHierarchyTest.serviceB.. (skipOn)";
        #[fallback(INSTEAD, unless(Fault::Http(_)))]
        "C(404)FB" => "FVV";
    mp_async: "a future that fails has its fallback too", "AsyncFallbackTest.testAsyncFallbackSuccess";
        #[fallback(INSTEAD)]
        "F(10)S(10)" => "VS";
    mp_circuit: "a refusal of an open circuit", "metrics and interceptor tests, fallback around a circuit";
        #[fallback(INSTEAD)]
        #[circuit(name = "fb.mp", failures = 1)]
        "F" => "VV";
}

// failsafe-go.
cases! {
    fs_result: "its value comes instead of an error", "TestFallbackOfResult";
        #[fallback(INSTEAD)]
        "F" => "V";
    fs_not: "and of no success", "TestShouldNotFallback";
        #[fallback(INSTEAD)]
        "S" => "S";
    fs_error: "it may be an error: its own comes back", "TestShouldFallbackOfError";
        #[fallback(|error| Err(error))]
        "F" => "F";
    l05_inside: "a fallback inside a retry: one attempt, no retry", "test/policy_composition_test.go 'with Fallback'";
        #[retry(max = 3, base = 1ms)]
        #[fallback(INSTEAD)]
        "F" => "V", retries(0), stops([]);
    l05_outside: "a fallback around a retry: three attempts", "TestFallback_Composition";
        #[fallback(INSTEAD)]
        #[retry(max = 3, base = 1ms)]
        "FFF" => "V", retries(2), stops([Exhausted]);
    l05_three: "around a retry around a circuit of five: it has seen three failures, and is closed", "TestMultiPolicy_Composition";
        #[fallback(INSTEAD)]
        #[retry(max = 3, base = 1ms)]
        #[circuit(name = "fb.l05", failures = 5)]
        "FFF" => "V", state("fb.l05", Closed), row("fb.l05", 3);
    l07: "around three attempts that time out outside of a longer limit; ours: the longer limit is refused inside",
        "test/nested_timeout_test.go";
        #[fallback(INSTEAD)]
        #[retry(max = 3, base = 1ms)]
        #[timeout(50ms)]
        "HHH" => "V", timeouts(3), cut(3);
}

// Polly.
cases! {
    polly_handled: "an error that is handled", "Handle_Exception_Ok";
        #[fallback(INSTEAD, on(Fault::Network(_)))]
        "F" => "V";
    polly_unhandled: "one that is not comes back untouched", "UnhandledException_Ok";
        #[fallback(INSTEAD, on(Fault::Network(_)))]
        "B" => "F";
    polly_refused: "a refusal of the pipeline inside, which the retry does not repeat", "composition, a broken circuit";
        #[fallback(INSTEAD, on(Fault::Resil(Error::CircuitOpen { .. })))]
        #[retry(max = 3, base = 1ms)]
        #[circuit(failures = 1)]
        "F" => "V", stops([Final]);
}

#[tokio::test(start_paused = true)]
async fn the_function_of_a_fallback_has_the_error_and_the_arguments() {
    // failsafe-go TestShouldFallbackOfFn; MP FallbackTest.testFallbackMethodWithArgsSuccess.
    #[fallback(|error| match error {
        Fault::Network(run) => Ok(run * 100 + extra),
        error => Err(error),
    })]
    async fn call(case: &Case, extra: u32) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new("the first run's error", "test/fallback_test.go", "FB");
    assert_eq!(call(&case, 7).await, Ok(107));
    assert_eq!(call(&case, 7).await, Err(Fault::Final));
}
