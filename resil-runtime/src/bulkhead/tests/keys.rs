//! A bulkhead for each key, and whose place a new key takes.

use super::*;
use crate::bulkhead::AdaptiveLimit;
use crate::registry::OVERFLOW;

#[test]
fn each_key_has_calls_and_a_limit_of_its_own() {
    let b = of("keys-own", BulkheadPolicy::new().max(1));
    let a = b.key("a").try_acquire().unwrap();
    assert!(b.key("a").try_acquire().is_err());
    assert!(b.key("b").try_acquire().is_ok());
    assert!(b.try_acquire().is_ok());
    b.key("a").set_limit(2);
    assert!(b.key("a").try_acquire().is_ok());
    assert_eq!((b.key("b").limit(), b.limit()), (1, 1));
    drop(a);
    let mut keys: Vec<String> = b.keys().iter().map(|k| k.key().to_owned()).collect();
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn a_new_key_takes_the_place_of_one_that_is_idle_and_never_of_one_that_is_not() {
    let b = of(
        "keys-bound",
        BulkheadPolicy::new().max(1).queue(2).max_keys(2),
    );
    let inside = b.key("inside").try_acquire().unwrap();
    drop(b.key("idle").try_acquire().unwrap());
    drop(b.key("new").try_acquire().unwrap());
    let keys = || {
        let mut keys: Vec<String> = b.keys().iter().map(|k| k.key().to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(), ["inside", "new"]);
    // One that is asked for by a call which waits is held by that call.
    let busy = b.key("new").try_acquire().unwrap();
    assert_eq!(b.key("more").key(), OVERFLOW);
    drop((inside, busy));
    assert_eq!(b.key("more").key(), "more");
}

#[test]
fn one_that_was_changed_goes_after_those_at_rest() {
    let b = of("keys-changed", BulkheadPolicy::new().max(1).max_keys(2));
    b.key("changed").set_limit(5);
    drop(b.key("plain").try_acquire().unwrap());
    drop(b.key("new").try_acquire().unwrap());
    assert_eq!(b.key("changed").limit(), 5);
    b.key("new").set_limit(5);
    drop(b.key("newer").try_acquire().unwrap());
    assert_eq!(b.keys().len(), 2);
}

#[test]
fn keys_learn_by_themselves() {
    let bounds = AdaptiveLimit::new().start(10);
    let b = of("keys-learn", BulkheadPolicy::new().adaptive(bounds));
    b.key("a").try_acquire().unwrap().overloaded();
    assert_eq!(
        (b.key("a").limit(), b.key("b").limit(), b.limit()),
        (9, 10, 10)
    );
}
