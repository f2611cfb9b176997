//! Functions of every shape are listed, and none of them need have run.

use std::time::Duration;

use resil::catalog::{CatalogKind, Origin};
use resil::{bulkhead, circuit, fallback, hedge, idempotent, rate_limit, retry, timeout};

use crate::{entry, policy, settings};

type Out = Result<u32, resil::Error>;

const LIMIT: Duration = Duration::from_secs(2);
const POLICY: resil::RetryPolicy = resil::RetryPolicy::new().max(7);

#[retry(linear, max = 4, base = 1s, cap = 3s, jitter)]
#[timeout(800ms)]
async fn plain() -> Result<u32, resil::Error> {
    Ok(1)
}

#[test]
fn a_function_that_never_ran_is_listed() {
    // That of the attribute at which the function is expanded, the outermost one.
    let line = line!() - 9;
    let of = entry("functions::plain");
    assert_eq!(of.kind, CatalogKind::Function);
    assert_eq!(of.file.as_deref(), Some("tests/catalog/functions.rs"));
    assert_eq!(of.line, Some(line));
    assert!(!of.has_run);
    assert_eq!(of.in_flight, Some(0));
    assert_eq!(of.shared_stack, None);
    let [retry, timeout] = of.policies.as_slice() else {
        panic!("{of:?}")
    };
    assert_eq!((&*retry.policy, &*timeout.policy), ("retry", "timeout"));
    assert_eq!(
        retry.words,
        "up to 4 runs; linear waits from 1s, at most 3s, with full jitter"
    );
    assert_eq!(timeout.words, "800ms");
    assert_eq!(
        settings(&of, "retry", Origin::Attribute),
        "strategy = linear, max = 4, base = 1s, cap = 3s, jitter = full"
    );
    assert_eq!(
        settings(&of, "retry", Origin::Default),
        "budget = capacity = 500, cost = 5, refill = 1"
    );
    assert_eq!(settings(&of, "timeout", Origin::Attribute), "limit = 800ms");
    assert_eq!(
        of.decided.as_deref(),
        Some("Whether an error is retried is decided by Classify of resil::Error.")
    );
    drop(plain());
}

/// 4 · 800 ms and 1 + 2 + 3 s; three waits of 3 s where the failed side asks for them.
#[test]
fn the_worst_case_is_that_of_the_docs() {
    let worst = entry("functions::plain").worst_case;
    assert_eq!(worst.attempts, Some(4));
    assert_eq!(worst.time, Some(Duration::from_millis(9_200)));
    assert_eq!(worst.time_if_asked, Some(Duration::from_millis(12_200)));
    assert_eq!(
        worst.words,
        "At worst 4 attempts and about 9.2s in all (12.2s where the failed side asks for longer waits)."
    );
}

#[fallback(Ok(0))]
#[idempotent(key = id, ttl = 1h)]
#[bulkhead(name = "functions.all", max = 4, queue = 2, wait = 100ms)]
#[circuit(name = "functions.all", failure_rate = 50%, window = 20)]
#[rate_limit(max = 100, per = 1s)]
#[retry(max = 3, budget = "functions.all", on(resil::Error::Timeout { .. }))]
#[hedge(after = 50ms, max = 2)]
#[timeout(LIMIT)]
async fn all(id: u32) -> Out {
    Ok(id)
}

#[test]
fn every_policy_tells_its_options_as_they_are_written() {
    let of = entry("functions::all");
    let names: Vec<&str> = of.policies.iter().map(|of| &*of.policy).collect();
    assert_eq!(
        names,
        [
            "fallback",
            "idempotent",
            "bulkhead",
            "circuit",
            "rate_limit",
            "retry",
            "hedge",
            "timeout"
        ]
    );
    let all = names.map_settings(|name| settings(&of, name, Origin::Attribute));
    assert_eq!(
        all,
        [
            "value = Ok(0)",
            "key = id, ttl = 1h",
            "name = \"functions.all\", max = 4, queue = 2, wait = 100ms",
            "name = \"functions.all\", failure_rate = 50%, window = 20",
            "max = 100, per = 1s",
            "max = 3, budget = \"functions.all\", on = resil::Error::Timeout {..}",
            "after = 50ms, max = 2",
            "limit = LIMIT",
        ]
    );
    let all = names.map_settings(|name| settings(&of, name, Origin::Default));
    assert_eq!(
        all,
        [
            "",
            "lease = 30s, conflict = wait, on_abandon = retry, errors = forget, version = 1",
            "",
            "min_calls = 20, open_for = 30s, open_max = 5m, probes = 1",
            "burst = 100, cost = 1",
            "strategy = exponential, base = 100ms, factor = 2, cap = 20s, jitter = full",
            "budget = 10%",
            "",
        ]
    );
    assert_eq!(of.worst_case.attempts, Some(6), "3 attempts of 2 copies");
    assert_eq!(
        of.worst_case.time, None,
        "the limit is no literal, the wait for a key has none"
    );
    drop(all_of_them());
}

fn all_of_them() -> impl Future<Output = Out> {
    all(1)
}

trait MapSettings {
    fn map_settings(&self, f: impl Fn(&str) -> String) -> Vec<String>;
}

impl MapSettings for Vec<&str> {
    fn map_settings(&self, f: impl Fn(&str) -> String) -> Vec<String> {
        self.iter().map(|name| f(name)).collect()
    }
}

#[retry(policy = POLICY)]
async fn by_a_policy() -> Out {
    Ok(1)
}

