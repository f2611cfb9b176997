//! Stacks as values: the order of their layers, and where their state lives.

use std::time::Duration;

use resil::event::{Event, StopReason};
use resil::{
    BulkheadPolicy, CircuitPolicy, CircuitState, Deadline, Error, Jitter, RateLimitPolicy,
    RetryPolicy, Stack, breaker, bulkhead, circuit, rate_limit, registry,
};
use tokio::time::sleep;

use crate::support::{Events, Fault, Record, ms};

const CIRCUIT: CircuitPolicy = CircuitPolicy::new().failures(2);
const STANDARD: RetryPolicy = RetryPolicy::new().max(3).base(ms(100)).jitter(Jitter::None);

async fn down(record: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(record.attempt()))
}

async fn hang(record: &Record) -> Result<u32, Fault> {
    let n = record.attempt();
    sleep(Duration::from_secs(3_600)).await;
    Ok(n)
}

/// The text of the contract.
#[tokio::test(start_paused = true)]
async fn a_stack_runs_a_closure() {
    static PAY: Stack = Stack::new("values.pay")
        .circuit(CIRCUIT)
        .retry(STANDARD)
        .timeout(Duration::from_secs(1));
    let record = Record::new();
    let order = record.clone();
    let charge_once = async |record: &Record| match record.attempt() {
        1 => Err(Fault::Network(1)),
        2 => {
            sleep(Duration::from_secs(5)).await;
            Ok(2)
        }
        n => Ok(n),
    };
    let receipt: Result<u32, Fault> = PAY.run(|| charge_once(&order)).await;
    assert_eq!(receipt, Ok(3));
    // A pause of 100 ms, an attempt that is cut after a second, and a pause of 200 ms.
    assert_eq!(record.times(), [0, 100, 1_300]);
}

