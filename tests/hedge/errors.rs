//! Which errors end a call, and after which the next copy is started.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_error_starts_the_next_copy_at_once() {
    let r = Record::new();
    assert_eq!(three(&r, &[Bad(5), Good(5)]).await, Ok(2));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 5], 10));
}

/// And the ones after it come at the delay again: gRPC's rule.
#[tokio::test(start_paused = true)]
async fn after_an_error_the_delay_begins_anew() {
    let r = Record::new();
    assert_eq!(three(&r, &[Bad(20), Hang, Good(5)]).await, Ok(3));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 20, 70], 75));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_one_copy_leaves_the_others_running() {
    let r = Record::new();
    assert_eq!(three(&r, &[Good(200), Bad(1), Bad(1)]).await, Ok(1));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50, 51], 200));
}

#[tokio::test(start_paused = true)]
async fn when_all_copies_have_failed_the_last_error_comes_back() {
    let r = Record::new();
    // The first one fails last.
    let out = three(&r, &[Bad(120), Bad(1), Bad(1)]).await;
    assert_eq!(out, Err(Fault::Network(1)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50, 51], 120));
    let r = Record::new();
    assert_eq!(three(&r, &[Bad(1)]).await, Err(Fault::Network(3)));
    assert_eq!(r.times(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn without_a_class_every_error_lets_the_call_go_on() {
    let r = Record::new();
    assert_eq!(three(&r, &[Final(1), Good(1)]).await, Ok(2));
}

#[derive(Debug, PartialEq, resil::Classify)]
enum Classed {
    #[transient]
    Transient,
    #[permanent]
    Permanent,
    #[throttled]
    Throttled,
    #[neutral]
    Neutral,
}

#[tokio::test(start_paused = true)]
async fn with_a_class_only_a_transient_error_lets_the_call_go_on() {
    #[hedge(after = 50ms, budget = off)]
    async fn call(runs: &AtomicU32, first: fn() -> Classed) -> Result<u32, Classed> {
        match runs.fetch_add(1, SeqCst) {
            0 => Err(first()),
            n => Ok(n),
        }
    }
    for (first, goes_on) in [
        ((|| Classed::Transient) as fn() -> Classed, true),
        (|| Classed::Permanent, false),
        (|| Classed::Throttled, false),
        (|| Classed::Neutral, false),
    ] {
        let runs = AtomicU32::new(0);
        let out = call(&runs, first).await;
        assert_eq!(out.is_ok(), goes_on, "{:?}", first());
        assert_eq!(runs.load(SeqCst), 1 + u32::from(goes_on));
    }
}

#[hedge(after = 50ms, max = 3, budget = off, on(Fault::Network(_) | Fault::Resil(Error::Timeout { .. })))]
#[timeout(500ms)]
async fn on(r: &Record, script: &[Do]) -> Result<u32, Fault> {
    act(r, script).await
}

#[tokio::test(start_paused = true)]
async fn on_names_the_errors_that_let_the_call_go_on() {
    let r = Record::new();
    assert_eq!(on(&r, &[Bad(1), Good(1)]).await, Ok(2));
    let r = Record::new();
    assert_eq!(on(&r, &[Final(1), Good(1)]).await, Err(Fault::Final));
    assert_eq!(r.times(), [0]);
}

/// Any other error ends the call, also while other copies run.
#[tokio::test(start_paused = true)]
async fn any_other_error_ends_the_call_at_once() {
    let r = Record::new();
    assert_eq!(on(&r, &[Good(100), Final(10)]).await, Err(Fault::Final));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50], 60));
}

#[tokio::test(start_paused = true)]
async fn unless_names_errors_that_end_the_call_and_wins_over_on() {
    #[hedge(after = 50ms, budget = off, on(Fault::Network(_)), unless(Fault::Network(1)))]
    async fn both(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    #[hedge(after = 50ms, budget = off, unless(Fault::Final))]
    async fn alone(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert_eq!(both(&r, &[Bad(1), Good(1)]).await, Err(Fault::Network(1)));
    let r = Record::new();
    assert_eq!(alone(&r, &[Final(1), Good(1)]).await, Err(Fault::Final));
    let r = Record::new();
    assert_eq!(alone(&r, &[Bad(1), Good(1)]).await, Ok(2));
}