#[test]
fn what_no_literal_tells_is_unknown() {
    let of = entry("functions::by_a_policy");
    assert_eq!(policy(&of, "retry").words, "as POLICY says");
    assert_eq!(settings(&of, "retry", Origin::Attribute), "policy = POLICY");
    assert_eq!(settings(&of, "retry", Origin::Default), "");
    assert_eq!(of.worst_case.attempts, None);
    assert_eq!(of.worst_case.time, None);
    assert_eq!(
        of.worst_case.words,
        "At worst as many attempts as POLICY allows, each for as long as the body takes, and the waits \
         between them."
    );
    drop(by_a_policy());
}

resil::stack! {
    /// What calls of the provider have in common.
    SHARED =
        #[circuit(name = "functions.shared")]
        #[retry(max = 4)]
        #[timeout(1s)];
}

#[resil::apply(SHARED, retry(max = 2))]
async fn applies() -> Out {
    Ok(1)
}

#[test]
fn a_shared_stack_is_told_by_its_name() {
    let of = entry("functions::applies");
    assert_eq!(of.shared_stack.as_deref(), Some("SHARED"));
    let names: Vec<&str> = of.policies.iter().map(|of| &*of.policy).collect();
    assert_eq!(names, ["circuit", "retry", "timeout"]);
    assert_eq!(settings(&of, "retry", Origin::Attribute), "max = 2");
    assert_eq!(of.worst_case.attempts, Some(2));
    drop(applies());
}

#[retry]
#[circuit(name = "functions.blocking")]
fn blocking() -> Out {
    Ok(3)
}

#[test]
fn a_function_that_is_not_async_is_listed() {
    assert!(!entry("functions::blocking").has_run);
    assert_eq!(blocking().unwrap(), 3);
    let of = entry("functions::blocking");
    assert!(of.has_run);
    assert_eq!(of.policies.len(), 2);
}

#[circuit]
#[timeout(1s)]
async fn generic<T: Send + Copy, const N: usize>(value: T) -> Result<(T, usize), resil::Error> {
    Ok((value, N))
}

#[expect(dead_code, reason = "the linker sees its entry all the same")]
#[circuit]
async fn never_instantiated<T: Send>(value: T) -> Result<T, resil::Error> {
    Ok(value)
}

#[tokio::test(start_paused = true)]
async fn a_generic_function_is_one_entry() {
    assert_eq!(generic::<u8, 3>(1).await.unwrap(), (1, 3));
    assert_eq!(generic::<u16, 4>(2).await.unwrap(), (2, 4));
    let catalog = resil::catalog();
    let all = catalog.functions.iter();
    let all = all.filter(|of| of.function.contains("functions::generic"));
    assert_eq!(all.count(), 1);
    assert!(entry("functions::generic").has_run);
    assert!(!entry("functions::never_instantiated").has_run);
}

struct One;
struct Two;

impl One {
    #[retry]
    async fn ask(&self) -> Out {
        Ok(1)
    }
}

impl Two {
    #[timeout(1s)]
    async fn ask(&self) -> Out {
        Ok(2)
    }
}

/// The one that comes first in the file has the plain name, as no other was shown before.
#[tokio::test(start_paused = true)]
async fn methods_of_one_name_are_told_apart() {
    let catalog = resil::catalog();
    let all = catalog.functions.iter();
    let all = all.filter(|of| of.function.starts_with("catalog::functions::ask"));
    let all: Vec<_> = all
        .map(|of| (of.function.clone(), of.line.unwrap()))
        .collect();
    let [(first, one), (second, two)] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(first, "catalog::functions::ask");
    assert_eq!(*second, format!("catalog::functions::ask:{two}"));
    assert!(one < two);
    drop((One.ask(), Two.ask()));
}

#[async_trait::async_trait]
trait Boxed {
    async fn boxed(&self) -> Out;
}

#[async_trait::async_trait]
impl Boxed for One {
    #[retry]
    #[timeout(1s)]
    async fn boxed(&self) -> Out {
        Ok(1)
    }
}

trait Provided {
    fn number(&self) -> u32;

    #[circuit]
    fn provided(&self) -> impl Future<Output = Out> + Send
    where
        Self: Sync,
    {
        async move { Ok(self.number()) }
    }
}

impl Provided for One {
    fn number(&self) -> u32 {
        1
    }
}

impl Provided for Two {
    fn number(&self) -> u32 {
        2
    }
}

/// A default method has a breaker for each `Self`, and all are in its one entry.
#[tokio::test(start_paused = true)]
async fn methods_of_traits_are_listed() {
    assert_eq!(One.boxed().await.unwrap(), 1);
    assert!(entry("functions::boxed").has_run);
    assert_eq!(One.provided().await.unwrap(), 1);
    assert_eq!(Two.provided().await.unwrap(), 2);
    let of = entry("functions::provided");
    assert!(of.has_run);
    assert_eq!(policy(&of, "circuit").live.len(), 2, "{of:?}");
}

#[test]
fn a_function_inside_a_function_is_listed() {
    fn outer<T: Default>() -> T {
        #[timeout(1s)]
        async fn inner() -> Out {
            Ok(1)
        }
        drop(inner());
        T::default()
    }
    assert_eq!(outer::<u32>(), 0);
    assert!(!entry("functions::inner").has_run);
}

#[retry]
async fn r#async() -> Out {
    Ok(1)
}

#[test]
fn a_raw_name_is_shown_without_its_mark() {
    assert!(!entry("functions::async").has_run);
    drop(r#async());
}

/// All that the linker put into this program, in the order of files and lines.
#[test]
fn the_order_is_that_of_files_and_lines() {
    let catalog = resil::catalog();
    let functions = catalog
        .functions
        .iter()
        .filter(|of| of.kind == CatalogKind::Function);
    let places: Vec<_> = functions.map(|of| (of.file.clone(), of.line)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(places.len() > 10);
}