#[tokio::test(start_paused = true)]
async fn the_layer_that_is_added_first_is_the_outermost() {
    static ABOVE: Stack = Stack::new("values.circuit_above")
        .circuit(CIRCUIT)
        .retry(STANDARD);
    static BELOW: Stack = Stack::new("values.circuit_below")
        .retry(STANDARD)
        .circuit(CIRCUIT);
    // Above, the circuit sees one outcome for all attempts.
    let record = Record::new();
    assert_eq!(ABOVE.run(|| down(&record)).await, Err(Fault::Network(3)));
    assert_eq!(
        breaker("values.circuit_above").state(),
        CircuitState::Closed
    );
    assert_eq!(ABOVE.run(|| down(&record)).await, Err(Fault::Network(6)));
    assert_eq!(breaker("values.circuit_above").state(), CircuitState::Open);
    // Below, it sees each attempt, and refuses the third.
    let record = Record::new();
    let out = BELOW.run(|| down(&record)).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{out:?}"
    );
    assert_eq!(record.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_the_retry_bounds_the_whole_call_and_one_below_each_attempt() {
    static BOTH: Stack = Stack::new("values.both")
        .timeout(ms(1_000))
        .retry(STANDARD)
        .timeout(ms(400));
    let (record, events) = (Record::new(), Events::of("values.both"));
    let out = BOTH.run(|| hang(&record)).await;
    let Err(Fault::Resil(Error::Timeout {
        function,
        limit,
        inherited: false,
        ..
    })) = out
    else {
        panic!("{out:?}");
    };
    assert_eq!((function, limit), ("values.both", ms(400)));
    // The third attempt could not begin in time: 400 + 100 + 400 + 200 is more than a second.
    assert_eq!((record.times(), record.elapsed()), (vec![0, 500], 900));
    assert_eq!(events.stop(), Some(StopReason::Deadline));
}

#[tokio::test(start_paused = true)]
async fn all_that_give_the_name_share_its_state() {
    #[circuit(name = "values.shared")]
    #[rate_limit(name = "values.shared")]
    async fn annotated() -> Result<(), Fault> {
        Ok(())
    }
    static FIRST: Stack = Stack::new("values.shared")
        .circuit(CircuitPolicy::new().failures(1))
        .rate_limit(RateLimitPolicy::new().max(2).per(Duration::from_secs(1)));
    static SECOND: Stack = Stack::new("values.shared").circuit(CircuitPolicy::new().failures(1));
    assert_eq!(FIRST.run(|| async { Ok::<_, Fault>(1) }).await, Ok(1));
    assert_eq!(rate_limit("values.shared").available(), 1);
    assert_eq!(
        SECOND
            .run(|| async { Err::<(), _>(Fault::Network(1)) })
            .await,
        Err(Fault::Network(1))
    );
    for out in [
        annotated().await,
        FIRST.run(|| async { Ok(()) }).await,
        SECOND.clone().run(|| async { Ok(()) }).await,
        Stack::try_new("values.shared", SECOND.layers().to_vec())
            .unwrap()
            .run(|| async { Ok(()) })
            .await,
    ] {
        assert!(
            matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))),
            "{out:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_const_has_the_state_of_its_name_wherever_it_is_named() {
    #![expect(
        clippy::declare_interior_mutable_const,
        clippy::borrow_interior_mutable_const,
        reason = "the subject of this test"
    )]
    const STACK: Stack = Stack::new("values.a_const").circuit(CIRCUIT);
    for n in [1, 2] {
        let out = STACK
            .run(|| async { Err::<(), _>(Fault::Network(n)) })
            .await;
        assert_eq!(out, Err(Fault::Network(n)));
    }
    assert!(STACK.run(|| async { Ok::<_, Fault>(()) }).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_shared_by_all_stacks_of_the_name() {
    use resil::BudgetPolicy;
    const POOR: RetryPolicy = STANDARD.budget(BudgetPolicy::new(10, 5).refill(0));
    static FIRST: Stack = Stack::new("values.budget").retry(POOR);
    static SECOND: Stack = Stack::new("values.budget").retry(POOR);
    static OTHER: Stack = Stack::new("values.budget.other").retry(POOR);
    let record = Record::new();
    assert!(FIRST.run(|| down(&record)).await.is_err());
    assert_eq!(record.count(), 3);
    let events = Events::of("values.budget");
    assert!(SECOND.run(|| down(&record)).await.is_err());
    assert_eq!(
        (record.count(), events.stop()),
        (4, Some(StopReason::Budget))
    );
    assert!(OTHER.run(|| down(&record)).await.is_err());
    assert_eq!(record.count(), 7);
}

#[tokio::test(start_paused = true)]
async fn other_settings_for_one_name_are_a_conflict() {
    static FIRST: Stack = Stack::new("values.conflict").bulkhead(BulkheadPolicy::new().max(1));
    assert_eq!(FIRST.run(|| async { Ok::<_, Fault>(()) }).await, Ok(()));
    #[bulkhead(name = "values.conflict", max = 9)]
    async fn annotated() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(annotated().await, Ok(()));
    let conflicts = registry().conflicts();
    let ours = conflicts
        .iter()
        .find(|c| c.name == "values.conflict")
        .unwrap();
    assert_eq!(ours.used, "values.conflict");
    assert_eq!(bulkhead("values.conflict").limit(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_a_place_and_for_their_turn() {
    static PLACES: Stack =
        Stack::new("values.places").bulkhead(BulkheadPolicy::new().max(1).queue(1));
    static TURNS: Stack = Stack::new("values.turns")
        .rate_limit(RateLimitPolicy::new().max(1).per(ms(100)).wait(ms(150)));
    let record = Record::new();
    let take = async || {
        let n = record.attempt();
        sleep(ms(100)).await;
        Ok::<_, Fault>(n)
    };
    let call = || PLACES.run(&take);
    let (a, b, c) = tokio::join!(call(), call(), call());
    assert_eq!((a, b), (Ok(1), Ok(2)));
    assert!(
        matches!(c, Err(Fault::Resil(Error::BulkheadFull { limit: 1, .. }))),
        "{c:?}"
    );
    assert_eq!(record.times(), [0, 100]);
    let record = Record::new();
    let note = async || Ok::<_, Fault>(record.attempt());
    let call = || TURNS.run(&note);
    let (a, b, c) = tokio::join!(call(), call(), call());
    assert_eq!((a, b), (Ok(1), Ok(2)));
    assert!(
        matches!(c, Err(Fault::Resil(Error::RateLimited { .. }))),
        "{c:?}"
    );
    assert_eq!(record.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn four_timeouts_are_seen_and_the_soonest_one_ends_the_call() {
    static FOUR: Stack = Stack::new("values.four")
        .timeout(ms(900))
        .timeout(ms(800))
        .timeout(ms(700))
        .timeout(ms(600));
    let record = Record::new();
    let seen = std::cell::Cell::new(None);
    let out = FOUR
        .run(|| async {
            seen.set(Deadline::current().map(Deadline::remaining));
            hang(&record).await
        })
        .await;
    assert!(matches!(out, Err(Fault::Resil(Error::Timeout { limit, .. })) if limit == ms(600)));
    assert_eq!((seen.get(), record.elapsed()), (Some(ms(600)), 600));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_all_back() {
    static ALL: Stack = Stack::new("values.dropped")
        .circuit(CIRCUIT)
        .bulkhead(BulkheadPolicy::new().max(1))
        .retry(STANDARD)
        .timeout(ms(500));
    let (record, events) = (Record::new(), Events::of("values.dropped"));
    for wait in [ms(50), ms(550)] {
        let call = ALL.run(|| hang(&record));
        assert!(tokio::time::timeout(wait, call).await.is_err());
        assert_eq!(bulkhead("values.dropped").in_flight(), 0);
    }
    // The second one was dropped in the pause.
    assert_eq!(events.stop(), Some(StopReason::Cancelled));
    assert_eq!(breaker("values.dropped").state(), CircuitState::Closed);
    let told = events.all();
    assert!(matches!(&told[0], Event::TimedOut { .. }), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_before_the_first_poll() {
    static LAZY: Stack = Stack::new("values.lazy").circuit(CIRCUIT).retry(STANDARD);
    let record = Record::new();
    drop(LAZY.run(|| down(&record)));
    assert_eq!(record.count(), 0);
    let known = registry().snapshot();
    assert!(!known.iter().any(|b| b.name == "values.lazy"));
}

#[tokio::test(start_paused = true)]
async fn a_stack_without_layers_runs_what_it_is_given() {
    static NONE: Stack = Stack::new("values.none");
    let record = Record::new();
    assert_eq!(NONE.run(|| down(&record)).await, Err(Fault::Network(1)));
}
