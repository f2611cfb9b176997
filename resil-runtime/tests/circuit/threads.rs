//! Functions called for the first time by many threads at once, and calls from all of them.

use std::sync::Barrier;
use std::thread;

use resil_runtime::__private::for_tests::Outcome;
use resil_runtime::__private::{CallState, CircuitPolicy, CircuitSite, Failure, Site};
use resil_runtime::circuit::{CircuitState, Window};
use resil_runtime::{breaker, registry};

static POLICIES: [CircuitPolicy; 2] = [
    CircuitPolicy::new().failures(70_000),
    CircuitPolicy::new().failures(60_000),
];

#[test]
fn a_first_call_by_many_threads_makes_one_breaker_and_one_conflict() {
    static FIRST: Site = Site::new("threads::first", 1);
    static SECOND: Site = Site::new("threads::second", 1);
    static SITES: [CircuitSite; 2] = [
        CircuitSite::new(&FIRST, Some("threads.first")),
        CircuitSite::new(&SECOND, Some("threads.first")),
    ];
    static UNNAMED: CircuitSite = CircuitSite::new(&FIRST, None);
    let start = Barrier::new(8);
    thread::scope(|s| {
        for t in 0..8_usize {
            let start = &start;
            s.spawn(move || {
                start.wait();
                for _ in 0..1_000 {
                    let state = CallState::new();
                    for site in [&SITES[t % 2], &UNNAMED] {
                        let permit = site.admit(Some(&POLICIES[t % 2]), &state).unwrap();
                        let out: Outcome<(), ()> = Err(Failure::Body(()));
                        let _ = permit.settle_by(out, |()| None, |()| None);
                        std::mem::forget(permit);
                    }
                }
            });
        }
    });
    let b = breaker("threads.first");
    assert_eq!(b.state(), CircuitState::Closed);
    // Each function has settings: no call came before them, and none is lost.
    assert_eq!(b.counts().failures_in_a_row, 8_000);
    let clashes = registry().conflicts();
    assert_eq!(
        clashes.iter().filter(|c| c.name == "threads.first").count(),
        1
    );
    let known = registry().snapshot();
    let of_the_site = known
        .iter()
        .filter(|s| s.name.starts_with("threads::first"));
    assert_eq!(of_the_site.count(), 1);
}

#[test]
fn counts_of_many_threads_add_up() {
    let b = breaker("threads.counts");
    b.configure(
        CircuitPolicy::new()
            .failure_rate(1.0)
            .window(Window::Calls(10_000)),
    );
    thread::scope(|s| {
        for _ in 0..8 {
            s.spawn(|| {
                for i in 0..1_000 {
                    let permit = b.try_acquire().unwrap();
                    match i % 10 {
                        0 => permit.failure(),
                        1 => drop(permit),
                        _ => permit.success(),
                    }
                }
            });
        }
    });
    assert_eq!((b.counts().calls, b.counts().failures), (7_200, 800));
}
