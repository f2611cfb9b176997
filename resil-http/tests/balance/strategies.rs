//! The strategies, where all endpoints are in.

use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoints, Strategy};
use resil_runtime::clock;

use crate::support::{advance, millis, number, of, pick, round_robin, secs, shares, url};

#[test]
fn round_robin_goes_one_after_the_other() {
    let balancer = round_robin("strategies.round_robin", 3);
    let order: Vec<_> = (0..7).map(|_| number(&pick(&balancer))).collect();
    assert_eq!(order, [1, 2, 3, 1, 2, 3, 1]);
}

#[test]
fn the_fewest_pending_is_picked_and_equals_take_turns() {
    let balancer = of("strategies.least_pending", 3)
        .strategy(Strategy::LeastPending)
        .build()
        .expect("a list");
    assert_eq!(shares(&balancer, 300), [100, 100, 100]);
    let held: Vec<_> = (0..3).map(|_| pick(&balancer)).collect();
    let mut numbers: Vec<_> = held.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
    let [a, b, c] = <[_; 3]>::try_from(held).expect("three");
    let free = number(&b);
    b.end(&Verdict::Success);
    for _ in 0..5 {
        assert_eq!(
            number(&pick(&balancer)),
            free,
            "the others have one pending"
        );
    }
    drop((a, c));
}

#[tokio::test(start_paused = true)]
async fn peak_ewma_picks_the_quicker_of_two() {
    resil_runtime::seed(1);
    let balancer = of("strategies.peak_ewma", 2).build().expect("a list");
    // An unknown one is asked once, and not again until it has answered.
    let (first, second) = (pick(&balancer), pick(&balancer));
    assert_ne!(number(&first), number(&second));
    let quick = number(&first);
    advance(millis(10)).await;
    first.end(&Verdict::Success);
    advance(millis(90)).await;
    second.end(&Verdict::Success);
    for _ in 0..100 {
        let picked = pick(&balancer);
        assert_eq!(number(&picked), quick);
        advance(millis(10)).await;
        picked.end(&Verdict::Success);
    }
    // 10 ms against 100 ms: with ten pending there, the eleventh goes to the slow one, which has none.
    let pending: Vec<_> = (0..10).map(|_| pick(&balancer)).collect();
    let on_quick = pending
        .iter()
        .filter(|picked| number(picked) == quick)
        .count();
    assert!((8..=10).contains(&on_quick), "{on_quick}");
    drop(pending);
    // The peak decays: 100 ms are less than 10 ms after 10 s * ln(10), which are 23 s.
    let began = clock::now();
    loop {
        let picked = pick(&balancer);
        if number(&picked) != quick {
            break;
        }
        advance(millis(10)).await;
        picked.end(&Verdict::Success);
    }
    // The last hundred requests took a second of them.
    let asked_again = began.elapsed();
    assert!(
        (secs(20)..secs(24)).contains(&asked_again),
        "{asked_again:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_quick_does_not_look_quick() {
    resil_runtime::seed(1);
    let balancer = of("strategies.quick_failure", 3)
        .no_ejection()
        .build()
        .expect("a list");
    let mut failed = 0;
    for _ in 0..1_000 {
        let picked = pick(&balancer);
        if number(&picked) == 2 {
            advance(millis(1)).await;
            picked.end(&crate::support::FAILED);
            failed += 1;
        } else {
            advance(millis(10)).await;
            picked.end(&Verdict::Success);
        }
    }
    assert!(
        failed < 20,
        "{failed} of 1,000 requests went to the one that fails"
    );
}

#[test]
fn one_key_goes_to_one_endpoint_in_each_process() {
    let balancer = |name: &str| {
        let builder = of(name, 10).strategy(Strategy::ConsistentHash);
        builder.build().expect("a list")
    };
    let (one, other) = (
        balancer("strategies.key.one"),
        balancer("strategies.key.other"),
    );
    let mut shares = [0_usize; 10];
    for key in 0..10_000_u32 {
        let key = format!("user-{key}");
        let picked = one.pick(&[], Some(key.as_bytes())).expect("an endpoint");
        let again = other.pick(&[], Some(key.as_bytes())).expect("an endpoint");
        assert_eq!(picked.endpoint(), again.endpoint(), "{key}");
        shares[number(&picked) - 1] += 1;
    }
    assert!(
        shares.iter().all(|n| (900..1_100).contains(n)),
        "{shares:?}"
    );
    // These are the endpoints in other processes and in other versions too.
    let of_key = |key: &str| number(&one.pick(&[], Some(key.as_bytes())).expect("an endpoint"));
    assert_eq!(["", "a", "user-42"].map(of_key), PINNED);
    let turns: Vec<_> = (0..11).map(|_| number(&pick(&one))).collect();
    assert_eq!(turns, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1], "without a key");
}

const PINNED: [usize; 3] = [4, 5, 10];

#[test]
fn when_one_of_n_goes_its_keys_move_and_no_others() {
    let with = |name: &str, numbers: &[usize]| {
        let list = Endpoints::list(numbers.iter().map(|n| url(*n))).expect("endpoints");
        let builder = Balancer::builder(name, list).strategy(Strategy::ConsistentHash);
        builder.build().expect("a list")
    };
    let all: Vec<_> = (1..=10).collect();
    let without: Vec<_> = all.iter().copied().filter(|n| *n != 4).collect();
    let before = with("strategies.moves.before", &all);
    let after = with("strategies.moves.after", &without);
    let keys = 10_000_u32;
    let (mut moved, mut went_to) = (0, [0_usize; 10]);
    for key in 0..keys {
        let of_key = |balancer: &Balancer| {
            let picked = balancer
                .pick(&[], Some(&key.to_be_bytes()))
                .expect("an endpoint");
            number(&picked)
        };
        let (old, new) = (of_key(&before), of_key(&after));
        assert!(
            old == new || old == 4,
            "{key} moved from {old}, which is still there"
        );
        if old != new {
            moved += 1;
            went_to[new - 1] += 1;
        }
    }
    assert!(
        (900..1_100).contains(&moved),
        "{moved} of {keys} moved: 1/n are a thousand"
    );
    let others: Vec<_> = without.iter().map(|n| went_to[n - 1]).collect();
    assert!(
        others.iter().all(|n| (70..160).contains(n)),
        "to all of the others: {others:?}"
    );
}
