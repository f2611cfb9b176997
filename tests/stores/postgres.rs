//! The store in PostgreSQL: the conformance suite, and what is PostgreSQL's own. Real server, real
//! time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::servers;
use crate::servers::postgres_by_hand as plain;
use crate::servers::records::{LONG, claimed, key, receipt, request};
use resil::idempotency::conformance::Suite;
use resil::idempotency::store::{Ack, ClaimAnswer, ClaimRequest, Store, StoreErrorKind, Token};
use resil::idempotency::{self, Postgres};

/// A store on a table of the test's own.
pub(crate) async fn store(url: &str, table: &str) -> Postgres {
    let store = idempotency::postgres(url).expect("a URL");
    let store = store.table(table).expect("a name");
    store.create_schema().await.expect("created");
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let suite = Suite::new(Arc::new(store(&url, "conformance").await));
    suite
        .unit(Duration::from_millis(400))
        .sequences(500)
        .run()
        .await;
}

#[tokio::test]
async fn calls_of_two_processes_share_one_result() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let stores = [
        store(&url, "attribute").await,
        store(&url, "attribute").await,
    ];
    servers::attribute::calls_of_two_processes_share_one_result(stores).await;
}

#[tokio::test]
async fn a_value_shares_the_records_of_the_attribute() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let stores = [store(&url, "values").await, store(&url, "values").await];
    servers::attribute::a_value_shares_the_records_of_the_attribute(stores).await;
}

#[tokio::test]
async fn keys_and_claims_of_the_attribute() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = async || store(&url, "claims").await;
    let two = [store().await, store().await];
    servers::attribute::a_key_inside_itself_is_told_at_once(two).await;
    servers::attribute::a_body_that_blocks_its_thread_keeps_its_key(store().await).await;
    servers::attribute::the_key_has_to_say_the_type(store().await).await;
}

/// Where somebody has set another isolation level, the server's "again" is followed.
#[tokio::test(flavor = "multi_thread")]
async fn conformance_where_transactions_are_serializable() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let mut config: tokio_postgres::Config = url.parse().expect("a URL");
    config.options("-c default_transaction_isolation=serializable");
    let store = Postgres::from_config(config).expect("a config");
    let store = store.table("serializable:t-1").expect("a name");
    store.create_schema().await.expect("created");
    let suite = Suite::new(Arc::new(store))
        .unit(Duration::from_millis(400))
        .sequences(0);
    suite.table().await;
}

