//! LANGUAGE.md, section 6: a breaker and a budget without a name are those of one `Self` type. One
//! that fails takes nothing from another that uses the same default method, or the same `impl<T>`.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use crate::support::{Events, Fault, Record};
use resil::event::StopReason;
use resil::{CircuitState, Error, breaker, circuit, registry, retry};

struct Sound;
struct Broken;

trait Host {
    const DOWN: bool;

    fn ask(r: &Record) -> Result<u32, Fault> {
        let n = r.attempt();
        if Self::DOWN {
            Err(Fault::Network(n))
        } else {
            Ok(n)
        }
    }
}
impl Host for Sound {
    const DOWN: bool = false;
}
impl Host for Broken {
    const DOWN: bool = true;
}

fn is_open<T>(out: &Result<T, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. })))
}

/// What the breaker is called that refuses.
fn refused_by<T: std::fmt::Debug>(out: Result<T, Fault>) -> &'static str {
    match out {
        Err(Fault::Resil(Error::CircuitOpen { name, .. })) => name,
        other => panic!("not refused: {other:?}"),
    }
}

/// Fails until the breaker is open.
async fn open<T: std::fmt::Debug>(call: impl AsyncFn() -> Result<T, Fault>) -> &'static str {
    for _ in 0..5 {
        assert!(!is_open(&call().await));
    }
    refused_by(call().await)
}

trait Shop: Host {
    #[circuit]
    async fn visit(&self, r: &Record) -> Result<u32, Fault> {
        Self::ask(r)
    }
}
impl Shop for Sound {}
impl Shop for Broken {}

#[tokio::test(start_paused = true)]
async fn one_that_fails_does_not_open_the_breaker_of_another() {
    let r = Record::new();
    assert!(Sound.visit(&r).await.is_ok());
    let name = open(async || Broken.visit(&r).await).await;
    // The first one that is called bears the function's name, the others say their type.
    assert_eq!(
        name,
        "<circuit::per_type::Broken as circuit::per_type::Shop>::visit"
    );
    assert!(Sound.visit(&r).await.is_ok());
    assert_eq!(
        breaker("circuit::per_type::visit").state(),
        CircuitState::Closed
    );
    assert_eq!(breaker(name).state(), CircuitState::Open);
    let all = registry().snapshot();
    let names: BTreeSet<_> = all.iter().map(|b| b.name).collect();
    assert!(names.contains("circuit::per_type::visit") && names.contains(name));
    breaker(name).reset();
    assert!(!is_open(&Broken.visit(&r).await));
}

#[async_trait::async_trait]
trait DynShop: Send + Sync {
    fn down(&self) -> bool;

    #[circuit]
    #[retry(max = 1)]
    async fn visit_dyn(&self, r: &Record) -> Result<u32, Fault> {
        if self.down() {
            Broken::ask(r)
        } else {
            Sound::ask(r)
        }
    }
}
impl DynShop for Sound {
    fn down(&self) -> bool {
        Self::DOWN
    }
}
impl DynShop for Broken {
    fn down(&self) -> bool {
        Self::DOWN
    }
}

#[tokio::test(start_paused = true)]
async fn nor_in_a_default_method_of_async_trait() {
    let r = Record::new();
    let (broken, sound): (Box<dyn DynShop>, Box<dyn DynShop>) = (Box::new(Broken), Box::new(Sound));
    let name = open(async || broken.visit_dyn(&r).await).await;
    assert_eq!(name, "circuit::per_type::visit_dyn");
    assert!(sound.visit_dyn(&r).await.is_ok());
}

struct Client<T>(PhantomData<T>);

impl<T: Host> Client<T> {
    #[circuit]
    async fn get(r: &Record) -> Result<u32, Fault> {
        T::ask(r)
    }

    #[circuit(key = host)]
    async fn get_from(r: &Record, host: &str) -> Result<u32, Fault> {
        let _ = host;
        T::ask(r)
    }

    #[circuit]
    async fn get_as<U>(r: &Record) -> Result<u32, Fault> {
        T::ask(r)
    }

    #[retry(max = 2, delays = [0ms], budget = (capacity = 10, cost = 5))]
    async fn hasty(r: &Record) -> Result<u32, Fault> {
        T::ask(r)
    }

    #[circuit(name = "per-type.named")]
    async fn named(r: &Record) -> Result<u32, Fault> {
        T::ask(r)
    }
}

#[tokio::test(start_paused = true)]
async fn nor_in_a_method_of_a_generic_impl() {
    let r = Record::new();
    open(async || Client::<Broken>::get(&r).await).await;
    assert!(Client::<Sound>::get(&r).await.is_ok());
    open(async || Client::<Broken>::get_from(&r, "a").await).await;
    assert!(Client::<Sound>::get_from(&r, "a").await.is_ok());
    assert!(!is_open(&Client::<Broken>::get_from(&r, "b").await));
    // What the method itself is generic over is no site of its own.
    open(async || Client::<Broken>::get_as::<u8>(&r).await).await;
    assert!(is_open(&Client::<Broken>::get_as::<u16>(&r).await));
    assert!(Client::<Sound>::get_as::<u8>(&r).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared_by_all_types() {
    let r = Record::new();
    open(async || Client::<Broken>::named(&r).await).await;
    assert!(is_open(&Client::<Sound>::named(&r).await));
}

#[tokio::test(start_paused = true)]
async fn all_instances_of_a_generic_function_are_one_site() {
    #[circuit]
    async fn get<T: Host>(r: &Record) -> Result<u32, Fault> {
        T::ask(r)
    }
    let r = Record::new();
    open(async || get::<Broken>(&r).await).await;
    assert!(is_open(&get::<Sound>(&r).await));
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_is_that_of_one_type() {
    let events = Events::of("circuit::per_type::hasty");
    let r = Record::new();
    for reason in [
        StopReason::Exhausted,
        StopReason::Exhausted,
        StopReason::Budget,
    ] {
        assert!(Client::<Broken>::hasty(&r).await.is_err());
        assert_eq!(events.stop(), Some(reason));
    }
    struct BrokenToo;
    impl Host for BrokenToo {
        const DOWN: bool = true;
    }
    assert!(Client::<BrokenToo>::hasty(&r).await.is_err());
    assert_eq!(events.stop(), Some(StopReason::Exhausted));
    assert!(Client::<Broken>::hasty(&r).await.is_err());
    assert_eq!(events.stop(), Some(StopReason::Budget));
}

/// Each has settings of its own, too: there is no conflict.
#[tokio::test(start_paused = true)]
async fn settings_that_differ_by_type_are_each_ones_own() {
    trait Patience {
        const FAILURES: u32;

        #[circuit(failures = Self::FAILURES)]
        async fn patient(&self, r: &Record) -> Result<u32, Fault> {
            Broken::ask(r)
        }
    }
    struct Long;
    struct Short;
    impl Patience for Long {
        const FAILURES: u32 = 9;
    }
    impl Patience for Short {
        const FAILURES: u32 = 1;
    }
    let r = Record::new();
    assert!(!is_open(&Long.patient(&r).await));
    assert!(!is_open(&Short.patient(&r).await));
    assert!(is_open(&Short.patient(&r).await));
    assert!(!is_open(&Long.patient(&r).await));
    let conflicts = registry().conflicts();
    assert!(
        !conflicts.iter().any(|c| c.name.contains("patient")),
        "{conflicts:?}"
    );
}
