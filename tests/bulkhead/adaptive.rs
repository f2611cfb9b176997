//! `adaptive`: what a limit is learned from. How well it is found: `simulation`.

use resil::Classify;

use super::*;

fn limit(name: &str) -> u32 {
    bulkhead(name).limit()
}

#[derive(Debug, Classify)]
enum Answer {
    #[throttled]
    Busy,
    #[permanent]
    NotFound,
    #[transient]
    Down,
    #[classify(forward)]
    Resil(Error),
}

impl From<Error> for Answer {
    fn from(e: Error) -> Self {
        Self::Resil(e)
    }
}

/// So many calls at once, to their ends.
async fn flight<T>(n: u32, call: impl AsyncFn() -> T) {
    futures_util::future::join_all((0..n).map(|_| call())).await;
}

#[tokio::test(start_paused = true)]
async fn it_begins_with_16_and_grows_while_the_latency_stays_what_it_is() {
    #[bulkhead(name = "adaptive-grows", adaptive)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    flight(40, async || f(&r).await).await;
    assert_eq!((r.count(), limit("adaptive-grows")), (16, 16));
    for _ in 0..30 {
        flight(40, async || f(&r).await).await;
    }
    assert!(limit("adaptive-grows") > 24, "{}", limit("adaptive-grows"));
}

#[tokio::test(start_paused = true)]
async fn it_never_grows_while_less_than_half_of_it_is_used() {
    #[bulkhead(name = "adaptive-idle", adaptive)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    for _ in 0..200 {
        flight(7, async || f(&r).await).await;
    }
    assert_eq!(limit("adaptive-idle"), 16, "7 is less than half of it");
    for _ in 0..200 {
        flight(8, async || f(&r).await).await;
    }
    let grown = limit("adaptive-idle");
    assert!((17..20).contains(&grown), "8 was half of 16: {grown}");
}

#[tokio::test(start_paused = true)]
async fn it_stays_within_its_bounds() {
    #[bulkhead(name = "adaptive-bounds", adaptive(min = 3, start = 4, max = 6))]
    #[timeout(20ms)]
    async fn f(r: &Record, time: u64) -> Result<u32, Fault> {
        take(r, time).await
    }
    let r = Record::new();
    for _ in 0..50 {
        flight(9, async || f(&r, 10).await).await;
        assert!(limit("adaptive-bounds") <= 6);
    }
    assert!(limit("adaptive-bounds") >= 5);
    for _ in 0..50 {
        flight(9, async || f(&r, 100).await).await;
    }
    assert_eq!(limit("adaptive-bounds"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_cuts_it_by_a_tenth_at_most_once_a_round_trip() {
    #[bulkhead(name = "adaptive-timeout", adaptive(start = 100))]
    #[timeout(20ms)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let r = Record::new();
    for limits in [90, 81, 73, 66] {
        flight(60, async || f(&r).await).await;
        assert_eq!(limit("adaptive-timeout"), limits);
    }
}

#[tokio::test(start_paused = true)]
async fn so_do_a_refusal_and_a_throttled_error() {
    #[bulkhead(name = "adaptive-throttled", adaptive(start = 100))]
    async fn throttled(answer: fn() -> Answer) -> Result<u32, Answer> {
        sleep(ms(10)).await;
        Err(answer())
    }
    #[bulkhead(name = "adaptive-refused", adaptive(start = 100))]
    #[circuit(name = "adaptive-refused")]
    async fn refused(r: &Record) -> Result<u32, Answer> {
        Ok(r.attempt())
    }
    flight(60, async || throttled(|| Answer::Busy).await).await;
    assert_eq!(limit("adaptive-throttled"), 90);
    for other in [|| Answer::NotFound, || Answer::Down] {
        flight(9, async || throttled(other).await).await;
        assert_eq!(limit("adaptive-throttled"), 90);
    }
    let r = Record::new();
    breaker("adaptive-refused").force_open();
    assert!(refused(&r).await.is_err());
    assert_eq!(limit("adaptive-refused"), 90);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_stack_that_drops_the_call_cuts_it_and_the_callers_own_does_not() {
    #[timeout(50ms)]
    #[bulkhead(name = "adaptive-dropped", adaptive(start = 100))]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    #[bulkhead(name = "adaptive-inherited", adaptive(start = 100))]
    #[timeout(50ms)]
    async fn g(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let r = Record::new();
    assert!(tokio::time::timeout(ms(20), f(&r)).await.is_err());
    assert_eq!(limit("adaptive-dropped"), 100);
    assert_eq!(letter(&f(&r).await), 'T');
    assert_eq!(limit("adaptive-dropped"), 90);
    let out = Deadline::after(ms(20)).scope(g(&r)).await;
    assert_eq!(letter(&out), 'T');
    assert_eq!(limit("adaptive-inherited"), 100);
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_answers_whose_latency_counts() {
    #[bulkhead(name = "adaptive-permanent", adaptive)]
    async fn f(answer: fn() -> Answer) -> Result<u32, Answer> {
        sleep(ms(10)).await;
        Err(answer())
    }
    for _ in 0..20 {
        flight(40, async || f(|| Answer::Down).await).await;
    }
    assert_eq!(limit("adaptive-permanent"), 16, "nothing is known of these");
    for _ in 0..20 {
        flight(40, async || f(|| Answer::NotFound).await).await;
    }
    assert!(limit("adaptive-permanent") > 20);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_gives_the_name_alone_teaches_it_too() {
    #[bulkhead(name = "adaptive-shared", adaptive)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[bulkhead(name = "adaptive-shared")]
    async fn g(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    const OURS: BulkheadPolicy = BulkheadPolicy::new().adaptive(AdaptiveLimit::new().start(9));
    #[bulkhead(name = "adaptive-policy", policy = OURS)]
    async fn h(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert!(f(&r).await.is_ok());
    for _ in 0..30 {
        flight(40, async || g(&r).await).await;
        flight(40, async || h(&r).await).await;
    }
    assert!(limit("adaptive-shared") > 24);
    assert!(limit("adaptive-policy") > 15);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_more_than_a_tenth_is_told_once() {
    #[bulkhead(name = "adaptive-told", adaptive(start = 100))]
    #[timeout(20ms)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let events = Events::of("adaptive-told");
    let mut changes = bulkhead("adaptive-told").changes();
    let r = Record::new();
    for _ in 0..3 {
        flight(3, async || f(&r).await).await;
    }
    // 100 → 90 is just a tenth, 100 → 81 is more.
    assert_eq!(limit("adaptive-told"), 73);
    let told: Vec<_> = std::iter::from_fn(|| changes.try_next())
        .map(|change| (change.from, change.to))
        .collect();
    assert_eq!(told, [(100, 81)]);
    let limits = events.all().into_iter().filter_map(|e| match e {
        Event::BulkheadLimitChanged { from, to, .. } => Some((from, to)),
        _ => None,
    });
    assert_eq!(limits.collect::<Vec<_>>(), [(100, 81)]);
}

#[tokio::test(start_paused = true)]
async fn the_hand_sets_where_it_goes_on_from() {
    let b = bulkhead("adaptive-hand");
    assert!(b.configure(BulkheadPolicy::new().adaptive(AdaptiveLimit::new())));
    b.set_limit(50);
    assert_eq!(b.limit(), 50);
    b.try_acquire().unwrap().overloaded();
    assert_eq!(b.limit(), 45);
    for _ in 0..9 {
        let places: Vec<_> = (0..b.limit()).map(|_| b.try_acquire().unwrap()).collect();
        advance(ms(10)).await;
        for place in places {
            place.success();
        }
    }
    assert!(b.limit() > 45);
}
