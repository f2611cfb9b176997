//! `#[bulkhead]`: places, and a queue in which threads wait.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use resil::Classify;

use super::*;

/// A call that is inside until it is told to leave.
struct Inside {
    leave: Sender<()>,
    thread: thread::JoinHandle<Result<u32, Fault>>,
}

impl Inside {
    /// Begins `call` in a thread of its own. It calls the first function in its body, and then the second,
    /// which returns when the call is to leave.
    fn of(call: impl FnOnce(&dyn Fn()) -> Result<u32, Fault> + Send + 'static) -> Self {
        let (entered, is_in) = mpsc::channel();
        let (leave, left) = mpsc::channel();
        let thread = thread::spawn(move || {
            call(&|| {
                entered.send(()).unwrap();
                let () = left.recv().unwrap();
            })
        });
        let () = is_in.recv_timeout(Duration::from_secs(10)).unwrap();
        Self { leave, thread }
    }

    fn leave(self) {
        self.leave.send(()).unwrap();
        assert_eq!(self.thread.join().unwrap(), Ok(1));
    }
}

/// Waits until so many calls wait in the queue of that name.
fn queued(name: &str, n: usize) {
    let began = Instant::now();
    while resil::bulkhead(name).waiting() != n {
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: {n}");
        thread::sleep(ms(1));
    }
}

fn limit_of_refusal(out: &Result<u32, Fault>) -> Option<(&'static str, u32)> {
    match out {
        Err(Fault::Resil(Error::BulkheadFull { name, limit, .. })) => Some((name, *limit)),
        _ => None,
    }
}

#[test]
fn so_many_are_inside_and_the_rest_is_refused_at_once() {
    #[bulkhead(name = "blocking-places", max = 2)]
    fn call(inside: &dyn Fn()) -> Result<u32, Fault> {
        inside();
        Ok(1)
    }
    let (one, two) = (Inside::of(|f| call(f)), Inside::of(|f| call(f)));
    let refused = call(&|| panic!("it runs"));
    assert_eq!(limit_of_refusal(&refused), Some(("blocking-places", 2)));
    one.leave();
    assert_eq!(call(&|| ()), Ok(1));
    two.leave();
}

