//! `name`, `key`, `max_keys` and `policy`: who shares a bulkhead, and whose settings it has.

use super::*;

#[tokio::test(start_paused = true)]
async fn d23_all_who_give_a_name_share_its_places() {
    #[bulkhead(name = "share-name", max = 2)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(name = "share-name")]
    async fn g(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let (a, b, c) = tokio::join!(f(&r), g(&r), g(&r));
    assert_eq!([&a, &b, &c].map(letter), ['.', '.', 'X']);
}

#[tokio::test(start_paused = true)]
async fn a_name_alone_has_the_defaults_until_another_one_brings_settings() {
    #[bulkhead(name = "share-later")]
    async fn g(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(name = "share-later", max = 1, queue = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(18, g(&r)), "................XX");
    assert_eq!(at_once!(1, f(&r)), ".");
    assert_eq!(at_once!(3, g(&r)), "..X");
}

#[tokio::test(start_paused = true)]
async fn without_a_name_it_is_the_functions_own() {
    #[bulkhead(max = 1)]
    async fn mine(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(max = 1)]
    async fn yours(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let (a, b, c) = tokio::join!(mine(&r), yours(&r), mine(&r));
    assert_eq!([&a, &b, &c].map(letter), ['.', '.', 'X']);
    let Err(Fault::Resil(Error::BulkheadFull { name, .. })) = c else {
        panic!("not refused");
    };
    assert_eq!(name, "bulkhead::sharing::mine");
    let all = registry().bulkheads();
    let found = all.iter().find(|b| b.name == name).unwrap();
    assert_eq!((found.limit, found.in_flight, found.waiting), (1, 0, 0));
    assert_eq!(found.key, None);
}

#[tokio::test(start_paused = true)]
async fn each_self_type_has_one_of_its_own() {
    struct Client<T>(T);
    impl<T> Client<T> {
        #[bulkhead(max = 1)]
        async fn call(&self, r: &Record) -> Result<u32, Fault> {
            take(r, 10).await
        }
    }
    let r = Record::new();
    let (a, b) = (Client(1_u8), Client("b"));
    let (one, two, three) = tokio::join!(a.call(&r), b.call(&r), a.call(&r));
    assert_eq!([&one, &two, &three].map(letter), ['.', '.', 'X']);
    let _ = (a.0, b.0);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_places_of_its_own() {
    #[bulkhead(name = "share-key", key = host, max = 1, queue = 1)]
    async fn f(r: &Record, host: &str) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let calls = ["a", "a", "b", "a"].map(|host| f(&r, host));
    let ends = futures_util::future::join_all(calls).await;
    assert_eq!(ends.iter().map(letter).collect::<String>(), "...X");
    assert_eq!(r.times(), [0, 0, 10]);
    let events = Events::of("share-key");
    let place = bulkhead("share-key").key("c").try_acquire().unwrap();
    bulkhead("share-key").key("c").set_limit(1);
    let calls = ["c", "c"].map(|host| f(&r, host));
    let mut calls = calls.map(Box::pin);
    assert!(poll_once(calls[0].as_mut()).await.is_pending());
    assert!(poll_once(calls[1].as_mut()).await.is_ready());
    assert!(matches!(
        &events.all()[..],
        [Event::BulkheadRefused { key: Some(key), .. }] if &**key == "c"
    ));
    drop((place, calls));
}

#[tokio::test(start_paused = true)]
async fn the_key_is_evaluated_once_per_call_on_entry() {
    use std::cell::Cell;
    let asked = Cell::new(0);
    #[retry(constant, base = 10ms, max = 3, jitter = none)]
    #[bulkhead(name = "share-once", key = { asked.set(asked.get() + 1); 7 }, max = 1)]
    async fn f(r: &Record, asked: &Cell<u32>) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(letter(&f(&r, &asked).await), 'F');
    assert_eq!((asked.get(), r.count()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn d16_past_max_keys_newcomers_share_one() {
    #[bulkhead(name = "share-bound", key = n, max_keys = 2, max = 1)]
    async fn f(r: &Record, n: u32) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let ends = futures_util::future::join_all((0..4).map(|n| f(&r, n))).await;
    // The third and the fourth share the overflow, which has one place too.
    assert_eq!(ends.iter().map(letter).collect::<String>(), "...X");
    // Idle ones make room.
    let ends = futures_util::future::join_all((4..6).map(|n| f(&r, n))).await;
    assert_eq!(ends.iter().map(letter).collect::<String>(), "..");
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_a_start_and_options_beside_it_override_it() {
    const OURS: BulkheadPolicy = BulkheadPolicy::new().max(1).queue(1).wait(ms(5));
    #[bulkhead(policy = OURS)]
    async fn plain(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(policy = OURS, wait = 20ms, queue = 2)]
    async fn other(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(3, plain(&r)), ".XX");
    assert_eq!(at_once!(4, other(&r)), "..XX");
    let began = r.elapsed();
    assert_eq!(at_once!(2, plain(&r)), ".X");
    assert_eq!(r.elapsed() - began, 10);
}

#[tokio::test(start_paused = true)]
async fn d23_where_two_set_differently_the_first_wins_and_the_conflict_is_told() {
    #[bulkhead(name = "share-conflict", max = 1)]
    async fn first(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(name = "share-conflict", max = 5)]
    async fn second(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let events = Events::of("share-conflict");
    let r = Record::new();
    assert_eq!(at_once!(1, first(&r)), ".");
    assert_eq!(at_once!(2, second(&r)), ".X");
    let told = events.all();
    assert!(matches!(
        told[0],
        Event::BulkheadConflict {
            name: "share-conflict",
            function: "bulkhead::sharing::second",
            ..
        }
    ));
    let listed = registry().conflicts();
    let found = listed.iter().find(|c| c.name == "share-conflict").unwrap();
    assert_eq!(found.kind, resil::ConflictKind::Bulkhead);
    assert_eq!(found.used, "bulkhead::sharing::first");
}

#[tokio::test(start_paused = true)]
async fn constants_of_every_kind() {
    const PLACES: u32 = 2;
    const WAIT: Duration = ms(15);
    struct Of<const N: u32>;
    impl<const N: u32> Of<N> {
        #[bulkhead(max = const { N }, queue = PLACES, wait = WAIT)]
        async fn call(&self, r: &Record) -> Result<u32, Fault> {
            take(r, 10).await
        }
    }
    let r = Record::new();
    assert_eq!(at_once!(4, Of::<1>.call(&r)), "..XX");
    #[bulkhead(adaptive(min = PLACES, start = PLACES, max = 9))]
    async fn adaptive(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    assert_eq!(at_once!(3, adaptive(&r)), "..X");
}
