//! A sleep in a worker thread of tokio is told once.

use super::*;

fn blocked(events: &Events) -> Vec<Option<Duration>> {
    let waits = events.all().into_iter().filter_map(|e| match e {
        Event::WorkerBlocked { wait, .. } => Some(wait),
        _ => None,
    });
    waits.collect()
}

#[tokio::test]
async fn a_sleep_of_more_than_a_millisecond_is_told_once() {
    #[retry(max = 3, constant, base = 3ms, jitter = none)]
    fn blocks_a_worker(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 3, constant, base = 1ms, jitter = none)]
    fn blocks_hardly(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let (events, hardly) = (Events::of("blocks_a_worker"), Events::of("blocks_hardly"));
    for _ in 0..2 {
        assert_eq!(blocks_a_worker(&Flaky::new(2)), Ok(3));
        assert_eq!(blocks_hardly(&Flaky::new(2)), Ok(3));
    }
    assert_eq!(blocked(&events), [Some(ms(3))]);
    assert_eq!(blocked(&hardly), []);
    let ids: Vec<_> = events.all().iter().map(Event::call).collect();
    assert_eq!(ids[0], ids[1], "the retry and its sleep are of one call");
}

#[tokio::test]
async fn elsewhere_it_is_not() {
    #[retry(max = 2, constant, base = 3ms, jitter = none)]
    fn blocks_where_it_may(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let events = Events::of("blocks_where_it_may");
    let thread = std::thread::spawn(|| blocks_where_it_may(&Flaky::new(1)));
    assert_eq!(thread.join().unwrap(), Ok(2));
    let meant_for_it = tokio::task::spawn_blocking(|| blocks_where_it_may(&Flaky::new(1)));
    assert_eq!(meant_for_it.await.unwrap(), Ok(2));
    assert_eq!(blocked(&events), []);
}

#[tokio::test]
async fn the_waits_for_a_place_a_turn_and_a_key_are_told_too() {
    #[bulkhead(max = 1, queue = 1, wait = 20ms)]
    fn blocks_for_a_place(depth: u32) -> Result<u32, Fault> {
        if depth > 0 {
            blocks_for_a_place(depth - 1)
        } else {
            Ok(0)
        }
    }
    #[rate_limit(max = 1, per = 20ms, wait = 1s)]
    fn blocks_for_a_turn() -> Result<u32, Fault> {
        Ok(0)
    }
    #[idempotent(key = id, name = "blocks-for-a-key")]
    async fn has_the_key(id: u32) -> Result<u32, Fault> {
        std::future::pending().await
    }
    #[idempotent(key = id, name = "blocks-for-a-key")]
    fn blocks_for_a_key(id: u32) -> Result<u32, Fault> {
        Ok(id)
    }
    let (place, turn, key) = (
        Events::of("blocks_for_a_place"),
        Events::of("blocks_for_a_turn"),
        Events::of("blocks_for_a_key"),
    );
    for _ in 0..2 {
        assert!(blocks_for_a_place(1).is_err());
        assert!(blocks_for_a_turn().is_ok() && blocks_for_a_turn().is_ok());
    }
    let mut owner = Box::pin(has_the_key(1));
    assert!(support::poll_once(owner.as_mut()).await.is_pending());
    let call = Deadline::after(ms(20)).scope(async { blocks_for_a_key(1) });
    assert!(call.await.is_err());
    for told in [blocked(&place), blocked(&turn), blocked(&key)] {
        let [Some(wait)] = told[..] else {
            panic!("{told:?}");
        };
        assert!(wait > ms(1) && wait <= ms(20), "{wait:?}");
    }
    for events in [place, turn] {
        let told = events.all();
        let told = told
            .iter()
            .find(|e| matches!(e, Event::WorkerBlocked { .. }));
        assert!(told.is_some_and(|e| e.call().is_some()));
    }
}

#[tokio::test]
async fn a_wait_that_nothing_bounds_says_so() {
    #[bulkhead(name = "blocks-without-bound", max = 1, queue = 1)]
    fn blocks_without_bound() -> Result<u32, Fault> {
        Ok(0)
    }
    assert_eq!(blocks_without_bound(), Ok(0));
    let events = Events::of("blocks_without_bound");
    let place = resil::bulkhead("blocks-without-bound").try_acquire();
    let other = std::thread::spawn(move || {
        std::thread::sleep(ms(20));
        drop(place);
    });
    assert_eq!(blocks_without_bound(), Ok(0));
    assert_eq!(blocked(&events), [None]);
    other.join().unwrap();
}
