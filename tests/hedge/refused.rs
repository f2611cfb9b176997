//! A copy that a layer below refuses before its body is polled is lost, and the call goes on with those that
//! run.

use resil::{Bulkhead, BulkheadPlace, CircuitState, breaker, bulkhead, circuit, rate_limit};
use tokio::time::advance;

use super::*;

fn is_full(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::BulkheadFull { .. })))
}

/// Takes a place for so long.
fn held(b: Bulkhead, time: u64) {
    let place: BulkheadPlace = b.try_acquire().expect("a place");
    tokio::spawn(async move {
        sleep(ms(time)).await;
        drop(place);
    });
}

/// A function whose bulkhead has so many places.
macro_rules! of {
    ($max:literal, $name:literal, $call:ident) => {{
        #[hedge(after = 10ms, max = 3, budget = off)]
        #[bulkhead(name = $name, max = $max)]
        async fn $call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
            act(r, script).await
        }
        let b = bulkhead($name);
        assert!(b.configure(resil::BulkheadPolicy::new().max($max)));
        (async |r: &Record, script: &[Do]| $call(r, script).await, b)
    }};
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_finds_no_place_is_lost_and_the_call_goes_on() {
    let (call, b) = of!(1, "refused.place", no_place);
    let r = Record::new();
    assert_eq!(call(&r, &[Good(50)]).await, Ok(1));
    assert_eq!((r.times(), r.elapsed()), (vec![0], 50));
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn so_is_one_that_a_rate_limit_refuses() {
    #[hedge(after = 10ms, max = 3, budget = off)]
    #[rate_limit(max = 1, per = 1h)]
    async fn call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert_eq!(call(&r, &[Good(50)]).await, Ok(1));
    assert_eq!((r.times(), r.elapsed()), (vec![0], 50));
    let out = call(&r, &[Good(50)]).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::RateLimited { .. }))),
        "{out:?}"
    );
    assert_eq!(
        r.elapsed(),
        50,
        "and with no copy that runs the refusal comes back at once"
    );
}

/// Else the copy beside the probe would cut it, and the breaker stay open.
#[tokio::test(start_paused = true)]
async fn and_one_that_a_half_open_circuit_refuses() {
    #[hedge(after = 10ms, budget = off)]
    #[circuit(name = "refused.probe", failures = 1, open_for = 1s)]
    async fn call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert!(call(&r, &[Bad(0)]).await.is_err());
    advance(ms(1_200)).await;
    let r = Record::new();
    assert_eq!(call(&r, &[Good(50)]).await, Ok(1));
    assert_eq!((r.count(), r.elapsed()), (1, 50));
    assert_eq!(breaker("refused.probe").state(), CircuitState::Closed);
}

/// The next one would be refused, too: it comes in its own time, and may find a place then.
#[tokio::test(start_paused = true)]
async fn no_copy_is_started_in_its_place() {
    let (call, b) = of!(2, "refused.later", finds_one_later);
    held(b, 15);
    let (r, events) = (Record::new(), Events::of("finds_one_later"));
    assert_eq!(call(&r, &[Hang, Good(5)]).await, Ok(2));
    // The second copy came at 10 ms, and the third at 20 ms.
    assert_eq!((r.times(), r.elapsed()), (vec![0, 20], 25));
    let hedged = events
        .all()
        .iter()
        .filter(|e| matches!(e, Event::Hedged { .. }))
        .count();
    assert_eq!(hedged, 2, "it counts as one of the copies");
}