/// Under READ COMMITTED the reading half of a claim can't see a row that was committed after the
/// statement began: it answers with nothing. That must reach no caller.
#[tokio::test(flavor = "multi_thread")]
async fn the_empty_answer_race() {
    const TASKS: usize = 8;
    const KEYS: usize = 1_500;
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "race").await;
    let keys: Arc<Vec<_>> = Arc::new((0..KEYS).map(|_| key()).collect());
    // All tasks meet at each key.
    let gate = Arc::new(tokio::sync::Barrier::new(TASKS));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (store, keys, gate) = (store.clone(), Arc::clone(&keys), Arc::clone(&gate));
            tokio::spawn(async move {
                let mut won = Vec::with_capacity(KEYS);
                for key in keys.iter() {
                    gate.wait().await;
                    match store.claim(key, &request()).await {
                        Ok(ClaimAnswer::Claimed {
                            taken_over: false, ..
                        }) => won.push(true),
                        Ok(ClaimAnswer::Busy { .. }) => won.push(false),
                        other => panic!("a caller was answered {other:?}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut winners = vec![0; KEYS];
    for task in tasks {
        for (n, won) in task.await.expect("no panic").into_iter().enumerate() {
            winners[n] += usize::from(won);
        }
    }
    assert!(winners.iter().all(|n| *n == 1), "each key has one owner");
    let empty = store.empty_answers();
    println!("{TASKS} tasks on {KEYS} keys: {empty} empty answers, none reached a caller");
    assert!(empty > 0, "the race was not met: this test shows nothing");
}

#[tokio::test]
async fn the_fence_rises_after_the_row_was_swept() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "fences").await.rows_kept(Duration::ZERO);
    first_sweep(&store, &plain(&url).await, "fences").await;
    let (key, mut last) = (key(), 0);
    for _ in 0..20 {
        let request = request();
        let fence = claimed(&store, &key, &request).await;
        assert!(fence > last, "{last}, then {fence}");
        last = fence;
        assert_eq!(store.release(&key, request.token).await, Ok(Ack::Ok));
        assert_eq!(store.sweep().await, Ok(1));
    }
}

/// The statement that adds 2,500 rows whose records have ended.
fn ended(table: &str) -> String {
    format!(
        "INSERT INTO {table} SELECT sha256(n::text::bytea), 'done', '', n, NULL, false, \
         false, clock_timestamp(), clock_timestamp(), 'ok', '', 'json', 1 \
         FROM generate_series(1, 2500) AS n"
    )
}

/// Waits until no more than `left` rows are there.
async fn swept(sql: &tokio_postgres::Client, table: &str, left: usize) {
    let (begun, rows) = (Instant::now(), format!("SELECT FROM {table}"));
    while sql.query(&rows, &[]).await.expect("asked").len() > left {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "nothing was swept"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Makes the first claim of the process, and waits for its sweep.
async fn first_sweep(store: &Postgres, sql: &tokio_postgres::Client, table: &str) {
    let empty = format!("TRUNCATE {table}");
    sql.execute(&empty, &[]).await.expect("emptied");
    sql.execute(&ended(table), &[]).await.expect("inserted");
    claimed(store, &key(), &request()).await;
    swept(sql, table, 1).await;
}

/// Only what has ended, a thousand at a time.
#[tokio::test]
async fn sweep() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "sweep").await.rows_kept(Duration::ZERO);
    let sql = plain(&url).await;
    first_sweep(&store, &sql, "sweep").await;
    sql.execute(&ended("sweep"), &[]).await.expect("inserted");
    let (live, dead, done) = (key(), key(), key());
    claimed(&store, &live, &request()).await;
    let gone = ClaimRequest::new(Token::random(), Duration::ZERO, LONG);
    claimed(&store, &dead, &gone).await;
    let one = request();
    claimed(&store, &done, &one).await;
    assert_eq!(
        store.complete(&done, one.token, &receipt(), LONG).await,
        Ok(Ack::Ok)
    );
    for swept in [1_000, 1_000, 500, 0] {
        assert_eq!(store.sweep().await, Ok(swept));
    }
    for key in [live, dead, done] {
        assert!(store.lookup(&key).await.expect("asked").is_some());
    }
    // By itself, a thousand claims of the process' handle after the first one: four were made above, so it
    // is the 997th of these. Its key and the three after it may end when the sweep has passed already.
    sql.execute(&ended("sweep"), &[]).await.expect("inserted");
    for _ in 0..1_000 {
        let key = key();
        let gone = ClaimRequest::new(Token::random(), Duration::ZERO, LONG);
        claimed(&store, &key, &gone).await;
        store.forget(&key).await.expect("asked");
    }
    swept(&sql, "sweep", 4 + 4).await;
}

/// A process that makes few claims, and is started often, sweeps as well.
#[tokio::test]
async fn the_first_claim_of_a_process_sweeps() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "first_sweep").await.rows_kept(Duration::ZERO);
    first_sweep(&store, &plain(&url).await, "first_sweep").await;
}

/// Nothing is made until somebody asks for it.
#[tokio::test]
async fn no_schema_is_a_clear_error() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = idempotency::postgres(&url)
        .expect("a URL")
        .table("nobody.made_it")
        .expect("a name");
    for error in [
        store.check().await.expect_err("no table"),
        store.claim(&key(), &request()).await.expect_err("no table"),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains("create_schema"), "{error}");
    }
    let wrong = idempotency::postgres(&url)
        .expect("a URL")
        .table("a\"; DROP TABLE b; --");
    assert_eq!(
        wrong.expect_err("no name").kind(),
        StoreErrorKind::Misconfigured
    );
}

/// Several processes that start at once all ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_may_be_asked_for_by_many_at_once() {
    let Some(url) = servers::postgres() else {
        return;
    };
    plain(&url)
        .await
        .batch_execute("CREATE SCHEMA IF NOT EXISTS app")
        .await
        .expect("a schema");
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        all.spawn(async move { store(&url, "app.many").await });
    }
    for store in all.join_all().await {
        claimed(&store, &key(), &request()).await;
    }
}

#[tokio::test]
async fn check_tells_of_each_setting_that_loses_records() {
    let Some(url) = servers::postgres() else {
        return;
    };
    assert_eq!(store(&url, "checked").await.check().await, Ok(vec![]));
    let mut config: tokio_postgres::Config = url.parse().expect("a URL");
    config.options("-c synchronous_commit=off");
    let store = Postgres::from_config(config)
        .expect("a config")
        .table("checked")
        .expect("a name");
    let warnings = store.check().await.expect("asked");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("synchronous_commit"), "{warnings:?}");
    servers::attribute::strict_refuses(store, "synchronous_commit is off").await;
}
