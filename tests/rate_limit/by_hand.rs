//! `resil::rate_limit("pay")`.

use super::*;

fn per_second(max: u32) -> RateLimitPolicy {
    RateLimitPolicy::new().max(max)
}

#[tokio::test(start_paused = true)]
async fn it_is_the_limit_of_the_functions_that_give_the_name() {
    #[rate_limit(name = "hand-shared", max = 3, per = 1s)]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    let limit = rate_limit("hand-shared");
    assert_eq!((limit.available(), limit.settings()), (u32::MAX, None));
    assert_eq!(letter(&call().await), '.');
    assert_eq!(limit.available(), 2);
    assert_eq!(limit.try_acquire(2), Ok(()));
    assert_eq!(letter(&call().await), 'X');
    let refused = limit.try_acquire(2).unwrap_err();
    let Error::RateLimited {
        name, retry_after, ..
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(name, "hand-shared");
    // 666,666,666.7 ns, rounded up.
    assert_eq!(retry_after, Some(Duration::from_nanos(666_666_667)));
    assert_eq!(limit.try_acquire(0), Ok(()));
    let settings = limit.settings().unwrap();
    assert_eq!((settings.max, settings.burst, settings.wait), (3, 3, None));
    assert_eq!(settings.per, ms(1_000));
    assert_eq!(limit.name(), "hand-shared");
}

#[tokio::test(start_paused = true)]
async fn it_can_be_configured_once() {
    let limit = rate_limit("hand-configured");
    assert!(limit.configure(per_second(2)));
    assert!(limit.configure(per_second(2).burst(2)), "the same");
    assert!(!limit.configure(per_second(3)));
    assert_eq!(limit.settings().unwrap().max, 2);
    let conflicts = registry().conflicts();
    let mine = conflicts.iter().filter(|c| c.name == "hand-configured");
    assert_eq!(mine.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn acquire_waits_for_its_turn() {
    let limit = rate_limit("hand-waits");
    limit.configure(per_second(10).burst(1));
    let r = Record::new();
    for _ in 0..3 {
        limit.acquire(1).await.unwrap();
        r.attempt();
    }
    assert_eq!(r.times(), [0, 100, 200]);
    assert_eq!(
        limit.try_acquire(1).unwrap_err().retry_after(),
        Some(ms(100))
    );
    assert_eq!(limit.acquire(2).await.unwrap_err().retry_after(), None);
    // To the deadline in force, and not past it.
    let late = Deadline::after(ms(50)).scope(limit.acquire(1)).await;
    assert_eq!(late.unwrap_err().retry_after(), Some(ms(100)));
    assert_eq!(r.elapsed(), 200, "at once");
}

#[tokio::test(start_paused = true)]
async fn acquire_waits_no_longer_than_the_settings_say() {
    let limit = rate_limit("hand-patience");
    limit.configure(per_second(10).burst(1).wait(ms(150)));
    limit.acquire(1).await.unwrap();
    let first = tokio::spawn(async move { limit.acquire(1).await });
    tokio::task::yield_now().await;
    assert_eq!(
        limit.acquire(1).await.unwrap_err().retry_after(),
        Some(ms(200))
    );
    assert_eq!(first.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_acquire_gives_its_turn_back() {
    let limit = rate_limit("hand-dropped");
    limit.configure(per_second(1));
    limit.acquire(1).await.unwrap();
    {
        let mut waits = pin!(limit.acquire(1));
        assert!(poll_once(waits.as_mut()).await.is_pending());
        assert_eq!(
            limit.try_acquire(1).unwrap_err().retry_after(),
            Some(ms(2_000))
        );
    }
    assert_eq!(
        limit.try_acquire(1).unwrap_err().retry_after(),
        Some(ms(1_000))
    );
}

#[test]
fn blocking_acquire_blocks_the_thread() {
    let limit = rate_limit("hand-blocks");
    limit.configure(RateLimitPolicy::new().max(100).burst(1));
    let began = std::time::Instant::now();
    for _ in 0..4 {
        limit.blocking_acquire(1).unwrap();
    }
    assert!(began.elapsed() >= ms(30));
    let keyed = limit.key("a");
    keyed.blocking_acquire(1).unwrap();
    keyed.blocking_acquire(1).unwrap();
    assert!(keyed.try_acquire(1).is_err());
}

#[tokio::test(start_paused = true)]
async fn keys_are_asked_for_themselves() {
    let limit = rate_limit("hand-keys");
    limit.configure(per_second(1));
    let alice = limit.key("alice");
    alice.acquire(1).await.unwrap();
    assert!(alice.try_acquire(1).is_err());
    limit.key("bob").try_acquire(1).unwrap();
    limit.try_acquire(1).unwrap();
    assert_eq!((alice.name(), alice.key()), ("hand-keys", "alice"));
    assert_eq!(alice.settings(), limit.settings());
    assert!(format!("{alice:?} {limit:?}").contains("alice"));
}

#[tokio::test(start_paused = true)]
async fn the_registry_lists_all() {
    let limit = rate_limit("hand-listed");
    limit.configure(per_second(2));
    limit.key("a").try_acquire(2).unwrap();
    limit.try_acquire(1).unwrap();
    rate_limit("hand-listed-too");
    let all = registry().rate_limits();
    assert!(all.is_sorted_by_key(|s| (s.name, s.key.clone())));
    let mine: Vec<_> = all
        .iter()
        .filter(|s| s.name.starts_with("hand-listed"))
        .map(|s| (s.name, s.key.as_deref(), s.available, s.next_in))
        .collect();
    let none = Duration::ZERO;
    assert_eq!(
        mine,
        [
            ("hand-listed", None, 1, none),
            ("hand-listed", Some("a"), 0, ms(500)),
            ("hand-listed-too", None, u32::MAX, none),
        ]
    );
    let set = all.iter().find(|s| s.name == "hand-listed");
    assert_eq!(set.unwrap().settings, limit.settings());
}
