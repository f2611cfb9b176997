//! The rules that trip a breaker: failures in a row, rates, windows.

use super::*;

#[tokio::test(start_paused = true)]
async fn seven_calls_at_75_percent_of_4_give_ffff_xxx_with_the_body_run_4_times() {
    #[circuit(failure_rate = 75%, window = 4, open_for = 50s)]
    async fn tck(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(tck(&r), Fail; 7), "FFFFXXX");
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn five_in_a_row_trip_by_default_and_a_success_begins_anew() {
    #[circuit]
    async fn defaults(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(
        play!(defaults(&r), Fail, Fail, Fail, Fail, Succeed),
        "FFFF."
    );
    assert_eq!(play!(defaults(&r), Fail; 7), "FFFFFXX");
    // For thirty seconds, and up to a fifth more.
    advance(ms(29_999)).await;
    assert_eq!(play!(defaults(&r), Succeed), "X");
    advance(ms(6_001)).await;
    assert_eq!(play!(defaults(&r), Succeed, Fail), ".F");
}

#[tokio::test(start_paused = true)]
async fn a_success_that_fills_the_window_may_trip_it() {
    #[circuit(failure_rate = 50%, window = 4)]
    async fn filled(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(
        play!(filled(&r), Fail, Fail, Succeed, Succeed, Succeed),
        "FF..X"
    );
}

#[tokio::test(start_paused = true)]
async fn the_success_that_closed_the_circuit_is_not_part_of_the_next_window() {
    #[circuit(failure_rate = 50%, window = 4, open_for = 1s)]
    async fn closing(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(closing(&r), Fail, Fail, Fail, Fail, Succeed), "FFFFX");
    pass(1_000).await;
    assert_eq!(play!(closing(&r), Succeed), ".");
    // Were it part of it, the third of these would fill the window with two failures of four.
    assert_eq!(
        play!(closing(&r), Fail, Fail, Succeed, Succeed, Succeed),
        "FF..X"
    );
}

#[tokio::test(start_paused = true)]
async fn d13_the_window_is_the_last_calls_and_not_all() {
    #[circuit(failure_rate = 50%, window = 10)]
    async fn last_ten(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..10_000 {
        last_ten(&r, Succeed).await.unwrap();
    }
    assert_eq!(play!(last_ten(&r), Fail; 7), "FFFFFXX");
}

#[tokio::test(start_paused = true)]
async fn either_rule_trips_and_min_calls_holds_the_rate_back() {
    #[circuit(
        name = "either",
        failures = 3,
        failure_rate = 0.5,
        window = 100,
        min_calls = 6
    )]
    async fn either(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(either(&r), Fail, Fail, Fail, Fail), "FFFX");
    breaker("either").reset();
    assert_eq!(
        play!(
            either(&r),
            Fail,
            Succeed,
            Fail,
            Succeed,
            Fail,
            Succeed,
            Fail
        ),
        "F.F.F.X"
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_of_time_forgets() {
    #[circuit(failure_rate = 50%, window = 10s, min_calls = 4)]
    async fn ten_seconds(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(ten_seconds(&r), Fail, Fail, Fail), "FFF");
    advance(ms(10_000)).await;
    assert_eq!(play!(ten_seconds(&r), Fail, Fail, Fail), "FFF");
    advance(ms(8_000)).await;
    assert_eq!(play!(ten_seconds(&r), Fail, Fail), "FX");
}

#[tokio::test(start_paused = true)]
async fn constants_of_every_kind() {
    const CALLS: u32 = 4;
    const SPAN: Duration = Duration::from_secs(2);
    const RATE: f64 = 0.75;
    trait Limits {
        const FAILURES: u32;
    }
    struct Two;
    impl Limits for Two {
        const FAILURES: u32 = 2;
    }
    #[circuit(failure_rate = RATE, window = CALLS)]
    async fn by_calls(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failure_rate = RATE, window = SPAN, min_calls = CALLS - 1)]
    async fn by_time(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = L::FAILURES)]
    async fn by_generic<L: Limits>(r: &Record, what: Do, _: L) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(by_calls(&r), Fail; 5), "FFFFX");
    assert_eq!(play!(by_time(&r), Fail; 4), "FFFX");
    let mut seen = String::new();
    for _ in 0..3 {
        seen.push(letter(&by_generic(&r, Fail, Two).await));
    }
    assert_eq!(seen, "FFX");
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_never_age_and_a_share_of_a_span_of_time_does() {
    #[circuit(failures = 3)]
    async fn in_a_row(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failure_rate = 100%, window = 10m, min_calls = 3)]
    async fn of_ten_minutes(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let (mut row, mut span) = (String::new(), String::new());
    for _ in 0..4 {
        row.push(letter(&in_a_row(&r, Fail).await));
        span.push(letter(&of_ten_minutes(&r, Fail).await));
        advance(ms(86_400_000)).await;
    }
    // Past `open_for` the fourth of them is a probe.
    assert_eq!((&*row, &*span), ("FFFF", "FFFF"));
    assert_eq!(play!(in_a_row(&r), Fail), "F");
    assert_eq!(play!(in_a_row(&r), Fail), "X");
    assert_eq!(play!(of_ten_minutes(&r), Fail, Succeed, Fail, Fail), "F.FF");
    advance(ms(600_000)).await;
    for then in ["F", "F", "F", "X"] {
        assert_eq!(play!(of_ten_minutes(&r), Fail), then);
        advance(ms(10_000)).await;
    }
}
