//! One rate limit for each key under a name.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::*;

fn keys(name: &str) -> Vec<String> {
    let keys = rate_limit(name).keys();
    let mut all: Vec<String> = keys.iter().map(|l| l.key().to_owned()).collect();
    all.sort();
    all
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_rate_limit_of_its_own() {
    #[rate_limit(name = "key-own", key = tenant, max = 2, per = 1s)]
    async fn call(tenant: &str) -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(play!(3, call("a")), "..X");
    assert_eq!(play!(3, call("b")), "..X");
    let refused = call("a").await;
    let Err(Fault::Resil(Error::RateLimited {
        name, retry_after, ..
    })) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((name, retry_after), ("key-own", Some(ms(500))));
    assert_eq!(
        rate_limit("key-own").available(),
        2,
        "that of the name itself"
    );
    assert_eq!(rate_limit("key-own").key("a").available(), 0);
    assert_eq!(keys("key-own"), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_evaluated_once_per_call_on_entry() {
    let made = AtomicU32::new(0);
    #[retry(constant, max = 2, base = 1ms)]
    #[rate_limit(name = "key-once", key = { made.fetch_add(1, SeqCst); "k" }, max = 9, per = 1s)]
    async fn once(made: &AtomicU32) -> Result<(), Fault> {
        Err(Fault::Network(1))
    }
    assert_eq!(letter(&once(&made).await), 'F');
    assert_eq!(made.load(SeqCst), 1);
    assert_eq!(rate_limit("key-once").key("k").available(), 7);
}

#[tokio::test(start_paused = true)]
async fn d16_max_keys_bounds_them_and_newcomers_share_one() {
    #[rate_limit(name = "key-max", key = tenant, max_keys = 2, max = 1, per = 1s)]
    async fn call(tenant: u32) -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&call(1).await), '.');
    advance(ms(500)).await;
    assert_eq!(letter(&call(2).await), '.');
    // Neither is at rest: these two share a rate limit.
    assert_eq!(letter(&call(3).await), '.');
    assert_eq!(letter(&call(4).await), 'X');
    assert_eq!(keys("key-max"), ["(overflow)", "1", "2"]);
    advance(ms(501)).await;
    assert_eq!(
        letter(&call(4).await),
        '.',
        "in the place of 1, which is at rest"
    );
    assert_eq!(letter(&call(2).await), 'X');
    assert_eq!(keys("key-max"), ["(overflow)", "2", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_waits_waits_for_its_own_turn() {
    #[rate_limit(key = tenant, max = 10, per = 1s, burst = 1, wait = 1s)]
    async fn call(r: Record, tenant: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let calls = [1, 1, 2, 2].map(|tenant| tokio::spawn(call(r.clone(), tenant)));
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(r.times(), [0, 0, 100, 100]);
}
