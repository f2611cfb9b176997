//! Rate limits in PostgreSQL: the contract, and what is PostgreSQL's own.

use std::time::{Duration, Instant};

use resil::RateLimitPolicy;
use resil::limits::store::{LimitKey, StoreErrorKind, TakeAnswer, TakeRequest};
use resil::limits::{self, LimitStore, Postgres, conformance};
use tokio::task::JoinSet;

use crate::servers;

fn request(per: Duration, burst: u32) -> TakeRequest {
    let policy = RateLimitPolicy::new().max(1).per(per).burst(burst);
    let settings = policy.settings().expect("a limit");
    TakeRequest::new(&settings, 1, None).expect("possible")
}

/// A store with a table of this test's own.
async fn store(url: &str, table: &str) -> Postgres {
    let name = format!("{table}_{:08x}", rand::random::<u32>());
    let store = limits::postgres(url).expect("a URL");
    let store = store.rate_limit_table(&name).expect("a name");
    store.create_rate_limit_schema().await.expect("created");
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let Some(url) = servers::postgres() else {
        return;
    };
    conformance::check(&store(&url, "conforms").await, 300).await;
}

/// As many calls at once as there are connections, on a key that none of them has made.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_meet_at_a_new_key_are_counted_once_each() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "meet").await;
    for _ in 0..10 {
        let key = LimitKey::new(rand::random());
        let mut calls = JoinSet::new();
        for _ in 0..16 {
            let store = store.clone();
            let hour = request(Duration::from_secs(3_600), 10);
            calls.spawn(async move { store.take(&key, &hour).await });
        }
        let answers = calls.join_all().await;
        let let_in = answers
            .iter()
            .filter(|answer| matches!(answer, Ok(TakeAnswer::Now { .. })));
        assert_eq!(let_in.count(), 10, "{answers:?}");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}

#[tokio::test]
async fn without_its_table_it_says_what_to_do() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = limits::postgres(&url).expect("a URL");
    let store = store.rate_limit_table("nobody_made_it").expect("a name");
    let key = LimitKey::new(rand::random());
    let one = request(Duration::from_secs(1), 1);
    let refused = store.take(&key, &one).await.expect_err("no table");
    assert_eq!(refused.kind(), StoreErrorKind::Misconfigured);
    assert!(
        refused.to_string().contains("create_rate_limit_schema"),
        "{refused}"
    );
    let wrong = limits::postgres(&url)
        .expect("a URL")
        .rate_limit_table("a;b");
    assert!(wrong.is_err());
}

/// Rows that owe nothing are swept, and no other is.
#[tokio::test]
async fn what_owes_nothing_is_swept() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "swept").await;
    let plain = servers::postgres_by_hand(&url).await;
    let table = store.rate_limit_schema();
    let table = table.split('"').nth(1).expect("a quoted name").to_owned();
    let (short, long) = (
        request(Duration::from_millis(1), 1),
        request(Duration::from_secs(3_600), 1),
    );
    // By itself with the first step of the process, and then by hand.
    let gone = format!("INSERT INTO \"{table}\" VALUES ('gone', 0, 0, 1, 0)");
    plain.execute(&gone, &[]).await.expect("inserted");
    let key = LimitKey::new(rand::random());
    store.take(&key, &short).await.expect("it answers");
    let there = format!("SELECT FROM \"{table}\" WHERE key = 'gone'");
    let begun = Instant::now();
    while !plain.query(&there, &[]).await.expect("asked").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not swept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let key = LimitKey::new(rand::random());
    store.take(&key, &long).await.expect("it answers");
    assert_eq!(store.sweep_rate_limits().await, Ok(0), "ten minutes later");
    // As if ten minutes had gone by.
    let earlier = format!("UPDATE \"{table}\" SET ended = ended - 1200");
    assert_eq!(plain.execute(&earlier, &[]).await.expect("set"), 2);
    assert_eq!(store.sweep_rate_limits().await, Ok(1));
    // Several processes may make it at once, and again.
    let (one, two) = tokio::join!(
        store.create_rate_limit_schema(),
        store.create_rate_limit_schema()
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let count = format!("SELECT count(*) FROM \"{table}\"");
    let row = plain.query_one(&count, &[]).await.expect("asked");
    assert_eq!(row.get::<_, i64>(0), 1);
}

/// A transaction that began before others, or that may not see them, changes nothing of the count.
#[tokio::test]
async fn a_stricter_isolation_counts_as_well() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let mut config: tokio_postgres::Config = url.parse().expect("a URL");
    config.options("-c default_transaction_isolation=serializable");
    let name = format!("strict_{:08x}", rand::random::<u32>());
    let store = Postgres::from_config(config).expect("a configuration");
    let store = store.rate_limit_table(&name).expect("a name");
    store.create_rate_limit_schema().await.expect("created");
    let key = LimitKey::new(rand::random());
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        let hour = request(Duration::from_secs(3_600), 2);
        calls.spawn(async move { store.take(&key, &hour).await });
    }
    let answers = calls.join_all().await;
    let let_in = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(TakeAnswer::Now { .. })));
    assert_eq!(let_in.count(), 2, "{answers:?}");
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
