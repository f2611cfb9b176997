//! Injected faults: by function and by name, below all policies, the same ones for the same seed.

#![allow(
    clippy::await_holding_lock,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "one file is in force at a time: its lock is that of a test; and tests read the paused clock themselves"
)]

#[path = "../support/alone.rs"]
mod alone;
mod seen;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resil::event::{Event, InjectedFault, subscribe};
use resil::{CircuitState, Error, breaker, circuit, control, idempotent, retry, timeout};

/// Held by a test that loads a file: there is one file in force.
static FILE: Mutex<()> = Mutex::new(());

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

/// The faults of the functions whose path ends so.
#[derive(Default)]
struct Told(Arc<Mutex<Vec<(u64, InjectedFault)>>>);

impl Told {
    fn of(name: &'static str) -> (Self, resil::event::Subscription) {
        let told = Self::default();
        let sink = Arc::clone(&told.0);
        let path = path(name);
        let listening = subscribe(move |event| {
            if let Event::Injected {
                function,
                fault,
                run,
                ..
            } = event
                && *function == path
            {
                sink.lock().unwrap().push((*run, *fault));
            }
        });
        (told, listening)
    }

    fn take(&self) -> Vec<(u64, InjectedFault)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[circuit(name = "chaos.replayed", failures = 1000)]
#[timeout(1s)]
#[retry(constant, max = 3, base = 1ms, budget = off)]
#[timeout(300ms)]
async fn replayed(n: u32) -> Result<u32, Error> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(n)
}

#[timeout(1s)]
async fn beside() -> Result<(), Error> {
    Ok(())
}

