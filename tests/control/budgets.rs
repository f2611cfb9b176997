//! Retry budgets whose numbers are set from outside: what pays for retries, and what is shown of it.

use std::path::Path;
use std::sync::PoisonError;

#[cfg(feature = "catalog")]
use resil::catalog::LiveState;
use resil::control::Origin;
use resil::{control, retry};

use crate::{FILE, Failed, Runs};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

/// Returns the tokens and the capacity that the catalog shows of the budgets of a function here, one for each `Self`
/// type, in order.
#[cfg(feature = "catalog")]
fn live(function: &str) -> Vec<(u32, u32)> {
    let catalog = resil::catalog();
    let entry = catalog.get(&path(function)).unwrap();
    let live = entry.policies[0].live.iter().map(|live| match live {
        LiveState::RetryBudget(live) => (live.tokens, live.capacity),
        other => panic!("{other:?}"),
    });
    let mut live: Vec<_> = live.collect();
    live.sort_unstable();
    live
}

/// Returns the tokens that a scrape shows under `name`.
#[cfg(feature = "metrics")]
fn gauge(name: &str) -> Option<u32> {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, resil::metrics::publish);
    let series = format!("resil_budget_tokens{{name=\"{name}\"}} ");
    let seen = recorder.handle().render();
    let found = seen.lines().find_map(|line| line.strip_prefix(&series));
    found.map(|tokens| tokens.parse().unwrap())
}

/// Holds what is shown of the budget of a function here to `tokens` and `capacity`. Its gauge is called
/// `name`.
fn shows(function: &str, name: &str, (tokens, capacity): (u32, u32)) {
    #[cfg(feature = "catalog")]
    assert_eq!(live(function), [(tokens, capacity)], "the catalog");
    #[cfg(feature = "metrics")]
    assert_eq!(gauge(name), Some(tokens), "the gauge");
    let _ = (function, name, tokens, capacity);
}

static PAID: Runs = Runs::new();

#[retry(constant, max = 3, base = 1ms, budget(name = "budgets.paid", capacity = 100, cost = 5, refill = 0))]
async fn paid() -> Result<(), Failed> {
    PAID.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_named_one_pays_by_the_numbers_that_are_set_and_shows_them() {
    let shows = |numbers| shows("paid", "budgets.paid", numbers);
    let name = control().name("budgets.paid");
    let _ = paid().await;
    assert_eq!(PAID.take(), 3);
    shows((90, 100));
    name.set("budget.capacity", "15").unwrap();
    shows((5, 15));
    let _ = paid().await;
    assert_eq!(
        PAID.take(),
        2,
        "ten are spent, and one retry more is paid for"
    );
    shows((0, 15));
    name.clear().unwrap();
    shows((85, 100));
    let _ = paid().await;
    assert_eq!(PAID.take(), 3);
    shows((75, 100));
}

/// What others pay with is not set for one of them.
#[tokio::test(start_paused = true)]
async fn a_named_one_is_set_by_its_name() {
    let of = control().function(path("shared"));
    let _ = shared().await;
    let refused = of.set("retry.budget", "(capacity = 15)").unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "by hand: `function.\"{0}\".retry.budget`: the budget of `{0}` is `budgets.shared`, which others may share\nhelp: write `[name.\"budgets.shared\".budget]`",
            path("shared")
        )
    );
    assert_eq!(SHARED.take(), 2);
    let refused = of.set("retry.budget", "pay").unwrap_err().to_string();
    assert!(
        refused.contains("but it gets its name in the code"),
        "{refused}"
    );
    of.set("retry.budget", "off").unwrap();
    let _ = shared().await;
    assert_eq!(SHARED.take(), 2);
    shared_too().await.unwrap();
    shows("shared_too", "budgets.shared", (1, 5));
    #[cfg(feature = "catalog")]
    assert!(live("shared").is_empty());
    of.clear().unwrap();
    shows("shared", "budgets.shared", (1, 5));
}

static SHARED: Runs = Runs::new();

#[retry(constant, max = 2, base = 1ms, budget(name = "budgets.shared", capacity = 5, cost = 5, refill = 0))]
async fn shared() -> Result<(), Failed> {
    SHARED.count();
    Err(Failed::Failed)
}

#[retry(constant, max = 2, base = 1ms, budget = "budgets.shared")]
async fn shared_too() -> Result<(), Failed> {
    Ok(())
}

static OWN: Runs = Runs::new();