#[test]
fn threads_wait_first_come_first_served() {
    #[bulkhead(name = "blocking-queue", max = 1, queue = 3)]
    fn call(n: u32, inside: &dyn Fn(), order: &Mutex<Vec<u32>>) -> Result<u32, Fault> {
        order.lock().unwrap().push(n);
        inside();
        Ok(1)
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let first = Inside::of({
        let order = Arc::clone(&order);
        move |f| call(0, f, &order)
    });
    let mut waiting = Vec::new();
    for n in 1..=3 {
        let order = Arc::clone(&order);
        waiting.push(thread::spawn(move || call(n, &|| (), &order)));
        queued("blocking-queue", usize::try_from(n).unwrap());
    }
    let no_room = call(9, &|| (), &order);
    assert_eq!(limit_of_refusal(&no_room), Some(("blocking-queue", 1)));
    first.leave();
    for call in waiting {
        assert_eq!(call.join().unwrap(), Ok(1));
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn a_wait_ends_with_wait_or_the_deadline_in_force_whichever_is_sooner() {
    #[bulkhead(name = "blocking-wait", max = 1, queue = 1, wait = 30ms)]
    fn call(inside: &dyn Fn()) -> Result<u32, Fault> {
        inside();
        Ok(1)
    }
    fn waits(at_least: Duration, call: impl FnOnce() -> Result<u32, Fault>) {
        let began = Instant::now();
        assert!(limit_of_refusal(&call()).is_some());
        let took = began.elapsed();
        assert!(took >= at_least, "{took:?}");
    }
    let one = Inside::of(|f| call(f));
    waits(ms(30), || call(&|| panic!("it runs")));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let under = |limit, call: &dyn Fn() -> Result<u32, Fault>| {
        runtime.block_on(Deadline::after(limit).scope(async { call() }))
    };
    #[bulkhead(name = "blocking-wait")]
    fn by_name(inside: &dyn Fn()) -> Result<u32, Fault> {
        inside();
        Ok(1)
    }
    let began = Instant::now();
    waits(ms(10), || under(ms(10), &|| by_name(&|| panic!("it runs"))));
    let deadline = began.elapsed();
    waits(ms(30), || {
        under(ms(10_000), &|| call(&|| panic!("it runs")))
    });
    // Past already: no wait.
    assert!(limit_of_refusal(&under(ms(0), &|| call(&|| panic!("it runs")))).is_some());
    assert!(deadline < ms(5_000), "{deadline:?}");
    one.leave();
}

#[test]
fn a_place_comes_back_after_an_error_and_a_panic() {
    #[bulkhead(name = "blocking-back", max = 1)]
    fn call(flaky: &Flaky, panics: bool) -> Result<u32, Fault> {
        assert!(!panics, "the body's own");
        flaky.ask()
    }
    let flaky = Flaky::new(1);
    assert_eq!(call(&flaky, false), Err(Fault::Network(1)));
    let caught = std::panic::catch_unwind(|| call(&Flaky::new(0), true));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the body's own"));
    assert_eq!(call(&flaky, false), Ok(2));
    assert_eq!(resil::bulkhead("blocking-back").in_flight(), 0);
}

#[test]
fn each_key_has_places_of_its_own() {
    #[bulkhead(name = "blocking-keys", key = tenant, max = 1)]
    fn call(tenant: &str, inside: &dyn Fn()) -> Result<u32, Fault> {
        let _ = tenant;
        inside();
        Ok(1)
    }
    let one = Inside::of(|f| call("a", f));
    assert!(limit_of_refusal(&call("a", &|| ())).is_some());
    assert_eq!(call("b", &|| ()), Ok(1));
    one.leave();
    assert_eq!(call("a", &|| ()), Ok(1));
}

#[test]
fn an_adaptive_limit_learns_from_what_comes_out() {
    #[derive(Debug, Classify, thiserror::Error)]
    enum Answer {
        #[error("busy")]
        #[throttled]
        Busy,
        #[error("down")]
        #[transient]
        Down,
        #[error(transparent)]
        #[classify(forward)]
        Resil(#[from] Error),
    }
    #[bulkhead(name = "blocking-adaptive", adaptive(start = 100))]
    fn call(answer: Result<u32, Answer>) -> Result<u32, Answer> {
        answer
    }
    #[bulkhead(name = "blocking-adaptive-refused", adaptive(start = 100))]
    #[circuit(name = "blocking-adaptive-refused")]
    fn refused() -> Result<u32, Answer> {
        Ok(1)
    }
    let limit = |name| resil::bulkhead(name).limit();
    assert!(call(Err(Answer::Down)).is_err());
    assert!(call(Ok(1)).is_ok());
    assert_eq!(limit("blocking-adaptive"), 100);
    assert!(call(Err(Answer::Busy)).is_err());
    assert_eq!(limit("blocking-adaptive"), 90);
    breaker("blocking-adaptive-refused").force_open();
    assert!(matches!(refused(), Err(Answer::Resil(_))));
    assert_eq!(limit("blocking-adaptive-refused"), 90);
}

#[tokio::test]
async fn a_name_that_a_function_and_an_async_one_share_is_one_bulkhead() {
    #[bulkhead(name = "blocking-shared-places", max = 1, queue = 1)]
    fn plain(inside: &dyn Fn()) -> Result<u32, Fault> {
        inside();
        Ok(1)
    }
    #[bulkhead(name = "blocking-shared-places")]
    async fn awaited() -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        Ok(2)
    }
    let inside = Inside::of(|f| plain(f));
    let mut waits = std::pin::pin!(awaited());
    assert!(support::poll_once(waits.as_mut()).await.is_pending());
    assert_eq!(resil::bulkhead("blocking-shared-places").waiting(), 1);
    assert!(limit_of_refusal(&plain(&|| ())).is_some());
    inside.leave();
    assert_eq!(waits.await, Ok(2));
    // And a thread waits for a place that a task has.
    let mut task = Box::pin(awaited());
    assert!(support::poll_once(task.as_mut()).await.is_pending());
    let thread = thread::spawn(|| plain(&|| ()));
    queued("blocking-shared-places", 1);
    drop(task);
    assert_eq!(thread.join().unwrap(), Ok(1));
}

#[test]
fn around_a_retry_one_place_is_for_all_attempts_and_below_one_for_each() {
    fn in_flight(name: &str) -> u32 {
        resil::bulkhead(name).in_flight()
    }
    #[bulkhead(name = "blocking-around-retry", max = 1)]
    #[retry(max = 3, delays = [0s], unless(Fault::Resil(_)))]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        assert_eq!(in_flight("blocking-around-retry"), 1);
        flaky.ask()
    }
    #[retry(max = 3, constant, base = 40ms, jitter = none)]
    #[bulkhead(name = "blocking-below-retry", max = 1)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        assert_eq!(in_flight("blocking-below-retry"), 1);
        flaky.ask()
    }
    assert_eq!(around(&Flaky::new(2)), Ok(3));
    let flaky = Arc::new(Flaky::new(1));
    let retried = thread::spawn({
        let flaky = Arc::clone(&flaky);
        move || below(&flaky)
    });
    while flaky.count() == 0 || in_flight("blocking-below-retry") > 0 {
        assert!(flaky.count() < 2, "the place is kept through the delay");
        thread::yield_now();
    }
    assert_eq!(retried.join().unwrap(), Ok(2));
    // A refusal is final.
    let held = resil::bulkhead("blocking-below-retry")
        .try_acquire()
        .unwrap();
    let refused = Flaky::new(0);
    assert!(limit_of_refusal(&below(&refused)).is_some());
    assert_eq!(refused.count(), 0);
    drop(held);
    assert_eq!(below(&refused), Ok(1));
}

#[test]
fn with_a_circuit_in_both_orders() {
    #[circuit(name = "blocking-over-places", failures = 1)]
    #[bulkhead(name = "blocking-under-circuit", max = 1)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[bulkhead(name = "blocking-over-circuit", max = 1)]
    #[circuit(name = "blocking-under-places", failures = 1)]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let held = resil::bulkhead("blocking-under-circuit");
    assert_eq!(below(&Flaky::new(0)), Ok(1));
    let place = held.try_acquire().unwrap();
    for _ in 0..2 {
        assert!(
            limit_of_refusal(&below(&Flaky::new(0))).is_some(),
            "neutral"
        );
    }
    drop(place);
    assert_eq!(below(&Flaky::new(1)), Err(Fault::Network(1)));
    assert!(matches!(
        below(&Flaky::new(0)),
        Err(Fault::Resil(Error::CircuitOpen { .. }))
    ));
    assert_eq!(around(&Flaky::new(1)), Err(Fault::Network(1)));
    for _ in 0..2 {
        assert!(matches!(
            around(&Flaky::new(0)),
            Err(Fault::Resil(Error::CircuitOpen { .. }))
        ));
    }
    assert_eq!(resil::bulkhead("blocking-over-circuit").in_flight(), 0);
}

#[test]
fn with_a_fallback_in_both_orders() {
    #[fallback(0)]
    #[bulkhead(name = "blocking-under-fallback", max = 1)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[bulkhead(name = "blocking-over-fallback", max = 1)]
    #[fallback(resil::bulkhead("blocking-over-fallback").in_flight() * 100)]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    assert_eq!(below(&Flaky::new(0)), Ok(1));
    let held = resil::bulkhead("blocking-under-fallback").try_acquire();
    assert_eq!(below(&Flaky::new(0)), Ok(0), "it answers a full bulkhead");
    drop(held);
    assert_eq!(around(&Flaky::new(1)), Ok(100), "it runs in the place");
    let held = resil::bulkhead("blocking-over-fallback").try_acquire();
    assert!(limit_of_refusal(&around(&Flaky::new(0))).is_some());
    drop(held);
}