/// 200 calls, one after the other, with the outcome of each.
async fn run(beside_it: bool) -> Vec<Option<u32>> {
    let mut outcomes = Vec::new();
    for n in 0..200 {
        if beside_it {
            let _ = beside().await;
        }
        outcomes.push(replayed(n).await.ok());
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_the_same_events_twice() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let (told, _listening) = Told::of("replayed");
    let text = |seed: u32| {
        format!(
            "[chaos]\nseed = {seed}\nerror = \"20%\"\n[name.\"chaos.replayed\".chaos]\ndelay = \"20%\"\ndelay_for = \"100ms\"\n[function.\"{}\".chaos]\nhang = \"5%\"\ndrop = \"5%\"\n",
            path("replayed")
        )
    };
    let load = |text: &str| control().load_text(Path::new("chaos.toml"), text).unwrap();
    let mut runs = Vec::new();
    for (seed, beside_it) in [(7, false), (7, true), (8, false)] {
        load(&text(seed));
        let outcomes = run(beside_it).await;
        runs.push((outcomes, told.take()));
        load("");
    }
    assert_eq!(runs[0], runs[1], "also if other functions run beside it");
    assert_ne!(runs[0].1, runs[2].1);
    let (outcomes, events) = &runs[0];
    let count = |of: fn(&InjectedFault) -> bool| events.iter().filter(|(_, f)| of(f)).count();
    assert!(count(|f| *f == InjectedFault::Error) > 30);
    assert!(count(|f| matches!(f, InjectedFault::Delay(d) if d.as_millis() == 100)) > 30);
    assert!(count(|f| *f == InjectedFault::Hang) > 3 && count(|f| *f == InjectedFault::Drop) > 3);
    let good = outcomes.iter().flatten().count();
    assert!(good > 180, "the retry makes good for most: {good}");
    assert_eq!(
        run(false).await.iter().flatten().count(),
        200,
        "and it is over"
    );
    assert!(told.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_changes_nothing_draws_on() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let (told, _listening) = Told::of("replayed");
    let text = format!(
        "[function.\"{}\".chaos]\nseed = 3\nerror = \"30%\"\n",
        path("replayed")
    );
    let mut all = Vec::new();
    for reload in [false, true] {
        control().load_text(Path::new("chaos.toml"), &text).unwrap();
        for n in 0..50 {
            let _ = replayed(n).await;
            if reload {
                control().load_text(Path::new("chaos.toml"), &text).unwrap();
            }
        }
        control().load_text(Path::new("chaos.toml"), "").unwrap();
        all.push(told.take());
    }
    assert_eq!(all[0], all[1]);
}

#[circuit(name = "chaos.tripped", failures = 3)]
async fn tripped() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_is_one_of_the_other_side_for_all_policies() {
    control()
        .name("chaos.tripped")
        .set("chaos.error", "100%")
        .unwrap();
    for _ in 0..3 {
        let function = tripped().await.unwrap_err();
        assert_eq!(
            function.to_string(),
            format!(
                "an error was injected in place of a run of `{}`",
                path("tripped")
            )
        );
    }
    assert_eq!(breaker("chaos.tripped").state(), CircuitState::Open);
    control().name("chaos.tripped").clear().unwrap();
}

static ONCE: AtomicU32 = AtomicU32::new(0);

#[idempotent(key = id)]
#[timeout(1s)]
async fn once(id: u32) -> Result<u32, Error> {
    let _ = id;
    Ok(ONCE.fetch_add(1, Relaxed) + 1)
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_has_run_and_what_failed_has_not() {
    let function = control().function(path("once"));
    let runs = || ONCE.load(Relaxed);
    function.set("chaos.error", "100%").unwrap();
    assert!(matches!(once(1).await, Err(Error::Injected { .. })));
    assert_eq!(runs(), 0, "the body did not run, and the key is free");
    function.set("chaos.error", "off").unwrap();
    function.set("chaos.drop", "100%").unwrap();
    assert!(matches!(once(1).await, Err(Error::Timeout { .. })));
    assert_eq!(runs(), 1, "the body ran, and its answer was lost");
    function.set("chaos.drop", "off").unwrap();
    function.set("chaos.hang", "100%").unwrap();
    assert!(matches!(once(2).await, Err(Error::Timeout { .. })));
    assert_eq!(runs(), 1);
    function.set("chaos.hang", "off").unwrap();
    function.set("chaos.delay", "100%").unwrap();
    function.set("chaos.delay_for", "700ms").unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(once(3).await.unwrap(), 2);
    assert!(began.elapsed() >= Duration::from_millis(700));
    function.set("chaos.delay_for", "3s").unwrap();
    assert!(matches!(once(4).await, Err(Error::Timeout { .. })));
    function.off("chaos").unwrap();
    assert!(once(5).await.is_ok());
    function.clear().unwrap();
}

#[timeout(1s)]
async fn panics() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    control()
        .function(path("panics"))
        .set("chaos.panic", "100%")
        .unwrap();
    let call = tokio::spawn(panics()).await.unwrap_err().into_panic();
    let text = call.downcast::<String>().unwrap();
    assert_eq!(
        *text,
        format!("resil injected a panic into `{}`", path("panics"))
    );
    control().function(path("panics")).clear().unwrap();
}

static BLOCKING: AtomicU32 = AtomicU32::new(0);

#[retry(constant, max = 3, base = 1us, budget = off)]
#[circuit(failures = 1000)]
fn blocking() -> Result<(), Error> {
    BLOCKING.fetch_add(1, Relaxed);
    Ok(())
}

#[retry(max = 2, base = 1us)]
fn bare() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[test]
fn a_function_that_is_not_async_gets_those_that_it_can_have() {
    blocking().unwrap();
    bare().unwrap();
    BLOCKING.store(0, Relaxed);
    let function = control().function(path("blocking"));
    let refused = function.set("chaos.hang", "1%").unwrap_err().to_string();
    let all = path("blocking");
    assert_eq!(
        refused,
        format!(
            "by hand: `function.\"{all}\".chaos.hang`: `{all}` is not async: nothing could end a run that hangs\nhelp: write `delay`, `error` or `panic` for it"
        )
    );
    function.set("chaos.error", "100%").unwrap();
    assert!(matches!(blocking(), Err(Error::Injected { .. })));
    assert_eq!(BLOCKING.load(Relaxed), 0);
    function.set("chaos.error", "off").unwrap();
    function.set("chaos.panic", "100%").unwrap();
    assert!(std::panic::catch_unwind(AssertUnwindSafe(blocking)).is_err());
    function.clear().unwrap();
    blocking().unwrap();
    let refused = control()
        .function(path("bare"))
        .set("chaos.error", "1%")
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(
            "has no `From<resil::Error>`, so no error can be injected into it\nhelp: write `delay`"
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn shares_of_more_than_all_are_refused() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    replayed(0).await.unwrap();
    let text = format!(
        "[function.\"{}\".chaos]\nerror = \"60%\"\nhang = \"50%\"\n",
        path("replayed")
    );
    let refused = control()
        .load_text(Path::new("chaos.toml"), &text)
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        format!(
            "chaos.toml:3: `function.\"{}\".chaos.hang`: the shares are 110% together\nhelp: write shares of 100% or less together",
            path("replayed")
        )
    );
    let refused = control()
        .load_text(Path::new("chaos.toml"), "[chaos]\nerorr = 3\n")
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "chaos.toml:2: `chaos.erorr`: `chaos` has no option `erorr`\nhelp: did you mean `error`? write `error = \"3%\"`"
    );
}

#[circuit(name = "chaos.by_name")]
async fn named() -> Result<(), Error> {
    Ok(())
}

#[test]
fn faults_are_in_the_environment_by_function_and_by_name() {
    let mut child = alone::alone("read_from_the_environment", "read it");
    child.env("RESIL_CHAOS_BY_NAME_CHAOS_ERROR", "100%");
    child.env("RESIL_CHAOS_BESIDE_CHAOS_ERROR", "100%");
    alone::passes(child);
}

#[tokio::test]
async fn read_from_the_environment() {
    if !alone::does("read it") {
        return;
    }
    assert!(matches!(beside().await, Err(Error::Injected { .. })));
    assert!(matches!(named().await, Err(Error::Injected { .. })));
    assert_eq!(control().unused(), []);
}
