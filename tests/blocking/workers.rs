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
