//! What is set from outside is what calls go by, those that have begun excepted.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use resil::{
    CircuitState, Deadline, RateLimitPolicy, breaker, bulkhead, circuit, control, fallback, hedge,
    idempotent, rate_limit, retry, timeout,
};

use crate::{FILE, Failed, Runs};

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

#[circuit(name = "effects.circuit", failures = 2, open_for = 10s)]
async fn guarded(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[circuit(name = "effects.circuit", key = host)]
async fn guarded_by(host: &str) -> Result<(), Failed> {
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_circuit_goes_by_what_is_set_for_its_name_with_its_keys() {
    let name = control().name("effects.circuit");
    let _ = guarded(false).await;
    let _ = guarded_by("a").await;
    name.circuit(|circuit| circuit.failures(3)).unwrap();
    for n in 0..3 {
        assert_eq!(
            breaker("effects.circuit").state(),
            CircuitState::Closed,
            "after {n}: counted anew"
        );
        let _ = guarded(false).await;
        let _ = guarded_by("a").await;
        let _ = guarded_by("b").await;
    }
    let states = || ["a", "b"].map(|key| breaker("effects.circuit").key(key).state());
    assert_eq!(breaker("effects.circuit").state(), CircuitState::Open);
    assert_eq!(states(), [CircuitState::Open; 2]);
    name.circuit(|circuit| circuit.open_for(ms(1_000))).unwrap();
    assert_eq!(
        breaker("effects.circuit").state(),
        CircuitState::Open,
        "it stays open"
    );
    tokio::time::sleep(ms(1_300)).await;
    assert_eq!(guarded(true).await, Ok(()), "no longer than is set");
    name.clear().unwrap();
    let _ = guarded(false).await;
    let _ = guarded(false).await;
    assert_eq!(
        breaker("effects.circuit").state(),
        CircuitState::Open,
        "as the attribute says"
    );
}

#[circuit(name = "effects.window", failure_rate = 50%, window = 4)]
async fn rated(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_replaced_under_calls() {
    for n in 0..200_u32 {
        let _ = rated(true).await;
        control()
            .name("effects.window")
            .circuit(|c| c.window(resil::Window::Calls(4 + n % 3)))
            .unwrap();
        let _ = rated(n % 7 != 0).await;
        assert_eq!(breaker("effects.window").state(), CircuitState::Closed);
    }
    for _ in 0..6 {
        let _ = rated(false).await;
    }
    assert_eq!(breaker("effects.window").state(), CircuitState::Open);
}

#[circuit(name = "effects.kept", failure_rate = 50%, window = 4)]
async fn kept(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn what_is_counted_stays_where_nothing_changes() {
    control()
        .name("effects.kept")
        .circuit(|circuit| circuit.probes(2))
        .unwrap();
    for n in 0..4 {
        assert_eq!(breaker("effects.kept").state(), CircuitState::Closed);
        let _ = kept(n % 2 == 0).await;
        control()
            .name("effects.kept.other")
            .circuit(|circuit| circuit.probes(n + 1))
            .unwrap();
        control()
            .name("effects.kept")
            .circuit(|circuit| circuit.probes(2))
            .unwrap();
    }
    assert_eq!(breaker("effects.kept").state(), CircuitState::Open);
}

#[bulkhead(name = "effects.bulkhead", max = 1, queue = 1)]
async fn placed() -> Result<(), Failed> {
    tokio::time::sleep(ms(1_000)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_has_the_places_that_are_set() {
    let name = control().name("effects.bulkhead");
    let calls: Vec<_> = (0..3).map(|_| tokio::spawn(placed())).collect();
    tokio::time::sleep(ms(1)).await;
    let of = bulkhead("effects.bulkhead");
    assert_eq!((of.in_flight(), of.waiting()), (1, 1));
    name.bulkhead(|bulkhead| bulkhead.max(3).queue(0)).unwrap();
    tokio::time::sleep(ms(1)).await;
    assert_eq!(
        (of.limit(), of.in_flight(), of.waiting()),
        (3, 2, 0),
        "who waits goes in"
    );
    for call in calls {
        let _ = call.await.unwrap();
    }
    let calls: Vec<_> = (0..4).map(|_| tokio::spawn(placed())).collect();
    let mut refused = 0;
    for call in calls {
        refused += u32::from(call.await.unwrap().is_err());
    }
    assert_eq!((refused, of.in_flight()), (1, 0), "no place is lost");
    name.clear().unwrap();
    assert_eq!(of.limit(), 1);
}

#[rate_limit(name = "effects.limit", max = 10, per = 1s)]
async fn limited() -> Result<(), Failed> {
    Ok(())
}

#[rate_limit(name = "effects.limit", key = who)]
async fn limited_by(who: &str) -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_counts_on_by_other_numbers() {
    let of = rate_limit("effects.limit");
    let name = control().name("effects.limit");
    for _ in 0..6 {
        limited().await.unwrap();
        limited_by("a").await.unwrap();
    }
    assert_eq!(of.available(), 4);
    name.rate_limit(|limit| limit.max(100).burst(50)).unwrap();
    assert_eq!(of.settings().unwrap().max, 100);
    assert_eq!(of.available(), 4, "no burst for nothing");
    for _ in 0..4 {
        limited().await.unwrap();
        limited_by("a").await.unwrap();
    }
    assert!(limited().await.is_err() && limited_by("a").await.is_err());
    tokio::time::sleep(ms(100)).await;
    assert_eq!(of.available(), 10);
    name.rate_limit(|limit| limit.max(5).per(ms(1_000)).burst(5))
        .unwrap();
    assert_eq!(of.available(), 5);
    name.clear().unwrap();
    assert_eq!(of.settings().unwrap().max, 10);
    assert!(of.available() <= 10);
}

#[rate_limit(name = "effects.turns", max = 1, per = 1s, wait = 5s)]
async fn in_turn() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_kept_and_given_back_where_it_was_taken() {
    in_turn().await.unwrap();
    let waits = tokio::spawn(in_turn());
    let dropped = tokio::spawn(in_turn());
    tokio::time::sleep(ms(1)).await;
    control()
        .name("effects.turns")
        .rate_limit(|limit: RateLimitPolicy| limit.max(1_000))
        .unwrap();
    dropped.abort();
    let began = tokio::time::Instant::now();
    waits.await.unwrap().unwrap();
    assert!(began.elapsed() > ms(900), "it waits for its turn");
    in_turn().await.unwrap();
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

#[retry(max = 2)]
#[timeout(1s)]
async fn late() -> Result<(), Failed> {
    Ok(())
}

#[circuit(name = "effects.late")]
async fn late_name() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test]
async fn a_function_that_has_not_run_is_set_when_it_does_and_a_fault_is_told() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = std::sync::Arc::clone(&told);
    let _listening = resil::event::subscribe(move |event| {
        if let resil::event::Event::SettingRefused { fault, .. } = event {
            sink.lock().unwrap().push(fault.to_string());
        }
    });
    let function = path("late");
    let text = format!(
        "[function.\"{function}\".retry]\nmax = 7\n[function.\"{function}\".hedge]\nmax = 3\n[name.\"effects.late\".circuit]\nprobes = 3\n[function.\"{function}r\".retry]\nmax = 2\n"
    );
    control().load_text(Path::new("late.toml"), &text).unwrap();
    let unused = |of: &str| {
        let all: Vec<String> = control().unused().iter().map(ToString::to_string).collect();
        all.into_iter().find(|one| one.contains(of))
    };
    assert!(unused(&function).is_some() && unused("effects.late").is_some());
    late().await.unwrap();
    late_name().await.unwrap();
    assert!(unused("effects.late").is_none());
    assert_eq!(
        unused(&format!("{function}r")).unwrap(),
        format!(
            "late.toml:8: `function.\"{function}r\".retry.max`: no function of that path has been called\nhelp: did you mean `{function}`?"
        )
    );
    let fault = format!(
        "late.toml:4: `function.\"{function}\".hedge.max`: `{function}` has no `hedge`\nhelp: it has `retry`, `timeout`"
    );
    assert!(told.lock().unwrap().contains(&fault), "{told:?}");
    assert!(
        control()
            .faults()
            .iter()
            .any(|one| one.to_string() == fault)
    );
    let in_force: Vec<String> = control()
        .in_force()
        .iter()
        .map(ToString::to_string)
        .collect();
    let of = |start: String| {
        in_force
            .iter()
            .find(|line| line.starts_with(&start))
            .unwrap()
    };
    assert!(
        of(format!("{function} retry")).contains("max = 2,"),
        "all of it is left out for that function"
    );
    assert!(of(path("late_name")).contains("probes = 3 (late.toml:6)"));
    control().load_text(Path::new("late.toml"), "").unwrap();
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