#[retry(constant, max = 3, base = 1ms, budget(capacity = 100, cost = 5, refill = 0))]
async fn own() -> Result<(), Failed> {
    OWN.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn one_of_a_function_pays_by_the_numbers_that_are_set_and_shows_them() {
    let (of, here) = (control().function(path("own")), path("own"));
    let shows = |numbers| shows("own", &here, numbers);
    let _ = own().await;
    assert_eq!(OWN.take(), 3);
    shows((90, 100));
    of.set("retry.budget", "(capacity = 15, cost = 5, refill = 0)")
        .unwrap();
    shows((5, 15));
    let _ = own().await;
    assert_eq!(OWN.take(), 2);
    shows((0, 15));
    // A switch does not touch it.
    of.off("retry").unwrap();
    shows((0, 15));
    let _ = own().await;
    assert_eq!(OWN.take(), 1);
    of.clear().unwrap();
    shows((85, 100));
    let _ = own().await;
    assert_eq!(OWN.take(), 3);
    shows((75, 100));
}

#[retry(constant, max = 2, base = 1s, jitter = none, budget(capacity = 50, cost = 5, refill = 0))]
async fn under_way() -> Result<(), Failed> {
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Err(Failed::Failed)
}

/// A call that began before pays by the numbers of before, and changes nothing of what is shown.
#[tokio::test(start_paused = true)]
async fn what_is_shown_stays_while_calls_end_by_the_numbers_of_before() {
    let of = control().function(path("under_way"));
    let _ = under_way().await;
    let call = tokio::spawn(under_way());
    tokio::task::yield_now().await;
    of.set("retry.budget", "(capacity = 20, cost = 10, refill = 0)")
        .unwrap();
    shows("under_way", &path("under_way"), (15, 20));
    let _ = call.await.unwrap();
    shows("under_way", &path("under_way"), (10, 20));
    of.clear().unwrap();
}

#[retry(constant, max = 2, base = 1ms, budget = off)]
async fn without() -> Result<(), Failed> {
    Err(Failed::Failed)
}

/// The catalog shows the budget that a function has got, and no longer one that was taken from it. A gauge
/// can't be taken back: it shows what is left.
#[tokio::test(start_paused = true)]
async fn one_that_comes_and_goes_is_shown_while_it_is_there() {
    let of = control().function(path("without"));
    let none = || {
        #[cfg(feature = "catalog")]
        assert!(live("without").is_empty());
    };
    let _ = without().await;
    none();
    of.set("retry.budget", "(capacity = 20, cost = 10, refill = 0)")
        .unwrap();
    let _ = without().await;
    shows("without", &path("without"), (10, 20));
    of.clear().unwrap();
    none();

    let (of, here) = (control().function(path("taken")), path("taken"));
    let _ = taken().await;
    shows("taken", &here, (45, 50));
    of.set("retry.budget", "off").unwrap();
    #[cfg(feature = "catalog")]
    assert!(live("taken").is_empty());
    #[cfg(feature = "metrics")]
    assert_eq!(gauge(&here), Some(45));
    of.clear().unwrap();
    shows("taken", &here, (45, 50));
}

#[retry(constant, max = 2, base = 1ms, budget(capacity = 50, cost = 5, refill = 0))]
async fn taken() -> Result<(), Failed> {
    Err(Failed::Failed)
}

trait Shop {
    const CAPACITY: u32;
}
struct Small;
struct Large;
impl Shop for Small {
    const CAPACITY: u32 = 10;
}
impl Shop for Large {
    const CAPACITY: u32 = 1_000;
}

struct Client<S>(std::marker::PhantomData<S>);

impl<S: Shop> Client<S> {
    #[retry(constant, max = 2, base = 1ms, budget(capacity = S::CAPACITY, cost = 5, refill = 0))]
    async fn ask() -> Result<(), Failed> {
        Err(Failed::Failed)
    }
}

/// Each `Self` type has a budget of its own.
#[cfg(feature = "catalog")]
#[tokio::test(start_paused = true)]
async fn each_type_has_its_own_numbers_back() {
    let function = "ask";
    let live = || live(function);
    let _ = Client::<Small>::ask().await;
    let _ = Client::<Large>::ask().await;
    assert_eq!(live(), [(5, 10), (995, 1_000)]);
    let of = control().function(path(function));
    of.set("retry.budget", "(capacity = 100, cost = 10, refill = 0)")
        .unwrap();
    assert_eq!(live(), [(95, 100), (95, 100)]);
    let _ = Client::<Large>::ask().await;
    assert_eq!(live(), [(85, 100), (95, 100)]);
    of.clear().unwrap();
    assert_eq!(live(), [(5, 10), (985, 1_000)]);
}

#[retry(constant, max = 2, base = 1ms, budget(name = "budgets.numbers", capacity = 50, cost = 10, refill = 0))]
async fn numbers() -> Result<(), Failed> {
    Err(Failed::Failed)
}

#[retry(constant, max = 2, base = 1ms, budget = "budgets.numbers")]
async fn numbers_too() -> Result<(), Failed> {
    Ok(())
}

/// Returns the budget in force of a function here, and where it comes from.
fn in_force(function: &str) -> (String, Origin) {
    let all = control().in_force();
    let layer = all.iter().find(|of| of.function == path(function)).unwrap();
    let budget = layer.options.iter().find(|of| of.name == "budget").unwrap();
    (budget.value.clone(), budget.origin.clone())
}

/// A function that names a budget alone has the numbers that another one has given it.
#[tokio::test(start_paused = true)]
async fn what_is_set_of_a_shared_budget_is_set_of_the_numbers_in_use() {
    let _ = numbers().await;
    numbers_too().await.unwrap();
    let name = control().name("budgets.numbers");
    name.set("budget.cost", "2").unwrap();
    assert_eq!(in_force("numbers_too"), in_force("numbers"));
    let (shown, origin) = in_force("numbers_too");
    assert!(
        shown.contains("capacity = 50, cost = 2, refill = 0"),
        "{shown}"
    );
    assert_eq!(origin, Origin::Hand);

    // Who has no budget has no part in them: the file has switched it off.
    let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = Path::new("budgets.toml");
    let text = format!(
        "[function.\"{}\".retry]\nbudget = \"off\"\n",
        path("numbers_too")
    );
    control().load_text(file, &text).unwrap();
    let (shown, origin) = in_force("numbers_too");
    assert_eq!(shown, "off");
    assert!(matches!(origin, Origin::File { .. }), "{origin:?}");
    control().load_text(file, "").unwrap();
    name.clear().unwrap();
}
