//! Closed: what trips it, and what does not.

use resil_runtime::circuit::{CircuitPolicy, CircuitState, Window};

use super::{fifty, made, ms, pass, play, secs};
use CircuitState::{Closed, Open};

const fn rate(ratio: f64, window: u32) -> CircuitPolicy {
    fifty().failure_rate(ratio).window(Window::Calls(window))
}

#[tokio::test(start_paused = true)]
async fn five_in_a_row_is_the_default() {
    let b = resil_runtime::breaker("trip.default");
    play(b, "FFFF S FFFF");
    assert_eq!(b.state(), Closed);
    assert_eq!(b.counts().failures_in_a_row, 4);
    play(b, "F X");
    assert_eq!(b.state(), Open);
}

#[tokio::test(start_paused = true)]
async fn g08_failures_in_a_row_start_over_with_a_success() {
    let b = made("trip.row", fifty().failures(3));
    play(b, "F S FF");
    assert_eq!(b.state(), Closed);
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn g02_six_in_a_row_open_then_a_failed_probe_then_a_good_one() {
    let b = made("trip.g02", fifty().failures(6));
    play(b, "FFFFF S F FFFF");
    assert_eq!(b.state(), Closed);
    play(b, "F X");
    assert_eq!(b.counts(), resil_runtime::circuit::Counts::default());
    tokio::time::advance(ms(49_999)).await;
    play(b, "X");
    pass(secs(10)).await;
    play(b, "F X");
    pass(secs(50)).await;
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn seven_calls_at_75_percent_of_4_give_ffff_xxx() {
    let b = made("trip.seven", rate(0.75, 4));
    play(b, "FFFF XXX");
}

#[tokio::test(start_paused = true)]
async fn a_success_that_fills_the_window_may_trip_it() {
    let b = made("trip.fill", rate(0.75, 4));
    play(b, "FFF S X");
}

#[tokio::test(start_paused = true)]
async fn g08_ratios_of_small_windows() {
    let b = made("trip.g08.two", rate(2.0 / 3.0, 3));
    play(b, "FS");
    assert_eq!(b.state(), Closed);
    play(b, "F X");
    let b = made("trip.g08.three", rate(0.75, 4));
    for _ in 0..20 {
        play(b, "SF");
    }
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_ratio_is_reached_not_passed() {
    // 7 % of 100: 0.07 · 100 is more than 7 in floating point.
    let b = made("trip.reach", rate(0.07, 100));
    for _ in 0..93 {
        play(b, "S");
    }
    play(b, "FFFFFF");
    assert_eq!(b.state(), Closed);
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn f07_below_min_calls_no_rate_trips() {
    // Polly's table, for a throughput of 10.
    for (i, (ratio, failed, calls, trips)) in [
        (0.1, 0, 10, false),
        (0.1, 1, 10, true),
        (0.1, 2, 10, true),
        (0.1, 2, 11, true),
        (1.0, 9, 9, false),
        (0.1, 1, 9, false),
    ]
    .into_iter()
    .enumerate()
    {
        let b = made(&format!("trip.f07.{i}"), rate(ratio, 100).min_calls(10));
        for _ in 0..failed {
            play(b, "F");
        }
        for _ in failed..calls {
            if b.state() == Closed {
                play(b, "S");
            }
        }
        assert_eq!(b.state() == Open, trips, "{ratio} {failed} {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn g13_five_of_nine_trip_at_half_and_low_volume_never_does() {
    let b = made("trip.g13", rate(0.5, 9));
    play(b, "SFSFSFSF F X");
    let b = made("trip.g13.low", rate(0.5, 100).min_calls(20));
    for _ in 0..19 {
        play(b, "F");
    }
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d13_the_window_is_the_last_calls_and_not_all() {
    let b = made("trip.d13", rate(0.5, 10));
    for _ in 0..10_000 {
        play(b, "S");
    }
    play(b, "FFFF");
    assert_eq!(b.state(), Closed);
    assert_eq!((b.counts().calls, b.counts().failures), (10, 4));
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn failures_leave_a_counted_window_and_it_is_quiet_again() {
    let b = made("trip.leave", rate(0.5, 10));
    for round in 0..100 {
        play(b, "FFFF SSSSSSSSSS SSS");
        assert_eq!(b.state(), Closed, "round {round}");
        assert_eq!((b.counts().calls, b.counts().failures), (10, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn either_rule_trips() {
    let both = rate(0.5, 10).failures(3);
    let b = made("trip.either.row", both);
    play(b, "FFF X");
    let b = made("trip.either.rate", both);
    play(b, "SFSFSFSFSF X");
}

#[tokio::test(start_paused = true)]
async fn a_rate_alone_does_not_trip_in_a_row() {
    let b = made("trip.alone", rate(0.5, 100));
    for _ in 0..50 {
        play(b, "F");
    }
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn l13_open_at_half_then_again_after_fifty_good_ones() {
    let b = made(
        "trip.l13",
        CircuitPolicy::new()
            .failure_rate(0.4)
            .window(Window::Calls(2))
            .open_for(ms(300)),
    );
    play(b, "SSSSS F X");
    tokio::time::advance(ms(400)).await;
    play(b, "S");
    for _ in 0..50 {
        play(b, "S");
    }
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn the_success_that_closed_it_is_not_part_of_the_next_window() {
    let b = made("trip.closing", rate(0.5, 2));
    play(b, "FF X");
    pass(secs(50)).await;
    play(b, "S");
    assert_eq!(b.state(), Closed);
    assert_eq!(b.counts().calls, 0);
    // Were it counted, this failure would be the second call of two.
    play(b, "F");
    assert_eq!(b.state(), Closed);
    play(b, "S X");
}

#[tokio::test(start_paused = true)]
async fn g11_g13_a_timed_window_forgets() {
    let timed = fifty()
        .failure_rate(0.5)
        .window(Window::Time(secs(10)))
        .min_calls(4);
    let b = made("trip.timed", timed);
    play(b, "FFF");
    tokio::time::advance(secs(10)).await;
    play(b, "F");
    assert_eq!((b.counts().calls, b.counts().failures), (1, 1));
    tokio::time::advance(secs(9)).await;
    play(b, "SS");
    assert_eq!((b.counts().calls, b.counts().failures), (3, 1));
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn g03_the_counts_of_a_timed_window_go_and_neutral_calls_are_none() {
    let b = made(
        "trip.g03",
        fifty()
            .failure_rate(0.6)
            .window(Window::Time(secs(30)))
            .min_calls(3),
    );
    play(b, "SFN SFN SFN SFN SFN");
    assert_eq!((b.counts().calls, b.counts().failures), (10, 5));
    tokio::time::advance(secs(30)).await;
    assert_eq!(b.counts().calls, 0);
    play(b, "FSF X");
}

#[tokio::test(start_paused = true)]
async fn g04_a_rolling_window_of_ten_buckets_trips_in_the_middle() {
    let b = made(
        "trip.g04",
        fifty()
            .failure_rate(0.6)
            .window(Window::Time(secs(30)))
            .min_calls(3),
    );
    for _ in 0..10 {
        play(b, "SSF");
        tokio::time::advance(secs(3)).await;
    }
    // The oldest bucket is gone: nine of them, or ten where the border fell between.
    assert!((27..=30).contains(&b.counts().calls));
    let mut failed = 0;
    while b.state() == Closed {
        play(b, "F");
        failed += 1;
    }
    // (9 + k) / (27 + k), or (10 + k) / (30 + k), reaches 0.6.
    assert!((18..=20).contains(&failed), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn q05_q07_neutral_calls_neither_trip_nor_dilute() {
    let b = made("trip.neutral", rate(0.5, 4));
    for _ in 0..100 {
        play(b, "NNNN");
    }
    assert_eq!(b.counts().calls, 0);
    play(b, "F NNNNNNNN SS NNNN F X");
}

#[tokio::test(start_paused = true)]
async fn d15_nothing_runs_while_it_is_open() {
    let b = made("trip.d15", fifty().failures(1));
    play(b, "F");
    let ran = (0..1_000).filter(|_| b.try_acquire().is_ok()).count();
    assert_eq!(ran, 0);
}
