//! An endpoint that is new, or back, comes to its share little by little.

use futures_util::stream;
use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoint, Endpoints, SlowStart, Strategy};
use tokio::sync::mpsc;
use tower::discover::Change;

use crate::support::{advance, breaker_of, figures, millis, number, of, secs, shares, url};

/// The share of endpoint 2 of 2, in a thousand.
fn share(balancer: &Balancer) -> usize {
    shares(balancer, 1_000)[1]
}

#[tokio::test(start_paused = true)]
async fn one_that_is_back_gets_its_share_over_the_window() {
    resil_runtime::seed(1);
    for strategy in [Strategy::RoundRobin, Strategy::LeastPending] {
        let name = format!("slow_start.back.{strategy:?}");
        let balancer = of(&name, 2)
            .strategy(strategy)
            .slow_start(SlowStart::over(secs(100)))
            .build()
            .expect("a list");
        assert_eq!(
            share(&balancer),
            500,
            "those that are there from the beginning do not start slowly"
        );
        let second = breaker_of(&name, 2);
        second.force_open();
        assert_eq!(share(&balancer), 0);
        second.force_close();
        // It is seen to be back by the next request. One in ten times it takes part, and then gets every second.
        let back = share(&balancer);
        assert!((30..80).contains(&back), "{strategy:?} {back}");
        assert!((figures(&balancer, 2).weight - 0.1).abs() < 1e-9);
        advance(secs(50)).await;
        let half = share(&balancer);
        assert!((210..290).contains(&half), "{strategy:?} {half}");
        assert!((figures(&balancer, 2).weight - 0.5).abs() < 0.01);
        advance(secs(51)).await;
        assert!((figures(&balancer, 2).weight - 1.0).abs() < f64::EPSILON);
        let full = share(&balancer);
        assert!((499..=501).contains(&full), "{strategy:?} {full}");
    }
}

/// Under peak EWMA it costs least of all pairs that it is in, as the others take longer: of two endpoints one pair of
/// one, of ten a fifth.
#[tokio::test(start_paused = true)]
async fn it_takes_part_in_as_many_choices_as_its_weight_says() {
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastPending,
        Strategy::P2cPeakEwma,
        Strategy::ConsistentHash,
    ] {
        for count in [2, 3, 10] {
            for weight in [0.1, 0.5] {
                resil_runtime::seed(1);
                let name = format!("slow_start.share.{strategy:?}.{count}.{weight}");
                let balancer = of(&name, count)
                    .strategy(strategy)
                    .slow_start(SlowStart::over(secs(100)).min_weight(weight))
                    .build()
                    .expect("a list");
                let all = balancer.endpoints();
                let each = all.iter().map(|endpoint| {
                    let others: Vec<_> = all.iter().filter(|e| *e != endpoint).cloned().collect();
                    balancer.pick(&others, None).expect("an endpoint")
                });
                let each: Vec<_> = each.collect();
                advance(millis(10)).await;
                for picked in each {
                    picked.end(&Verdict::Success);
                }
                let second = breaker_of(&name, 2);
                second.force_open();
                assert!(figures(&balancer, 2).is_ejected);
                second.force_close();
                assert!(!figures(&balancer, 2).is_ejected);

                let mut picks = 0;
                for key in 0..20_000_u32 {
                    let picked = balancer.pick(&[], Some(&key.to_be_bytes()));
                    let picked = picked.expect("an endpoint");
                    picks += u32::from(number(&picked) == 2);
                    picked.end(&Verdict::Success);
                }
                let full = match strategy {
                    Strategy::P2cPeakEwma => 2.0,
                    _ => 1.0,
                };
                let meant = 20_000.0 * weight * full / count as f64;
                // Five times what it may be off by chance.
                let off = (f64::from(picks) - meant).abs();
                assert!(off < 5.0 * meant.sqrt(), "{name}: {picks}, not {meant}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_comes_back_once_and_stays() {
    let balancer = of("slow_start.keys", 4)
        .strategy(Strategy::ConsistentHash)
        .slow_start(SlowStart::over(secs(100)))
        .build()
        .expect("a list");
    let on_second = |balancer: &Balancer| -> Vec<bool> {
        let place = |key: u32| {
            let picked = balancer
                .pick(&[], Some(&key.to_be_bytes()))
                .expect("an endpoint");
            number(&picked) == 2
        };
        (0..1_000).map(place).collect()
    };
    let before = on_second(&balancer);
    let second = breaker_of("slow_start.keys", 2);
    second.force_open();
    on_second(&balancer);
    second.force_close();
    let mut last = vec![false; 1_000];
    let mut counts = Vec::new();
    for _ in 0..11 {
        let now = on_second(&balancer);
        assert!(
            last.iter().zip(&now).all(|(last, now)| now >= last),
            "one that came back went again"
        );
        counts.push(now.iter().filter(|is| **is).count());
        last = now;
        advance(secs(10)).await;
    }
    assert_eq!(last, before);
    assert!(
        counts[0] < 50 && (80..170).contains(&counts[5]),
        "{counts:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_new_starts_slowly() {
    resil_runtime::seed(1);
    let (tell, told) = mpsc::unbounded_channel::<Result<Change<usize, Endpoint>, std::io::Error>>();
    let changes = stream::unfold(told, async |mut told| Some((told.recv().await?, told)));
    let balancer = Balancer::builder("slow_start.new", Endpoints::changes(changes))
        .strategy(Strategy::RoundRobin)
        .slow_start(SlowStart::over(secs(10)))
        .build()
        .expect("a runtime");
    let insert = |n: usize| tell.send(Ok(Change::Insert(n, url(n).parse().expect("an endpoint"))));
    insert(1).expect("it listens");
    balancer.ready().await.expect("one");
    advance(millis(1)).await;
    insert(2).expect("it listens");
    tokio::task::yield_now().await;
    assert!(
        (figures(&balancer, 1).weight - 1.0).abs() < f64::EPSILON,
        "the first does not"
    );
    assert!((figures(&balancer, 2).weight - 0.1).abs() < 0.01);
    let new = share(&balancer);
    assert!((30..80).contains(&new), "{new}");
}

/// Envoy's formula, with numbers that its documentation draws as curves.
#[tokio::test(start_paused = true)]
async fn the_weight_rises_by_the_aggression_and_from_the_least() {
    let weight_after = async |name: &str, slow_start: SlowStart, time| {
        let balancer = of(name, 2).slow_start(slow_start).build().expect("a list");
        let second = breaker_of(name, 2);
        second.force_open();
        figures(&balancer, 2);
        second.force_close();
        figures(&balancer, 2);
        advance(time).await;
        figures(&balancer, 2).weight
    };
    let over = SlowStart::over(secs(100));
    let cases = [
        ("linear", over, 36, 0.36),
        ("aggressive", over.aggression(2.0), 36, 0.6),
        ("timid", over.aggression(0.5), 36, 0.1296),
        ("least", over.min_weight(0.5), 36, 0.5),
        ("nothing", over.min_weight(f64::NAN), 0, 0.0),
        ("full", over.min_weight(7.0), 0, 1.0),
        ("no aggression", over.aggression(-1.0), 36, 0.36),
        ("over", over, 100, 1.0),
        ("off", SlowStart::over(secs(0)), 0, 1.0),
    ];
    for (name, slow_start, after, weight) in cases {
        let found = weight_after(
            &format!("slow_start.weight.{name}"),
            slow_start,
            secs(after),
        )
        .await;
        assert!((found - weight).abs() < 1e-6, "{name}: {found}");
    }
}
