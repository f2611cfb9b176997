//! Who waits, who goes in next, and who leaves.

use super::*;
use crate::deadline::Deadline;

#[test]
fn without_a_queue_a_call_is_refused_at_once() {
    let b = of("queue-none", BulkheadPolicy::new().max(2));
    let one = b.try_acquire().unwrap();
    let two = b.try_acquire().unwrap();
    assert_eq!(
        b.try_acquire().unwrap_err(),
        Error::BulkheadFull {
            name: "queue-none",
            limit: 2
        }
    );
    Call::of(b).refused();
    assert_eq!((b.limit(), b.in_flight(), b.waiting()), (2, 2, 0));
    drop(one);
    let three = b.try_acquire().unwrap();
    assert!(b.try_acquire().is_err());
    drop((two, three));
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served_and_no_more_than_the_queue_holds() {
    let b = of("queue-order", BulkheadPolicy::new().max(1).queue(3));
    let inside = b.try_acquire().unwrap();
    let mut calls: Vec<Call> = (0..3).map(|_| Call::of(b)).collect();
    for call in &mut calls {
        call.waits();
    }
    assert_eq!(b.waiting(), 3);
    Call::of(b).refused();
    let mut inside = Some(inside);
    for at in 0..3 {
        drop(inside.take());
        // It has a place, though it has not been polled.
        assert_eq!((b.in_flight(), b.waiting()), (1, 2 - at));
        for later in &mut calls[at + 1..] {
            later.waits();
        }
        inside = Some(calls[at].place());
    }
    drop(inside);
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_past_those_who_wait() {
    let b = of("queue-past", BulkheadPolicy::new().max(1).queue(3));
    let inside = b.try_acquire().unwrap();
    let mut waiting = Call::of(b);
    waiting.waits();
    drop(inside);
    assert!(b.try_acquire().is_err());
    let mut late = Call::of(b);
    late.waits();
    let place = waiting.place();
    late.waits();
    drop(place);
    drop(late.place());
    assert!(b.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_loses_nobodys_turn() {
    let b = of("queue-drop", BulkheadPolicy::new().max(1).queue(9));
    let inside = b.try_acquire().unwrap();
    let (mut one, mut two, mut three) = (Call::of(b), Call::of(b), Call::of(b));
    for call in [&mut one, &mut two, &mut three] {
        call.waits();
    }
    // Dropped in the middle of the queue.
    drop(two);
    assert_eq!(b.waiting(), 2);
    drop(inside);
    assert_eq!((one.wakes.count(), three.wakes.count()), (1, 1));
    // Dropped with a place that it has not found yet: that goes to the next one.
    drop(one);
    assert_eq!((b.in_flight(), b.waiting()), (1, 0));
    drop(three.place());
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn two_places_go_to_two() {
    let b = of("queue-two", BulkheadPolicy::new().max(2).queue(9));
    let (a, c) = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    let (mut one, mut two) = (Call::of(b), Call::of(b));
    one.waits();
    two.waits();
    drop((a, c));
    let places = (two.place(), one.place());
    assert_eq!(b.in_flight(), 2);
    drop(places);
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_the_settings_say() {
    let policy = BulkheadPolicy::new().max(1).queue(9).wait(ms(100));
    let b = of("queue-wait", policy);
    let inside = b.try_acquire().unwrap();
    let began = crate::clock::now();
    assert!(acquire(b).await.is_err());
    assert_eq!(began.elapsed(), ms(100));
    assert_eq!(b.waiting(), 0);
    drop(inside);
    assert!(acquire(b).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn and_no_longer_than_to_the_deadline_in_force() {
    let policy = BulkheadPolicy::new().max(1).queue(9);
    let b = of("queue-deadline", policy.wait(ms(100)));
    let _inside = b.try_acquire().unwrap();
    let began = crate::clock::now();
    let within = |time| Deadline::after(ms(time)).scope(acquire(b));
    assert!(within(30).await.is_err());
    assert_eq!(began.elapsed(), ms(30));
    assert!(within(500).await.is_err());
    assert_eq!(began.elapsed(), ms(130));
    // A deadline that has passed leaves no time to wait.
    assert!(within(0).await.is_err());
    assert_eq!(began.elapsed(), ms(130));
    // Without both it waits for a place.
    let b = of("queue-endless", policy);
    let inside = b.try_acquire().unwrap();
    let waiting = tokio::spawn(acquire(b));
    sleep(Duration::from_secs(86_400)).await;
    assert!(!waiting.is_finished());
    drop(inside);
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_too_late_goes_to_the_next_one() {
    let policy = BulkheadPolicy::new().max(1).queue(9).wait(ms(100));
    let b = of("queue-late", policy);
    let inside = b.try_acquire().unwrap();
    let (mut one, mut two) = (Call::of(b), Call::of(b));
    one.waits();
    tokio::time::advance(ms(50)).await;
    two.waits();
    tokio::time::advance(ms(50)).await;
    // The time of the first one is over, and it has not been polled since.
    drop(inside);
    assert_eq!((b.in_flight(), b.waiting()), (1, 0));
    one.refused();
    drop(two.place());
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_found_after_the_deadline_is_of_no_use() {
    let b = of("queue-found", BulkheadPolicy::new().max(1).queue(9));
    let inside = b.try_acquire().unwrap();
    let mut hasty = Call {
        future: Box::pin(Deadline::after(ms(20)).scope(acquire(b))),
        wakes: Arc::default(),
    };
    let mut patient = Call::of(b);
    hasty.waits();
    patient.waits();
    tokio::time::advance(ms(19)).await;
    drop(inside);
    tokio::time::advance(ms(1)).await;
    hasty.refused();
    drop(patient.place());
    assert_eq!(b.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_came_within_wait_is_taken_later_too() {
    let policy = BulkheadPolicy::new().max(1).queue(9).wait(ms(20));
    let b = of("queue-in-time", policy);
    let inside = b.try_acquire().unwrap();
    let mut call = Call::of(b);
    call.waits();
    tokio::time::advance(ms(19)).await;
    drop(inside);
    tokio::time::advance(ms(5)).await;
    drop(call.place());
}

#[tokio::test(start_paused = true)]
async fn a_raised_limit_lets_in_and_a_lowered_one_ends_nobody() {
    let b = of("queue-limit", BulkheadPolicy::new().max(1).queue(9));
    let mut changes = b.changes();
    let first = b.try_acquire().unwrap();
    let mut calls: Vec<Call> = (0..3).map(|_| Call::of(b)).collect();
    for call in &mut calls {
        call.waits();
    }
    b.set_limit(3);
    assert_eq!((b.in_flight(), b.waiting()), (3, 1));
    let (two, three) = (calls[0].place(), calls[1].place());
    b.set_limit(2);
    assert_eq!((b.limit(), b.in_flight()), (2, 3));
    drop(first);
    calls[2].waits();
    drop(two);
    let four = calls[2].place();
    assert_eq!(b.in_flight(), 2);
    drop((three, four));
    b.set_limit(0);
    assert_eq!(b.limit(), 1);
    b.set_limit(u32::MAX);
    assert_eq!(b.limit(), 65_535);
    let told: Vec<_> = std::iter::from_fn(|| changes.try_next())
        .map(|change| (change.from, change.to, change.missed))
        .collect();
    assert_eq!(told, [(1, 3, 0), (3, 2, 0), (2, 1, 0), (1, 65_535, 0)]);
}

#[tokio::test]
async fn the_stream_hears_of_each_change_and_counts_what_it_lost() {
    let b = of("queue-stream", BulkheadPolicy::new().max(1));
    let mut changes = b.changes();
    b.set_limit(1);
    assert_eq!(changes.try_next(), None, "it is the same");
    b.key("a").set_limit(7);
    let change = changes.next().await;
    assert_eq!(
        (change.name, change.key.as_deref()),
        ("queue-stream", Some("a"))
    );
    for limit in 2..200 {
        b.set_limit(limit);
    }
    let change = changes.next().await;
    assert_eq!((change.missed, change.from, change.to), (70, 71, 72));
}

#[test]
fn settings_that_come_later_leave_a_limit_that_was_set() {
    let b = bulkhead("queue-set-first");
    assert_eq!(b.limit(), 16, "the default");
    b.set_limit(3);
    assert!(b.configure(BulkheadPolicy::new().max(9).queue(1)));
    assert_eq!(b.limit(), 3);
    assert!(!b.configure(BulkheadPolicy::new().max(10)));
    let conflicts = crate::registry::registry().conflicts();
    assert!(conflicts.iter().any(|c| c.name == "queue-set-first"));
}

#[test]
fn a_blocked_thread_waits_too() {
    let policy = BulkheadPolicy::new().max(1).queue(2).wait(ms(10_000));
    let b = of("queue-blocking", policy);
    let inside = b.acquire_blocking().unwrap();
    std::thread::scope(|s| {
        let waiting = s.spawn(move || b.acquire_blocking().is_ok());
        while b.waiting() == 0 {
            std::thread::yield_now();
        }
        let mut async_one = Call::of(b);
        // Without a runtime there is no timer: it is polled by hand, and dropped before it needs one.
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| async_one.poll()));
        assert!(polled.is_err(), "it has to wait for a time");
        drop(async_one);
        assert_eq!(b.waiting(), 1);
        drop(inside);
        assert!(waiting.join().unwrap());
    });
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
    let hasty = of("queue-blocking-hasty", policy.wait(ms(5)));
    let _inside = hasty.acquire_blocking().unwrap();
    assert!(hasty.acquire_blocking().is_err());
    assert_eq!(hasty.waiting(), 0);
}

#[test]
fn the_snapshot_lists_names_and_keys() {
    let b = of("queue-snapshot", BulkheadPolicy::new().max(4).queue(1));
    let _place = b.key("a").try_acquire().unwrap();
    let all = crate::registry::registry().bulkheads();
    let of = |key: Option<&str>| {
        let mut all = all.iter();
        let found = all.find(|s| s.name == "queue-snapshot" && s.key.as_deref() == key);
        found.map(|s| (s.limit, s.in_flight, s.waiting))
    };
    assert_eq!(of(None), Some((4, 0, 0)));
    assert_eq!(of(Some("a")), Some((4, 1, 0)));
    assert_eq!(
        format!("{:?}", b.key("a")),
        "KeyedBulkhead { name: \"queue-snapshot\", key: Some(\"a\"), limit: 4, in_flight: 1, waiting: 0 }"
    );
}
