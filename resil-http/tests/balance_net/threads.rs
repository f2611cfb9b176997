//! A balancer that many threads use while its breakers open and close.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoints, SlowStart, Strategy};
use resil_runtime::Class;
use resil_runtime::circuit::{CircuitPolicy, CircuitState};
use resil_runtime::clock;

const FAILED: Verdict = Verdict::Failure {
    class: Class::Transient,
    may_repeat: true,
};

const ENDPOINTS: usize = 5;
const MOST: u32 = 3;
const EACH: u32 = 20_000;

#[test]
fn nothing_is_lost_between_threads() {
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastPending,
        Strategy::P2cPeakEwma,
        Strategy::ConsistentHash,
    ] {
        let list = Endpoints::list((0..ENDPOINTS).map(|n| format!("http://pay:{}", 8_000 + n)))
            .expect("endpoints");
        let policy = CircuitPolicy::new()
            .failures(2)
            .open_for(Duration::from_millis(1))
            .open_max(Duration::from_millis(1));
        let balancer = Balancer::builder(format!("threads.{strategy:?}"), list)
            .strategy(strategy)
            .max_pending(MOST)
            .ejection(policy)
            .slow_start(SlowStart::over(Duration::from_millis(2)))
            .build()
            .expect("a list");
        let pending: [AtomicU32; ENDPOINTS] = Default::default();
        let picked_in_all = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let (balancer, pending, picked_in_all) = (&balancer, &pending, &picked_in_all);
                scope.spawn(move || {
                    let mut held = Vec::new();
                    for n in 0..EACH {
                        let key = (n * 4 + thread).to_be_bytes();
                        if let Ok(picked) = balancer.pick(&[], Some(&key)) {
                            let (_, port) = picked
                                .endpoint()
                                .authority()
                                .rsplit_once(':')
                                .expect("a port");
                            let at = port.parse::<usize>().expect("a number") - 8_000;
                            assert!(pending[at].fetch_add(1, SeqCst) < MOST, "{strategy:?}");
                            picked_in_all.fetch_add(1, SeqCst);
                            held.push((picked, at));
                        }
                        if held.len() == 3 {
                            let (picked, at) = held.remove((n % 3) as usize);
                            pending[at].fetch_sub(1, SeqCst);
                            match n % 7 {
                                0 => drop(picked),
                                1 | 2 => picked.end(&FAILED),
                                _ => picked.end(&Verdict::Success),
                            }
                        }
                    }
                    for (picked, at) in held {
                        pending[at].fetch_sub(1, SeqCst);
                        drop(picked);
                    }
                });
            }
        });
        let stats = balancer.stats();
        assert!(
            stats.endpoints.iter().all(|endpoint| endpoint.pending == 0),
            "{stats:?}"
        );
        let picked = stats
            .endpoints
            .iter()
            .map(|endpoint| endpoint.picked)
            .sum::<u64>();
        assert_eq!(picked, u64::from(picked_in_all.load(SeqCst)));
        assert!(
            stats
                .endpoints
                .iter()
                .all(|endpoint| endpoint.ejections > 0),
            "{stats:?}"
        );
        // No probe is thought to be under way that is not: all come back.
        let limit = clock::now() + Duration::from_secs(10);
        let mut key = 0_u32;
        while balancer
            .stats()
            .endpoints
            .iter()
            .any(|endpoint| endpoint.state != CircuitState::Closed)
        {
            assert!(clock::now() < limit, "{strategy:?} {:?}", balancer.stats());
            key += 1;
            if let Ok(picked) = balancer.pick(&[], Some(&key.to_be_bytes())) {
                picked.end(&Verdict::Success);
            }
        }
    }
}
