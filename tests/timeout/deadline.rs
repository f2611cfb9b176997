//! The deadline in force: who sees it, what it cuts, and what carries it on.

use super::*;

#[timeout(5s)]
async fn outer(first: Duration) -> Result<Vec<Option<u64>>, Error> {
    let mut seen = vec![left()];
    sleep(first).await;
    seen.push(left());
    seen.push(inner().await?);
    seen.push(left());
    Ok(seen)
}

#[timeout(2s)]
async fn inner() -> Result<Option<u64>, Error> {
    sleep(ms(100)).await;
    Ok(left())
}

#[tokio::test(start_paused = true)]
async fn the_sooner_limit_is_in_force_across_functions() {
    assert_eq!(left(), None);
    assert_eq!(
        outer(ms(1_000)).await.unwrap(),
        [Some(5_000), Some(4_000), Some(1_900), Some(3_900)]
    );
    assert_eq!(
        outer(ms(4_000)).await.unwrap(),
        [Some(5_000), Some(1_000), Some(900), Some(900)]
    );
    assert_eq!(left(), None);
}

#[tokio::test(start_paused = true)]
async fn an_inner_function_is_cut_by_the_deadline_of_its_caller() {
    let r = Record::new();
    #[timeout(500ms)]
    async fn caller() -> Result<u32, Error> {
        one_second(ms(60_000)).await
    }
    assert!(caller().await.is_err());
    assert_eq!(r.elapsed(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_look_starts_the_limit() {
    // Before the first look nothing counts; the look starts it, and all that is around it.
    #[timeout(1s)]
    async fn f() -> Result<(Option<u64>, Option<u64>), Error> {
        tokio::task::unconstrained(async {}).await;
        let first = left();
        sleep(ms(100)).await;
        Ok((first, left()))
    }
    #[timeout(3s)]
    async fn around() -> Result<((Option<u64>, Option<u64>), Option<u64>), Error> {
        let inner = f().await?;
        Ok((inner, left()))
    }
    assert_eq!(f().await.unwrap(), (Some(1_000), Some(900)));
    assert_eq!(
        around().await.unwrap(),
        ((Some(1_000), Some(900)), Some(2_900))
    );
}

#[timeout(2s)]
async fn looks() -> Result<Option<u64>, Error> {
    Ok(left())
}

// All of these look within one poll.
#[tokio::test(start_paused = true)]
async fn a_look_inside_ends_with_what_is_inside() {
    #[timeout(5s)]
    async fn before_and_after() -> Result<[Option<u64>; 4], Error> {
        Ok([left(), looks().await?, looks().await?, left()])
    }
    #[timeout(5s)]
    async fn inside_first() -> Result<[Option<u64>; 4], Error> {
        Ok([looks().await?, left(), looks().await?, left()])
    }
    #[timeout(5s)]
    async fn through_a_scope(scope: u64) -> Result<[Option<u64>; 4], Error> {
        let both = async { (looks().await, left()) };
        let (inner, scoped) = Deadline::after(ms(scope)).scope(both).await;
        Ok([inner?, scoped, looks().await?, left()])
    }
    let all = |ms: [u64; 4]| Ok(ms.map(Some));
    assert_eq!(before_and_after().await, all([5_000, 2_000, 2_000, 5_000]));
    assert_eq!(left(), None);
    assert_eq!(inside_first().await, all([2_000, 5_000, 2_000, 5_000]));
    assert_eq!(left(), None);
    assert_eq!(
        through_a_scope(3_000).await,
        all([2_000, 3_000, 2_000, 5_000])
    );
    assert_eq!(left(), None);
    assert_eq!(
        through_a_scope(1_000).await,
        all([1_000, 1_000, 2_000, 5_000])
    );
    assert_eq!(left(), None);
    let outer = Deadline::after(ms(4_000)).scope(async { (before_and_after().await, left()) });
    assert_eq!(
        outer.await,
        (all([4_000, 2_000, 2_000, 4_000]), Some(4_000))
    );
    assert_eq!(left(), None);
}

#[tokio::test(start_paused = true)]
async fn scope_informs_and_does_not_interrupt() {
    let r = Record::new();
    let seen = Deadline::after(ms(100))
        .scope(async {
            sleep(ms(300)).await;
            (left(), Deadline::current().unwrap().has_passed())
        })
        .await;
    assert_eq!((seen, r.elapsed()), ((Some(0), true), 300));
    // But timeouts inside keep to it, and a later deadline does not loosen an earlier one.
    let r = Record::new();
    let out = Deadline::after(ms(100))
        .scope(Deadline::after(ms(9_000)).scope(one_second(ms(60_000))))
        .await;
    assert!(is_timeout(&out, ms(1_000)));
    assert_eq!(r.elapsed(), 100);
}

#[tokio::test(start_paused = true)]
async fn spawn_carries_the_deadline_and_tokio_spawn_does_not() {
    #[timeout(1s)]
    async fn f() -> Result<(Option<u64>, Option<u64>, bool), Error> {
        sleep(ms(400)).await;
        let bare = tokio::spawn(async { left() }).await.unwrap();
        let carried = resil::spawn(async { left() }).await.unwrap();
        let r = Record::new();
        let cut = resil::spawn(one_second(ms(60_000))).await.unwrap().is_err();
        assert_eq!(r.elapsed(), 600);
        Ok((bare, carried, cut))
    }
    // The task's own timeout and the caller's fall on the same instant: both are right.
    match f().await {
        Ok(seen) => assert_eq!(seen, (None, Some(600), true)),
        Err(e) => assert!(matches!(e, Error::Timeout { .. })),
    }
    assert_eq!(resil::spawn(async { left() }).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn carry_takes_the_deadline_into_what_something_else_starts() {
    #[timeout(1s)]
    async fn f() -> Result<Vec<Option<u64>>, Error> {
        sleep(ms(400)).await;
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async { left() });
        tasks.spawn(resil::carry(async { left() }));
        // What is made here runs with the deadline of here, wherever it is polled.
        let later = resil::carry(async { left() });
        tasks.spawn(Deadline::after(ms(60_000)).scope(later));
        let mut seen = tasks.join_all().await;
        seen.sort_unstable();
        Ok(seen)
    }
    assert_eq!(f().await, Ok(vec![None, Some(600), Some(600)]));
    assert_eq!(resil::carry(async { left() }).await, None);
    // Made inside the scope, polled outside.
    let make = || resil::carry(async { left() });
    let scope = Deadline::after(ms(100)).scope(async { Some(make()) });
    let carried = scope.await.expect("one");
    assert_eq!((left(), carried.await), (None, Some(100)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_puts_the_ambient_deadline_back() {
    #[timeout(1s)]
    async fn f() -> Result<(), Error> {
        panic!("within a poll")
    }
    let mut call = Box::pin(f());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = call.as_mut().poll(&mut cx);
    }));
    assert!(caught.is_err());
    assert_eq!(left(), None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_after_a_look_puts_the_ambient_deadline_back() {
    #[timeout(2s)]
    async fn f() -> Result<(), Error> {
        assert_eq!(left(), Some(2_000));
        panic!("within a poll")
    }
    #[timeout(5s)]
    async fn around(first: bool) -> Result<Option<u64>, Error> {
        let seen = first.then(left);
        let caught = poll_fn(|cx| {
            let mut call = Box::pin(f());
            let poll = std::panic::AssertUnwindSafe(|| call.as_mut().poll(cx));
            Poll::Ready(std::panic::catch_unwind(poll).is_err())
        });
        assert!(caught.await);
        assert_eq!(seen.unwrap_or(Some(5_000)), Some(5_000));
        Ok(left())
    }
    for first in [false, true] {
        assert_eq!(around(first).await, Ok(Some(5_000)));
        assert_eq!(left(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_moved_out_from_under_its_enclosing_timeout_still_times_out() {
    // Inside `outer_holder` the inner call relies on the outer timer; then it goes its own way.
    type Slot = std::sync::Mutex<Option<Call>>;
    type Call = std::pin::Pin<Box<dyn Future<Output = Result<u32, Error>> + Send>>;
    #[timeout(500ms)]
    async fn holder(slot: &Slot) -> Result<(), Error> {
        let mut call: Call = Box::pin(one_second(ms(60_000)));
        assert!(futures_poll(call.as_mut()).await.is_pending());
        *slot.lock().unwrap() = Some(call);
        Ok(())
    }
    let slot: Arc<Slot> = Arc::default();
    holder(&slot).await.unwrap();
    let call = slot.lock().unwrap().take().unwrap();
    let r = Record::new();
    assert!(is_timeout(&tokio::spawn(call).await.unwrap(), ms(1_000)));
    assert_eq!(r.elapsed(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_uses_up_the_tasks_budget_times_out_all_the_same() {
    #[timeout(1s)]
    async fn greedy() -> Result<(), Error> {
        // Time passes in each poll, and no poll leaves a part of the budget.
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            let _ = std::pin::pin!(tokio::time::advance(ms(10))).poll(cx);
            while std::pin::pin!(tokio::task::consume_budget())
                .poll(cx)
                .is_ready()
            {}
            polls += 1;
            if polls < 1_000 {
                std::task::Poll::Pending
            } else {
                std::task::Poll::Ready(Ok(()))
            }
        })
        .await
    }
    assert!(greedy().await.is_err());
}
