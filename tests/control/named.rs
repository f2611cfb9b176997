//! What has a name goes by the settings of its name: breakers, bulkheads, rate limits.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use resil::event::{Event, subscribe};
use resil::{CircuitState, RateLimitPolicy, breaker, bulkhead, circuit, control, rate_limit};

use crate::{FILE, Failed};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[circuit(name = "named.circuit", failures = 2, open_for = 10s)]
async fn guarded(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[circuit(name = "named.circuit", key = host)]
async fn guarded_by(host: &str) -> Result<(), Failed> {
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_circuit_goes_by_what_is_set_for_its_name_with_its_keys() {
    let name = control().name("named.circuit");
    let _ = guarded(false).await;
    let _ = guarded_by("a").await;
    name.circuit(|circuit| circuit.failures(3)).unwrap();
    for n in 0..3 {
        assert_eq!(
            breaker("named.circuit").state(),
            CircuitState::Closed,
            "after {n}: counted anew"
        );
        let _ = guarded(false).await;
        let _ = guarded_by("a").await;
        let _ = guarded_by("b").await;
    }
    let states = || ["a", "b"].map(|key| breaker("named.circuit").key(key).state());
    assert_eq!(breaker("named.circuit").state(), CircuitState::Open);
    assert_eq!(states(), [CircuitState::Open; 2]);
    name.circuit(|circuit| circuit.open_for(ms(1_000))).unwrap();
    assert_eq!(
        breaker("named.circuit").state(),
        CircuitState::Open,
        "it stays open"
    );
    tokio::time::sleep(ms(1_300)).await;
    assert_eq!(guarded(true).await, Ok(()), "no longer than is set");
    name.clear().unwrap();
    let _ = guarded(false).await;
    let _ = guarded(false).await;
    assert_eq!(
        breaker("named.circuit").state(),
        CircuitState::Open,
        "as the attribute says"
    );
}

#[bulkhead(name = "named.told", max = 5)]
async fn told() -> Result<(), Failed> {
    Ok(())
}

#[bulkhead(name = "named.told", key = host)]
async fn told_by(host: &str) -> Result<(), Failed> {
    let _ = host;
    Ok(())
}

#[tokio::test]
async fn a_limit_that_is_set_is_told_as_a_change() {
    let name = control().name("named.told");
    let mut changes = bulkhead("named.told").changes();
    let mut heard = || -> Vec<_> {
        std::iter::from_fn(|| changes.try_next())
            .map(|change| {
                (
                    change.key.as_deref().map(str::to_owned),
                    change.from,
                    change.to,
                )
            })
            .collect()
    };
    let a = || Some("a".to_owned());
    told().await.unwrap();
    told_by("a").await.unwrap();
    assert_eq!(heard(), [], "these are the first ones");
    name.bulkhead(|bulkhead| bulkhead.max(8)).unwrap();
    assert_eq!(heard(), [(None, 5, 8), (a(), 5, 8)]);
    told_by("b").await.unwrap();
    name.bulkhead(|bulkhead| bulkhead.queue(3)).unwrap();
    assert_eq!(heard(), [], "it begins so, and a queue is no limit");
    bulkhead("named.told").key("b").set_limit(9);
    drop(heard());
    name.clear().unwrap();
    assert_eq!(heard(), [(None, 8, 5), (a(), 8, 5)], "the hand's stays");
}

/// It may come back to the name whose settings change: no lock is held.
#[tokio::test]
async fn a_listener_of_such_a_change_may_make_another_one() {
    let changed = Arc::new(AtomicU32::new(0));
    let _heard = subscribe({
        let changed = Arc::clone(&changed);
        move |event| {
            if let Event::BulkheadLimitChanged {
                name: "named.again",
                to,
                ..
            } = event
                && changed.fetch_add(1, SeqCst) == 0
            {
                assert_eq!(*to, 8);
                control()
                    .name("named.again")
                    .bulkhead(|bulkhead| bulkhead.max(9))
                    .unwrap();
            }
        }
    });
    told_again().await.unwrap();
    control()
        .name("named.again")
        .bulkhead(|bulkhead| bulkhead.max(8))
        .unwrap();
    assert_eq!(bulkhead("named.again").limit(), 9);
    assert_eq!(changed.load(SeqCst), 2);
}

#[bulkhead(name = "named.again", max = 5)]
async fn told_again() -> Result<(), Failed> {
    Ok(())
}

#[bulkhead(name = "named.told.first", max = 5)]
async fn told_first() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test]
async fn a_limit_that_is_set_before_the_first_call_is_no_change() {
    let name = control().name("named.told.first");
    name.bulkhead(|bulkhead| bulkhead.max(8)).unwrap();
    let mut changes = bulkhead("named.told.first").changes();
    told_first().await.unwrap();
    assert_eq!(bulkhead("named.told.first").limit(), 8);
    assert_eq!(changes.try_next(), None);
}

#[circuit(name = "named.window", failure_rate = 50%, window = 4)]
async fn rated(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_replaced_under_calls() {
    for n in 0..200_u32 {
        let _ = rated(true).await;
        control()
            .name("named.window")
            .circuit(|c| c.window(resil::Window::Calls(4 + n % 3)))
            .unwrap();
        let _ = rated(n % 7 != 0).await;
        assert_eq!(breaker("named.window").state(), CircuitState::Closed);
    }
    for _ in 0..6 {
        let _ = rated(false).await;
    }
    assert_eq!(breaker("named.window").state(), CircuitState::Open);
}

#[circuit(name = "named.kept", failure_rate = 50%, window = 4)]
async fn kept(ok: bool) -> Result<(), Failed> {
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn what_is_counted_stays_where_nothing_changes() {
    control()
        .name("named.kept")
        .circuit(|circuit| circuit.probes(2))
        .unwrap();
    for n in 0..4 {
        assert_eq!(breaker("named.kept").state(), CircuitState::Closed);
        let _ = kept(n % 2 == 0).await;
        control()
            .name("named.kept.other")
            .circuit(|circuit| circuit.probes(n + 1))
            .unwrap();
        control()
            .name("named.kept")
            .circuit(|circuit| circuit.probes(2))
            .unwrap();
    }
    assert_eq!(breaker("named.kept").state(), CircuitState::Open);
}

#[bulkhead(name = "named.bulkhead", max = 1, queue = 1)]
async fn placed() -> Result<(), Failed> {
    tokio::time::sleep(ms(1_000)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_has_the_places_that_are_set() {
    let name = control().name("named.bulkhead");
    let calls: Vec<_> = (0..3).map(|_| tokio::spawn(placed())).collect();
    tokio::time::sleep(ms(1)).await;
    let of = bulkhead("named.bulkhead");
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

#[rate_limit(name = "named.limit", max = 10, per = 1s)]
async fn limited() -> Result<(), Failed> {
    Ok(())
}

#[rate_limit(name = "named.limit", key = who)]
async fn limited_by(who: &str) -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_counts_on_by_other_numbers() {
    let of = rate_limit("named.limit");
    let name = control().name("named.limit");
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

#[rate_limit(name = "named.turns", max = 1, per = 1s, wait = 5s)]
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
        .name("named.turns")
        .rate_limit(|limit: RateLimitPolicy| limit.max(1_000))
        .unwrap();
    dropped.abort();
    let began = tokio::time::Instant::now();
    waits.await.unwrap().unwrap();
    assert!(began.elapsed() > ms(900), "it waits for its turn");
    in_turn().await.unwrap();
}

trait Ship {
    #[circuit(failures = 3)]
    async fn ship(&self) -> Result<(), Failed> {
        Err(Failed::Failed)
    }
}

struct Boat;
struct Truck;
impl Ship for Boat {}
impl Ship for Truck {}

/// In a default method each `Self` has a breaker of its own: what is set for the method is for all of them, also
/// for one that comes later, and what is set for the name of one is for that one.
#[tokio::test(start_paused = true)]
async fn what_is_set_for_a_method_is_for_the_breakers_of_all_its_types() {
    let path = concat!(module_path!(), "::ship");
    let truck = format!("<{0}::Truck as {0}::Ship>::ship", module_path!());
    let _ = Boat.ship().await;
    let function = control().function(path);
    function.circuit(|circuit| circuit.failures(2)).unwrap();
    let _ = Truck.ship().await;
    let states = || [path, &truck].map(|name| breaker(name).state());
    assert_eq!(states(), [CircuitState::Closed; 2], "counted anew");
    let _ = Boat.ship().await;
    let _ = Boat.ship().await;
    let _ = Truck.ship().await;
    assert_eq!(states(), [CircuitState::Open; 2]);
    function.clear().unwrap();
    for name in [path, &truck] {
        breaker(name).reset();
    }
    let one = control().name(&*truck);
    one.circuit(|circuit| circuit.failures(1)).unwrap();
    let _ = (Boat.ship().await, Truck.ship().await);
    assert_eq!(states(), [CircuitState::Closed, CircuitState::Open]);
    one.clear().unwrap();
}

trait Sail {
    #[circuit(failures = 3)]
    async fn sail(&self) -> Result<(), Failed> {
        Err(Failed::Failed)
    }
}

impl Sail for Boat {}
impl Sail for Truck {}

#[resil::idempotent(name = "named.orders", key = id)]
async fn order(id: u32) -> Result<u32, Failed> {
    Ok(id)
}

/// In which order the tables of a file stand is no matter: what is aimed best wins.
#[tokio::test(start_paused = true)]
async fn what_is_aimed_best_wins_in_whatever_order_it_is_written() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let (boat, truck) = (Boat, Truck);
    let of = |name: &str| format!("{}::{name}", module_path!());
    let name = format!("<{0}::Truck as {0}::Sail>::sail", module_path!());
    let all = format!("[function.\"{}\".circuit]\nfailures = 2\n", of("sail"));
    let one = format!("[name.\"{name}\".circuit]\nfailures = 1\n");
    let own = format!("[function.\"{}\".idempotent]\nttl = \"2s\"\n", of("order"));
    let shared = "[name.\"named.orders\".idempotent]\nttl = \"1s\"\n";
    let _ = (boat.sail().await, truck.sail().await, order(1).await);
    for text in [
        format!("{one}{all}{shared}{own}"),
        format!("{all}{one}{own}{shared}"),
    ] {
        for name in [&of("sail"), &name] {
            breaker(name.as_str()).reset();
        }
        control().load_text(Path::new("aimed.toml"), &text).unwrap();
        let _ = (boat.sail().await, truck.sail().await);
        let states = [&of("sail"), &name].map(|name| breaker(name.as_str()).state());
        assert_eq!(states, [CircuitState::Closed, CircuitState::Open], "{text}");
        let in_force = control().in_force();
        let order = in_force.iter().find(|layer| layer.function == of("order"));
        let ttl = &order.unwrap().options[0];
        let line = text
            .lines()
            .position(|line| line == "ttl = \"2s\"")
            .unwrap()
            + 1;
        let shown = (&*ttl.value, ttl.origin.to_string());
        assert_eq!(shown, ("2s", format!("aimed.toml:{line}")), "{text}");
    }
    control().load_text(Path::new("aimed.toml"), "").unwrap();
}

#[circuit(name = "named.alone")]
#[resil::retry(budget(name = "named.budget"))]
async fn alone() -> Result<(), Failed> {
    Ok(())
}

/// A name is that of a policy: what is set for another one of that name is for nobody.
#[tokio::test(start_paused = true)]
async fn what_is_set_for_another_policy_of_a_name_is_told() {
    alone().await.unwrap();
    let unused = |name: &str| {
        let all = control().unused();
        let mut all = all.iter().filter(|fault| fault.key.contains(name));
        all.next().map(ToString::to_string)
    };
    let [name, budget] = ["named.alone", "named.budget"].map(|name| control().name(name));
    name.set("bulkhead.max", "3").unwrap();
    assert_eq!(
        unused("named.alone").unwrap(),
        "by hand: `name.\"named.alone\".bulkhead.max`: no function that was called gives that name to a `bulkhead`\nhelp: it is the name of a `circuit`"
    );
    name.clear().unwrap();
    name.off("bulkhead").unwrap();
    assert!(unused("named.alone").is_some());
    name.clear().unwrap();
    name.off("circuit").unwrap();
    name.set("circuit.failures", "3").unwrap();
    assert_eq!(unused("named.alone"), None);
    name.clear().unwrap();
    budget.set("circuit.failures", "3").unwrap();
    let told = unused("named.budget").unwrap();
    assert!(told.ends_with("it is the name of a `budget`"), "{told}");
    budget.clear().unwrap();
    budget.set("budget.capacity", "30").unwrap();
    assert_eq!(unused("named.budget"), None);
    budget.clear().unwrap();
}
