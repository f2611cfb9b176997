//! Open and half-open: how long it refuses, who probes, and what their outcomes do.

use std::time::Duration;

use resil_runtime::circuit::{CircuitPolicy, CircuitState, Window};

use super::{fifty, made, ms, pass, play, retry_in, secs};
use CircuitState::{Closed, HalfOpen, Open};

#[tokio::test(start_paused = true)]
async fn it_refuses_for_open_for_and_up_to_a_fifth_more() {
    let mut waits = Vec::new();
    for i in 0..50 {
        let b = made(&format!("half.jitter.{i}"), fifty().failures(1));
        play(b, "F");
        let wait = retry_in(b).unwrap();
        assert!((secs(50)..=secs(60)).contains(&wait), "{wait:?}");
        tokio::time::advance(wait.saturating_sub(ms(1))).await;
        assert_eq!(retry_in(b), Some(ms(1)));
        tokio::time::advance(ms(1)).await;
        play(b, "S");
        waits.push(wait);
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10, "no jitter: {waits:?}");
}

#[tokio::test(start_paused = true)]
async fn its_state_is_open_until_its_time_is_up() {
    let b = made("half.state", fifty().failures(1));
    play(b, "F");
    let left = retry_in(b).unwrap();
    tokio::time::advance(left.saturating_sub(ms(1))).await;
    assert_eq!(b.state(), Open);
    tokio::time::advance(ms(1)).await;
    assert_eq!(b.state(), HalfOpen);
    assert_eq!(b.counts().probes_out, 0);
    let probe = b.try_acquire().unwrap();
    assert_eq!(b.state(), HalfOpen);
    assert_eq!(b.counts().probes_out, 1);
    probe.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn f08_g13_one_probe_at_a_time_and_the_next_is_refused_until_it_is_back() {
    let b = made("half.one", fifty().failures(4));
    play(b, "FFFF XX");
    pass(secs(50)).await;
    let probe = b.try_acquire().unwrap();
    assert_eq!(retry_in(b), None);
    probe.success();
    play(b, "S");
}

#[tokio::test(start_paused = true)]
async fn d9_g10_q15_a_hundred_at_once_get_as_many_places_as_there_are_probes() {
    let b = made("half.d9", fifty().failures(1).probes(3));
    play(b, "F");
    pass(secs(50)).await;
    let in_flight: Vec<_> = (0..100).filter_map(|_| b.try_acquire().ok()).collect();
    assert_eq!(in_flight.len(), 3);
    for probe in in_flight {
        assert_eq!(b.state(), HalfOpen);
        probe.success();
    }
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn g03_two_successes_of_three_are_not_enough_and_the_fourth_is_refused() {
    let b = made("half.g03", fifty().failures(1).probes(3));
    play(b, "F");
    pass(secs(50)).await;
    play(b, "NNNN F X");
    pass(secs(50)).await;
    play(b, "SS");
    assert_eq!(b.counts().probes_succeeded, 2);
    let third = b.try_acquire().unwrap();
    play(b, "X");
    third.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn one_failed_probe_of_three_reopens() {
    let b = made("half.reopen", fifty().failures(1).probes(3));
    play(b, "F");
    pass(secs(50)).await;
    play(b, "SS F X");
    assert_eq!(b.state(), Open);
    pass(secs(50)).await;
    // The successes of the last time are not kept.
    play(b, "SS");
    assert_eq!(b.state(), HalfOpen);
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn each_failed_probe_doubles_the_time_up_to_open_max_and_a_closing_resets_it() {
    let b = made(
        "half.growth",
        CircuitPolicy::new()
            .failures(1)
            .open_for(secs(10))
            .open_max(secs(60)),
    );
    let within = |wait: Option<Duration>, least: u64| {
        let wait = wait.unwrap();
        assert!(
            wait >= secs(least) && wait <= secs(least) * 6 / 5,
            "{wait:?} for {least}"
        );
    };
    play(b, "F");
    for least in [10, 20, 40, 60, 60, 60] {
        within(retry_in(b), least);
        pass(secs(least)).await;
        play(b, "F");
    }
    pass(secs(60)).await;
    play(b, "S F");
    within(retry_in(b), 10);
}

#[tokio::test(start_paused = true)]
async fn open_max_is_ten_times_open_for_by_default() {
    let b = made(
        "half.growth.default",
        CircuitPolicy::new().failures(1).open_for(secs(1)),
    );
    play(b, "F");
    for _ in 0..10 {
        pass(secs(10)).await;
        play(b, "F");
    }
    let wait = retry_in(b).unwrap();
    assert!(wait >= secs(10) && wait <= secs(12), "{wait:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_or_dropped_probe_is_not_a_failed_one() {
    let b = made(
        "half.nogrowth",
        CircuitPolicy::new().failures(1).open_for(secs(10)),
    );
    play(b, "F");
    pass(secs(10)).await;
    play(b, "NNN");
    let lost = b.try_acquire().unwrap();
    tokio::time::advance(secs(10)).await;
    play(b, "F");
    // One probe has failed: doubled once.
    let wait = retry_in(b).unwrap();
    assert!(wait >= secs(20) && wait <= secs(24), "{wait:?}");
    drop(lost);
}

#[tokio::test(start_paused = true)]
async fn d10_q01_q02_q04_a_dropped_probe_gives_its_place_back_and_no_more() {
    let b = made("half.d10", fifty().failures(1).probes(2));
    play(b, "F");
    pass(secs(50)).await;
    for _ in 0..10 {
        play(b, "N");
    }
    let (one, two) = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    play(b, "X");
    drop(one);
    let three = b.try_acquire().unwrap();
    play(b, "X");
    two.success();
    play(b, "X");
    three.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn g12_lost_probes_lose_their_places_open_for_after_the_last_was_let_in() {
    let b = made("half.lost", fifty().failures(1));
    play(b, "F");
    pass(secs(50)).await;
    let lost = b.try_acquire().unwrap();
    tokio::time::advance(ms(49_999)).await;
    play(b, "X");
    tokio::time::advance(ms(1)).await;
    let probe = b.try_acquire().unwrap();
    play(b, "X");
    // It never comes back.
    std::mem::forget(lost);
    assert_eq!(b.state(), HalfOpen);
    probe.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_takes_longer_than_open_for_closes_it_when_it_comes_back() {
    let b = made("half.slow.closes", fifty().failures(1));
    play(b, "F");
    pass(secs(50)).await;
    // Each is replaced before it is back.
    let first = b.try_acquire().unwrap();
    tokio::time::advance(secs(50)).await;
    let second = b.try_acquire().unwrap();
    tokio::time::advance(secs(30)).await;
    play(b, "X");
    first.success();
    assert_eq!(b.state(), Closed);
    // It began before the last change of state.
    second.failure();
    assert_eq!(b.state(), Closed);
    assert_eq!(b.counts().failures_in_a_row, 0);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_takes_longer_than_open_for_reopens_it_when_it_fails() {
    let b = made("half.slow.reopens", fifty().failures(1).open_max(secs(100)));
    play(b, "F");
    pass(secs(50)).await;
    let first = b.try_acquire().unwrap();
    tokio::time::advance(secs(50)).await;
    let second = b.try_acquire().unwrap();
    first.failure();
    // One failed probe: doubled once.
    let wait = retry_in(b).unwrap();
    assert!(wait >= secs(100) && wait <= secs(120), "{wait:?}");
    // The second one began before that.
    second.failure();
    assert!(retry_in(b).unwrap() <= secs(120));
    pass(secs(100)).await;
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn however_often_a_probe_was_replaced_it_counts() {
    let b = made("half.slow.often", fifty().failures(1));
    play(b, "F");
    pass(secs(50)).await;
    let first = b.try_acquire().unwrap();
    for _ in 0..1_000 {
        tokio::time::advance(secs(50)).await;
        std::mem::forget(b.try_acquire().unwrap());
    }
    play(b, "X");
    first.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn q04_a_replaced_probe_that_is_dropped_gives_no_place_back() {
    let b = made("half.slow.dropped", fifty().failures(1).probes(2));
    play(b, "F");
    pass(secs(50)).await;
    let replaced = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    tokio::time::advance(secs(50)).await;
    let (one, two) = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    drop(replaced.0);
    play(b, "X");
    // It keeps the places of the others, and is one of the two successes.
    replaced.1.success();
    assert_eq!(b.counts().probes_out, 2);
    assert_eq!(b.counts().probes_succeeded, 1);
    play(b, "X");
    drop(one);
    play(b, "X");
    two.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn what_other_probes_have_shown_is_kept_when_one_is_lost() {
    let b = made("half.lost.kept", fifty().failures(1).probes(3));
    play(b, "F");
    pass(secs(50)).await;
    play(b, "S");
    let lost = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    tokio::time::advance(secs(50)).await;
    play(b, "SS");
    assert_eq!(b.state(), Closed);
    lost.0.failure();
    drop(lost.1);
    assert_eq!(b.state(), Closed);
    assert_eq!(b.counts().failures_in_a_row, 0);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_lost_probes_is_exact_for_long_openings_too() {
    let day = secs(86_400);
    let b = made(
        "half.lost.long",
        CircuitPolicy::new().failures(1).open_for(day).open_max(day),
    );
    play(b, "F");
    pass(day).await;
    let _lost = b.try_acquire().unwrap();
    tokio::time::advance(secs(86_399)).await;
    play(b, "X");
    tokio::time::advance(secs(1)).await;
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d12_g06_q06_what_began_before_the_last_change_is_dropped() {
    let b = made("half.d12", fifty().failures(3));
    let (early, good) = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    play(b, "FFF X");
    // Into the open state: nothing.
    early.failure();
    assert_eq!(b.state(), Open);
    pass(secs(50)).await;
    let probe = b.try_acquire().unwrap();
    // Into half-open: an old success closes nothing.
    good.success();
    assert_eq!(b.state(), HalfOpen);
    assert_eq!(b.counts().probes_out, 1);
    probe.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d12_an_old_failure_does_not_count_in_the_next_closed_period() {
    for (name, policy) in [
        ("half.d12.row", fifty().failures(2)),
        (
            "half.d12.calls",
            fifty().failure_rate(0.5).window(Window::Calls(2)),
        ),
        (
            "half.d12.time",
            fifty()
                .failure_rate(0.5)
                .window(Window::Time(secs(100)))
                .min_calls(2),
        ),
    ] {
        let b = made(name, policy);
        let old: Vec<_> = (0..10).map(|_| b.try_acquire().unwrap()).collect();
        play(b, "FF X");
        pass(secs(50)).await;
        play(b, "S");
        for call in old {
            call.failure();
        }
        assert_eq!(b.state(), Closed);
        assert_eq!(b.counts(), resil_runtime::circuit::Counts::default());
    }
}

#[tokio::test(start_paused = true)]
async fn q03_half_open_keeps_to_the_same_outcomes() {
    let b = made("half.q03", fifty().failures(1));
    play(b, "F");
    pass(secs(50)).await;
    play(b, "N N S");
    assert_eq!(b.state(), Closed);
}
