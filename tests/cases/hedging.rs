//! Hedging: gRPC (grpc/proposal A6-client-retries.md, 'Hedging'), Polly (`test/Polly.Core.Tests/Hedging/
//! HedgingResilienceStrategyTests`), failsafe-go (test/hedgepolicy_test.go, test/policy_composition_test.go).
//! The script says what each copy does; the number behind `=>` is that of the copy whose outcome comes back.
//!
//! | case | where it stands |
//! |---|---|
//! | I04, push-back of the server | not ours: an error says nothing of when a copy may start; one that is throttled ends the call |
//! | I04, a copy that is refused below | tests/hedge/refused.rs |
//! | I04, hedges that the throttle drops; J04 | here: the budget |
//! | L09, the delay of a quantile, with none in the first 20 executions | tests/hedge/percentile.rs: none in the first 100 |
//! | L09, a delay function that is negative, a result that cancels | not ours: a delay is a constant or a percentile, and every `Ok` is good |
//! | L12, outcomes that are disposed of | tests/hedge/main.rs `the_others_are_dropped_where_they_stand` |

use std::time::Duration;

use resil::event::StopReason::Exhausted;
use resil::{hedge, retry};

use crate::stage::Case;
use crate::support::{Fault, ms};

/// Rows: `id: says, source; attributes script => the copy that answers, checks;`.
macro_rules! copies {
    ($($id:ident: $says:literal, $source:literal;
       $(#[$($attr:tt)*])+
       $body:literal => $run:literal $(, $check:ident $args:tt)*;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $id() {
            $(#[$($attr)*])+
            async fn call(case: &Case) -> Result<u32, Fault> {
                case.body.run().await
            }
            let case = Case::new($says, $source, $body);
            case.answered_by($run, call(&case)).await;
            $(case.$check $args;)*
        }
    )+};
}

// gRPC.
copies! {
    i04_no_answer: "four attempts 500 ms apart", "A6, 'Hedging Policy'";
        #[hedge(after = 500ms, max = 4, budget = off)]
        "HHHS(1)" => 4, at([0, 500, 1_000, 1_500]), hedges(3), cut(3);
    i04_non_fatal: "a non-fatal failure sends the next one at once, and later ones resume at the delay", "A6, 'Hedging Policy'";
        #[hedge(after = 500ms, max = 4, budget = off)]
        "F(200)HHS(1)" => 4, at([0, 200, 700, 1_200]), cut(2);
    i04_fatal: "a fatal one cancels all and comes back", "A6, 'Hedging Policy', nonFatalStatusCodes";
        #[hedge(after = 500ms, max = 4, budget = off, on(Fault::Network(_)))]
        "HHB" => 3, at([0, 500, 1_000]), took(1_000), cut(2);
    i04_success: "a success cancels all", "A6, 'Hedging Policy'";
        #[hedge(after = 500ms, max = 4, budget = off)]
        "HS(100)" => 2, took(600), cut(1);
    i04_zero: "with a delay of zero all are sent at once", "A6, 'hedgingDelay'";
        #[hedge(after = 0s, max = 4, budget = off)]
        "HHS(9)S(1)" => 4, at([0, 0, 0, 0]), took(1), cut(3);
    i04_all_fail: "when all have failed, the last one's status", "A6, 'Hedging Policy'";
        #[hedge(after = 500ms, max = 3, budget = off)]
        "F(10)F(10)F(10)" => 3, at([0, 10, 20]), took(30);
}

// Polly. MaxHedgedAttempts = n is max = n + 1.
copies! {
    l12_zero_delay: "a delay of zero starts all at once", "ZeroHedgingDelay_EnsureAllTasksSpawnedAtOnce";
        #[hedge(after = 0s, max = 4, budget = off)]
        "S(40)S(30)S(20)S(10)" => 4, at([0, 0, 0, 0]), took(10);
    l12_all_fail: "all fail: the primary's outcome; ours: the last one's", "AllAttemptsFail_EnsureLastExceptionReturned";
        #[hedge(after = 100ms, max = 3, budget = off)]
        "F(300)F(10)F(10)" => 1, at([0, 100, 110]), took(300);
    l12_unhandled: "a failure that is not handled comes back at once", "ExceptionsHandled_ShouldReturnAnyResult";
        #[hedge(after = 100ms, max = 3, budget = off, on(Fault::Network(_)))]
        "HB" => 2, took(100), cut(1);
    l12_primary: "the primary's failure is not handled: no hedge at all", "PrimaryExceptionNotHandled_Rethrow";
        #[hedge(after = 100ms, max = 3, budget = off, on(Fault::Network(_)))]
        "B" => 1, hedges(0);
    l12_losers: "losers are cancelled", "EnsureHedgedTasksCancelled";
        #[hedge(after = 100ms, max = 3, budget = off)]
        "HHS(5)" => 3, took(205), cut(2);
    l12_primary_wins: "a primary that is slow may win", "PrimaryTaskTooLong_SecondaryTooLong";
        #[hedge(after = 100ms, max = 2, budget = off)]
        "S(150)H" => 1, took(150), hedges(1), cut(1);
}

/// Never two at a time: the next one starts after a failure alone. (Longer than any body takes.)
const NEVER: Duration = Duration::from_secs(86_400);

copies! {
    l12_infinite_delay: "an infinite delay: never two at a time", "InfiniteHedgingDelay_EnsureNoConcurrentExecutions";
        #[hedge(after = NEVER, max = 4, budget = off)]
        "F(3000)F(3000)S(3000)" => 3, at([0, 3_000, 6_000]), took(9_000);
}

// failsafe-go. MaxHedges = n is max = n + 1.
copies! {
    l09_no_delay_exceeded: "no hedge where the delay is not exceeded", "'should not hedge when delay not exceeded'";
        #[hedge(after = 1s, budget = off)]
        "S" => 1, hedges(0);
    l09_all_used: "a body of 100 ms with two hedges 20 ms apart: three attempts, the first answers", "'all hedges used'";
        #[hedge(after = 20ms, max = 3, budget = off)]
        "S(100)S(100)S(100)" => 1, at([0, 20, 40]), took(100), hedges(2), cut(2);
    l09_backup: "backup executions: all at once", "'backup executions'";
        #[hedge(after = 0s, max = 3, budget = off)]
        "S(3)S(2)S(1)" => 3, hedges(2);
    l08_above_each_attempt: "three attempts of 20 ms with a hedge each: six runs, two retries, three hedges",
        "test/policy_composition_test.go 'with HedgePolicy'";
        #[retry(constant, max = 3, base = 1ms, jitter = none)]
        #[hedge(after = 10ms, budget = off)]
        "F(20)F(20)F(20)F(20)F(20)F(20)" => 6, retries(2), hedges(3), stops([Exhausted]);
    l08_instant: "with instant failures and a delay of 1 s: three runs, no hedge; ours: a failure starts the other copy",
        "test/policy_composition_test.go 'with HedgePolicy', the second case";
        #[retry(constant, max = 3, base = 1ms, jitter = none)]
        #[hedge(after = 1s, budget = off)]
        "FFFFFF" => 6, retries(2), hedges(3);
    j04: "a hedge that the budget refuses: the first one's outcome; here the budget gives none",
        "test/budget_test.go 'when hedges exceeded'";
        #[hedge(policy = POOR)]
        "S(100)" => 1, hedges(0), took(100);
}

const POOR: resil::HedgePolicy =
    resil::HedgePolicy::new(resil::HedgeAfter::percentile(99.0)).budget(0.0);

#[tokio::test(start_paused = true)]
async fn i04_the_throttle_drops_hedges_beyond_the_first() {
    // Tokens of a quarter a call: after a burst of ten, every fourth call may have a copy.
    #[hedge(after = 10ms, budget = 25%)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let mut copies = Vec::new();
    for _ in 0..24 {
        let case = Case::new("copies", "A6, 'Throttling of Hedged RPCs'", "S(20)S(20)");
        assert!(call(&case).await.is_ok());
        copies.push(case.body.record.count() - 1);
        tokio::time::sleep(ms(50)).await;
    }
    // The first call gives its quarter to a full budget.
    assert_eq!(copies.iter().sum::<usize>(), 10 + 23 / 4);
    assert!(copies[..10].iter().all(|&n| n == 1), "{copies:?}");
}
