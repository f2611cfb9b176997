//! A place that was handed to a call which is not polled.

use super::*;

fn full(name: &str, queue: u32) -> (Bulkhead, BulkheadPlace) {
    let b = of(name, BulkheadPolicy::new().max(1).queue(queue));
    let inside = b.try_acquire().unwrap();
    (b, inside)
}

#[tokio::test(start_paused = true)]
async fn after_10_ms_the_next_one_may_take_it() {
    let (b, inside) = full("patience-next", 9);
    let (mut absent, next) = (Call::of(b), acquire(b));
    absent.waits();
    let next = tokio::spawn(next);
    tokio::task::yield_now().await;
    drop(inside);
    let began = crate::clock::now();
    let place = next.await.unwrap().unwrap();
    assert_eq!(began.elapsed(), ms(10));
    // Never above the limit, and the first one is still waiting.
    assert_eq!((b.in_flight(), b.waiting()), (1, 1));
    absent.waits();
    drop(place);
    drop(absent.place());
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn within_10_ms_it_is_kept() {
    let (b, inside) = full("patience-kept", 9);
    let (mut slow, mut next) = (Call::of(b), Call::of(b));
    slow.waits();
    next.waits();
    drop(inside);
    next.waits();
    tokio::time::advance(Duration::from_micros(9_999)).await;
    next.waits();
    let place = slow.place();
    tokio::time::advance(ms(50)).await;
    // It was taken: nothing is to be taken over.
    next.waits();
    drop(place);
    drop(next.place());
}

#[tokio::test(start_paused = true)]
async fn one_that_was_absent_comes_back_to_the_front() {
    let (b, inside) = full("patience-front", 9);
    let (mut absent, mut next, mut last) = (Call::of(b), Call::of(b), Call::of(b));
    for call in [&mut absent, &mut next, &mut last] {
        call.waits();
    }
    drop(inside);
    tokio::time::advance(ms(10)).await;
    let place = next.place();
    // It comes back before the last one, though that was never gone.
    absent.waits();
    drop(place);
    last.waits();
    let place = absent.place();
    drop(place);
    drop(last.place());
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_stays_away_holds_up_nobody() {
    let (b, inside) = full("patience-away", 9);
    let mut absent = Call::of(b);
    absent.waits();
    let mut tasks: Vec<_> = (0..5)
        .map(|_| {
            tokio::spawn(async move {
                let place = b.acquire().await.unwrap();
                sleep(ms(1)).await;
                drop(place);
            })
        })
        .collect();
    tokio::task::yield_now().await;
    let began = crate::clock::now();
    drop(inside);
    for task in tasks.drain(..) {
        task.await.unwrap();
    }
    // Once ten for the one that is away, and one for each of the others.
    assert_eq!(began.elapsed(), ms(15));
    assert_eq!((b.in_flight(), b.waiting()), (0, 1));
    // It is absent: a place that is free is for whoever comes.
    let place = b.try_acquire().unwrap();
    absent.waits();
    drop(place);
    drop(absent.place());
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_to_a_free_place_goes_in() {
    let (b, inside) = full("patience-free", 9);
    let (mut absent, mut next) = (Call::of(b), Call::of(b));
    absent.waits();
    next.waits();
    drop(inside);
    tokio::time::advance(ms(10)).await;
    drop(next.place());
    assert_eq!((b.in_flight(), b.waiting()), (0, 1));
    drop(absent.place());
    // Dropped while it is absent, a call leaves nothing behind.
    let inside = b.try_acquire().unwrap();
    let (mut absent, mut next) = (Call::of(b), Call::of(b));
    absent.waits();
    next.waits();
    drop(inside);
    tokio::time::advance(ms(10)).await;
    let place = next.place();
    drop(absent);
    drop(place);
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_joins_behind_a_place_which_nobody_fetches_takes_it_over_too() {
    let (b, inside) = full("patience-join", 9);
    let mut absent = Call::of(b);
    absent.waits();
    drop(inside);
    tokio::time::advance(ms(4)).await;
    let began = crate::clock::now();
    let place = b.acquire().await.unwrap();
    assert_eq!(began.elapsed(), ms(6));
    drop(place);
    drop(absent.place());
}

/// "Futurelock" (Oxide's RFD 609): a future in a `select!` loop holds its turn at a
/// semaphore and is not polled, while the code beside it waits for the same semaphore.
#[tokio::test(start_paused = true)]
async fn d17_futurelock_a_turn_that_is_held_but_not_polled_is_no_deadlock() {
    let (b, inside) = full("patience-futurelock", 9);
    let holder = tokio::spawn(async move {
        sleep(ms(5)).await;
        drop(inside);
    });
    let mut first = acquire(b);
    tokio::select! {
        _ = &mut first => panic!("there is no place yet"),
        () = sleep(ms(1)) => {
            // `first` is alive and not polled here.
            drop(b.acquire().await.unwrap());
        }
    }
    holder.await.unwrap();
    drop(first.await.unwrap());
}
