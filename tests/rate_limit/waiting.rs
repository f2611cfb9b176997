//! Calls that are too early and wait for their turn.

use super::*;

/// One every 100 ms; three may wait.
macro_rules! paced {
    ($name:literal) => {
        #[rate_limit(name = $name, max = 10, per = 1s, burst = 1, wait = 300ms)]
        async fn call(r: Record) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
    };
}

#[tokio::test(start_paused = true)]
async fn turns_come_in_order() {
    paced!("wait-order");
    let r = Record::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..6)
        .map(|n| {
            let (order, r) = (Arc::clone(&order), r.clone());
            tokio::spawn(async move {
                let out = call(r).await;
                order.lock().unwrap().push((n, letter(&out)));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(r.times(), [0, 100, 200, 300]);
    let order = order.lock().unwrap();
    // The two that would have to wait longer are refused at once.
    assert_eq!(
        *order,
        [(0, '.'), (4, 'X'), (5, 'X'), (1, '.'), (2, '.'), (3, '.')]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_at_most_so_long_and_a_refused_one_takes_nothing() {
    #[rate_limit(max = 10, per = 1s, cost = weight, wait = 300ms)]
    async fn call(weight: u32) -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&call(10).await), '.');
    // 400 ms are too many, 300 ms are not, and the refused one is not in the way.
    assert_eq!(retry_after(&call(4).await), Some(ms(400)));
    let r = Record::new();
    assert_eq!(letter(&call(3).await), '.');
    assert_eq!(r.elapsed(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_at_most_to_the_deadline_in_force() {
    paced!("wait-deadline");
    let r = Record::new();
    call(r.clone()).await.unwrap();
    let within = |limit| Deadline::after(ms(limit)).scope(call(r.clone()));
    let refused = within(99).await;
    assert_eq!(retry_after(&refused), Some(ms(100)));
    // At the deadline is too late: the call could only be cut.
    assert_eq!(letter(&within(100).await), 'X');
    assert_eq!(r.elapsed(), 0, "at once");
    assert_eq!(letter(&within(101).await), '.');
    assert_eq!(r.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_is_a_deadline_too() {
    #[timeout(limit)]
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 300ms)]
    async fn call(r: &Record, limit: Duration) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(play!(2, call(&r, ms(50))), ".X");
    assert_eq!(r.elapsed(), 0, "refused at once, and not cut");
    advance(ms(60)).await;
    assert_eq!(letter(&call(&r, ms(50)).await), '.');
    assert_eq!(r.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_gives_its_turn_back_where_it_was_the_last() {
    paced!("wait-drop-last");
    let r = Record::new();
    call(r.clone()).await.unwrap();
    {
        let mut dropped = pin!(call(r.clone()));
        assert!(poll_once(dropped.as_mut()).await.is_pending());
    }
    assert_eq!(letter(&call(r.clone()).await), '.');
    assert_eq!(r.times(), [0, 100], "the turn of the one that was dropped");
}

#[tokio::test(start_paused = true)]
async fn the_turn_of_a_dropped_waiter_before_another_one_stays_empty() {
    paced!("wait-drop-first");
    let r = Record::new();
    call(r.clone()).await.unwrap();
    let mut second = Box::pin(call(r.clone()));
    assert!(poll_once(second.as_mut()).await.is_pending());
    let mut third = Box::pin(call(r.clone()));
    assert!(poll_once(third.as_mut()).await.is_pending());
    drop(second);
    assert_eq!(letter(&third.await), '.');
    assert_eq!(letter(&call(r.clone()).await), '.');
    assert_eq!(r.times(), [0, 200, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_after_its_turn_gives_nothing_back() {
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 300ms)]
    async fn call(r: Record, long: bool) -> Result<u32, Fault> {
        let attempt = r.attempt();
        sleep(ms(if long { 1_000 } else { 0 })).await;
        Ok(attempt)
    }
    let r = Record::new();
    call(r.clone(), false).await.unwrap();
    {
        let mut running = pin!(call(r.clone(), true));
        assert!(poll_once(running.as_mut()).await.is_pending());
        advance(ms(110)).await;
        assert!(poll_once(running.as_mut()).await.is_pending());
        assert_eq!(r.count(), 2, "it runs");
    }
    assert_eq!(letter(&call(r.clone(), false).await), '.');
    assert_eq!(r.times(), [0, 110, 200]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_polled_before_the_turn_comes() {
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 300ms)]
    #[timeout(10ms)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        sleep(ms(5)).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(
        play!(3, call(&r)),
        "...",
        "the timeout counts from the turn"
    );
    assert_eq!(r.times(), [5, 105, 205]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_left_out_of_a_slow_time_above_in_the_same_stack() {
    #[circuit(name = "wait-slow", slow = 50ms, window = 4, min_calls = 1, slow_rate = 1%)]
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 1s)]
    async fn call(takes: u64) -> Result<(), Fault> {
        sleep(ms(takes)).await;
        Ok(())
    }
    for _ in 0..5 {
        assert_eq!(letter(&call(0).await), '.');
    }
    assert_eq!(letter(&call(60).await), '.');
    assert_eq!(letter(&call(0).await), 'O');
}

#[tokio::test(start_paused = true)]
async fn a_wait_makes_its_timer_when_it_is_needed() {
    #[rate_limit(max = 10, per = 1s, wait = 1s)]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    let without_a_runtime = std::thread::spawn(|| {
        let mut call = pin!(call());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        call.as_mut().poll(&mut cx).is_ready()
    });
    assert!(without_a_runtime.join().unwrap());
}