#[tokio::test(start_paused = true)]
async fn when_no_copy_is_left_the_refusal_comes_back_at_once() {
    #[hedge(after = 10ms)]
    #[bulkhead(name = "refused.alone", max = 1, queue = 1, wait = 20ms)]
    async fn refused_alone(r: &Record) -> Result<u32, Fault> {
        act(r, &[Now]).await
    }
    let r = Record::new();
    assert_eq!(refused_alone(&r).await, Ok(1));
    let b = bulkhead("refused.alone");
    let _held = b.try_acquire().unwrap();
    let (began, events) = (Instant::now(), Events::of("refused_alone"));
    assert!(is_full(&refused_alone(&r).await));
    // The first copy waits from 0 to 20 ms; the second one finds the queue full at 10 ms.
    assert_eq!(began.elapsed(), ms(20));
    let hedged = |e: &Event| matches!(e, Event::Hedged { .. });
    assert_eq!(events.all().iter().filter(|e| hedged(e)).count(), 1);
    assert_eq!((r.count(), b.in_flight(), b.waiting()), (1, 1, 0));
    // Without a wait nothing is started, and nothing is paid.
    let (call, b) = of!(1, "refused.at-once", refused_at_once);
    let _held = b.try_acquire().unwrap();
    let events = Events::of("refused_at_once");
    let r = Record::new();
    assert!(is_full(&call(&r, &[Now]).await));
    assert_eq!(r.count(), 0);
    assert!(!events.all().iter().any(hedged));
}

#[tokio::test(start_paused = true)]
async fn the_last_error_comes_back_be_it_a_refusal_or_not() {
    // The second and the third copy find no place, and then the first one fails.
    let (call, _) = of!(1, "refused.last", fails_last);
    let r = Record::new();
    assert_eq!(call(&r, &[Bad(50)]).await, Err(Fault::Network(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 50));
    // The first one fails, and the second one, which starts at once, finds no place.
    let (call, b) = of!(1, "refused.last-refused", refused_last);
    b.set_limit(2);
    let other = async {
        let place = b.try_acquire().unwrap();
        sleep(ms(5)).await;
        b.set_limit(1);
        sleep(ms(50)).await;
        drop(place);
    };
    let r = Record::new();
    let (out, ()) = tokio::join!(call(&r, &[Bad(6), Good(1)]), other);
    assert!(is_full(&out), "{out:?}");
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_beside_a_refused_copy_starts_the_next_one() {
    let (call, b) = of!(2, "refused.beside", fails_beside);
    held(b, 30);
    let r = Record::new();
    // At 10 ms the second copy is refused; at 15 ms the first one fails, and its place is free.
    assert_eq!(call(&r, &[Bad(15), Good(1)]).await, Ok(2));
    assert_eq!(r.times(), [0, 15]);
}

/// Patterns are about errors of the body; a refusal that they name is theirs.
#[tokio::test(start_paused = true)]
async fn patterns_that_name_a_refusal_decide() {
    #[hedge(after = 10ms, max = 3, budget = off, on(Fault::Http(_)))]
    #[bulkhead(name = "refused.on-other", max = 1)]
    async fn on_another(r: &Record) -> Result<u32, Fault> {
        act(r, &[Good(50)]).await
    }
    assert_eq!(on_another(&Record::new()).await, Ok(1));

    #[hedge(after = 10ms, max = 3, budget = off, unless(Fault::Resil(Error::BulkheadFull { .. })))]
    #[bulkhead(name = "refused.unless", max = 1)]
    async fn unless(r: &Record) -> Result<u32, Fault> {
        act(r, &[Good(50)]).await
    }
    let r = Record::new();
    assert!(is_full(&unless(&r).await));
    assert_eq!(r.elapsed(), 10);

    #[hedge(after = 10ms, max = 3, budget = off, on(Fault::Resil(Error::BulkheadFull { .. })))]
    #[bulkhead(name = "refused.on", max = 1)]
    async fn refused_on(r: &Record) -> Result<u32, Fault> {
        act(r, &[Good(50)]).await
    }
    let events = Events::of("refused_on");
    assert_eq!(refused_on(&Record::new()).await, Ok(1));
    // Both others at once.
    let hedged = events
        .all()
        .iter()
        .filter(|e| matches!(e, Event::Hedged { .. }))
        .count();
    assert_eq!(hedged, 2);
}
