//! What a choice allocates. It is a target of its own, as the allocator is counted.

use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoints, Strategy};

#[test]
fn a_choice_allocates_nothing() {
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastPending,
        Strategy::P2cPeakEwma,
        Strategy::ConsistentHash,
    ] {
        let list =
            Endpoints::list((1..=20).map(|n| format!("http://10.0.0.{n}"))).expect("endpoints");
        let name = format!("allocations.{strategy:?}");
        let balancer = Balancer::builder(&name, list)
            .strategy(strategy)
            .max_pending(100)
            .build()
            .expect("a list");
        let avoid = balancer.endpoints();
        let run = |avoid: &[_]| {
            for key in 0..50_u32 {
                let picked = balancer
                    .pick(avoid, Some(&key.to_be_bytes()))
                    .expect("an endpoint");
                picked.end(&Verdict::Success);
            }
        };
        // The generator of the thread, and what reads the endpoints, are made once.
        run(&[]);
        let counted = allocation_counter::measure(|| {
            run(&[]);
            run(&avoid[..2]);
        });
        assert_eq!(counted.count_total, 0, "{strategy:?}");
        // And not with one ejected either.
        resil_runtime::breaker(&name)
            .key(avoid[3].authority())
            .force_open();
        let counted = allocation_counter::measure(|| run(&avoid[..2]));
        assert_eq!(counted.count_total, 0, "{strategy:?}");
    }
}
