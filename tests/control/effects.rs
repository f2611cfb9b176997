//! What is set from outside is what calls go by, those that have begun excepted.

use std::time::Duration;

use resil::{Deadline, control, fallback, hedge, idempotent, retry, timeout};

use crate::{Failed, Runs};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

static RETRIED: Runs = Runs::new();

#[retry(constant, max = 3, base = 1ms, budget = off)]
async fn retried() -> Result<(), Failed> {
    RETRIED.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_by_the_numbers_that_are_set() {
    let function = control().function(path("retried"));
    function.retry(|retry| retry.max(5).base(ms(10))).unwrap();
    let began = tokio::time::Instant::now();
    let _ = retried().await;
    assert_eq!(RETRIED.take(), 5);
    assert!(began.elapsed() < ms(41));
    function.set("retry.max", "1").unwrap();
    let _ = retried().await;
    assert_eq!(RETRIED.take(), 1);
    function.clear().unwrap();
    let _ = retried().await;
    assert_eq!(RETRIED.take(), 3);
}

static BEGUN: Runs = Runs::new();

#[retry(constant, max = 3, base = 1s, jitter = none, budget = off)]
async fn begun() -> Result<(), Failed> {
    BEGUN.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_under_the_settings_that_it_began_with() {
    let call = tokio::spawn(begun());
    tokio::time::sleep(ms(500)).await;
    control().function(path("begun")).off("retry").unwrap();
    let _ = call.await.unwrap();
    assert_eq!(BEGUN.take(), 3);
    let _ = begun().await;
    assert_eq!(BEGUN.take(), 1);
}

#[retry(constant, max = 3, base = 1ms, within = 1h, budget = off)]
async fn bounded() -> Result<(), Failed> {
    tokio::time::sleep(ms(100)).await;
    Err(Failed::Failed)
}

static WITHIN: Runs = Runs::new();

#[retry(constant, max = 9, base = 1ms, jitter = none, budget = off)]
async fn unbounded() -> Result<(), Failed> {
    WITHIN.count();
    tokio::time::sleep(ms(100)).await;
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn within_is_set_where_the_attribute_has_none() {
    let _ = bounded().await;
    control()
        .function(path("unbounded"))
        .retry(|retry| retry.within(ms(250)))
        .unwrap();
    let _ = unbounded().await;
    assert_eq!(WITHIN.take(), 3);
}

#[timeout(5s)]
#[timeout(1s)]
async fn slow() -> Result<Option<Duration>, Failed> {
    let left = Deadline::current().map(Deadline::remaining);
    tokio::time::sleep(ms(2_000)).await;
    Ok(left)
}

#[timeout(Duration::from_secs(1))]
async fn computed() -> Result<(), Failed> {
    tokio::time::sleep(ms(2_000)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_timeout_has_the_limit_that_is_set() {
    assert!(slow().await.is_err());
    control()
        .function(path("slow"))
        .timeout(&[ms(9_000), ms(3_000)])
        .unwrap();
    assert_eq!(slow().await, Ok(Some(ms(3_000))));
    let longer = control()
        .function(path("slow"))
        .timeout(&[ms(1_000), ms(3_000)]);
    assert!(longer.unwrap_err().to_string().contains("never fires"));
    assert_eq!(
        slow().await,
        Ok(Some(ms(3_000))),
        "what was refused changes nothing"
    );
    assert!(computed().await.is_err());
    control()
        .function(path("computed"))
        .set("timeout", "3s")
        .unwrap();
    assert_eq!(computed().await, Ok(()));
}

static HEDGED: Runs = Runs::new();

#[hedge(after = 10ms, max = 2, budget = off)]
async fn hedged() -> Result<(), Failed> {
    HEDGED.count();
    tokio::time::sleep(ms(1_000)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_hedge_starts_as_many_copies_as_are_set() {
    control()
        .function(path("hedged"))
        .hedge(|hedge| hedge.max(4))
        .unwrap();
    hedged().await.unwrap();
    assert_eq!(HEDGED.take(), 4);
}

static ONCE: Runs = Runs::new();

#[idempotent(key = id, ttl = 1h)]
async fn once(id: u32) -> Result<u32, Failed> {
    let _ = id;
    Ok(ONCE.count())
}

#[tokio::test(start_paused = true)]
async fn a_record_is_kept_as_long_as_is_set() {
    control()
        .function(path("once"))
        .idempotent(|once| once.ttl(ms(1_000)))
        .unwrap();
    assert_eq!((once(1).await, once(1).await), (Ok(1), Ok(1)));
    tokio::time::sleep(ms(1_500)).await;
    assert_eq!(once(1).await, Ok(2));
}

#[fallback(last_ok)]
async fn remembered(ok: bool) -> Result<u32, Failed> {
    if ok { Ok(1) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn a_last_good_value_is_as_old_as_is_set() {
    control()
        .function(path("remembered"))
        .set("fallback.max_age", "1s")
        .unwrap();
    remembered(true).await.unwrap();
    assert_eq!(remembered(false).await, Ok(1));
    tokio::time::sleep(ms(1_500)).await;
    assert_eq!(remembered(false).await, Err(Failed::Failed));
}

mod generic {
    use super::{Failed, control, path};
    use crate::Runs;
    use resil::retry;

    static RUNS: Runs = Runs::new();

    trait Tries {
        const MAX: u32;
    }
    struct Two;
    struct Four;
    impl Tries for Two {
        const MAX: u32 = 2;
    }
    impl Tries for Four {
        const MAX: u32 = 4;
    }

    #[retry(constant, max = T::MAX, base = 1ms, budget = off)]
    async fn tries<T: Tries>() -> Result<(), Failed> {
        RUNS.count();
        Err(Failed::Failed)
    }

    #[tokio::test(start_paused = true)]
    async fn each_instance_keeps_what_is_not_set() {
        let _ = tries::<Two>().await;
        assert_eq!(RUNS.take(), 2);
        let function = control().function(path("generic::tries"));
        function.set("retry.base", "2ms").unwrap();
        let _ = (tries::<Two>().await, RUNS.take());
        let _ = tries::<Four>().await;
        assert_eq!(RUNS.take(), 4);
        let _ = tries::<Two>().await;
        assert_eq!(RUNS.take(), 2);
        function.set("retry.max", "3").unwrap();
        let _ = (tries::<Two>().await, tries::<Four>().await);
        assert_eq!(RUNS.take(), 6);
    }
}
