//! Unit tests: what is kept, for which types, and up to which bound.

mod model;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use super::last_ok::{Keepable, LastOkKey, LastOkPolicy, LastOkSite, last_ok};
use super::value::FallbackValue;
use super::values::Tables;
use crate::call::{Failure, Outcome, Site};
use crate::event::ErrorText;

type Out<T> = Outcome<T, &'static str, std::convert::Infallible>;

/// One call of a function whose layers inside end with `out`.
fn call<T: Keepable>(
    site: &'static LastOkSite,
    policy: &LastOkPolicy,
    key: Option<&LastOkKey>,
    out: Out<T>,
) -> Out<T> {
    static AT: Site = Site::new("fallback.tests", 1);
    let of = last_ok::<Result<T, &'static str>, _, _>();
    let caller = (&AT, None);
    site.last_ok(
        (policy, key),
        out,
        &of,
        caller,
        |_| true,
        |_| ErrorText::Nothing,
    )
}

fn lost<T>() -> Out<T> {
    Err(Failure::Body("lost"))
}

#[test]
fn the_key_with_the_oldest_value_makes_room() {
    let table = Tables::new();
    let values = table.of::<u32>();
    for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
        values.keep(key, value, None, 3);
    }
    // It is the youngest now.
    values.keep("a", 4, None, 3);
    values.keep("d", 5, None, 3);
    let get = |key| values.get(key).map(|(value, _)| *value);
    assert_eq!(
        ["a", "b", "c", "d"].map(get),
        [Some(4), None, Some(3), Some(5)]
    );
    assert_eq!(values.len(), 3);
}

/// A success writes over the value before it, in place, unless somebody is about to clone that.
#[test]
fn a_value_in_hand_is_not_written_over() {
    let table = Tables::new();
    let values = table.of::<String>();
    values.keep("", "first".to_owned(), None, 1);
    let (in_hand, _) = values.get("").unwrap();
    values.keep("", "second".to_owned(), None, 1);
    values.keep("", "third".to_owned(), None, 1);
    assert_eq!(*in_hand, "first");
    assert_eq!(*values.get("").unwrap().0, "third");
    assert_eq!(values.len(), 1);
}

#[test]
fn d16_a_hundred_thousand_keys_take_no_more_room_than_the_bound() {
    let table = Tables::new();
    for n in 0..100_000_u32 {
        table.of::<u32>().keep(&n.to_string(), n, None, 100);
    }
    assert_eq!(table.of::<u32>().len(), 100);
}

#[test]
fn each_success_type_has_values_of_its_own() {
    let table = Tables::new();
    table.of::<u32>().keep("a", 1, None, 9);
    table.of::<String>().keep("a", "one".to_owned(), None, 9);
    assert_eq!(table.of::<u32>().get("a").map(|(value, _)| *value), Some(1));
    let text = table.of::<String>().get("a").map(|(value, _)| value);
    assert_eq!(text.as_deref().map(String::as_str), Some("one"));
    assert!(table.of::<u8>().get("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_value_serves_up_to_its_age_and_no_longer() {
    static AT: Site = Site::new("fallback.age", 1);
    static SITE: LastOkSite = LastOkSite::new(&AT);
    let policy = LastOkPolicy::new().max_age(Duration::from_secs(60));
    let call = |out| call(&SITE, &policy, None, out);
    assert!(call(lost()).is_err());
    assert_eq!(call(Ok(7)).ok(), Some(7));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(call(lost()).ok(), Some(7));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(matches!(call(lost()), Err(Failure::Body("lost"))));
    // What a fallback gave is not good news: its age goes on.
    assert_eq!(call(Ok(8)).ok(), Some(8));
    assert_eq!(call(lost()).ok(), Some(8));
}

#[test]
fn values_are_cloned_and_dropped_with_no_lock_held() {
    static AT: Site = Site::new("fallback.reenters", 1);
    static SITE: LastOkSite = LastOkSite::new(&AT);
    static RAN: AtomicU32 = AtomicU32::new(0);
    const POLICY: LastOkPolicy = LastOkPolicy::new().max_keys(1);

    /// Looks into the table whenever it is cloned or dropped.
    struct Reenters;
    impl Reenters {
        fn look() {
            RAN.fetch_add(1, Relaxed);
            // Under the lock this would never return.
            assert!(call::<Self>(&SITE, &POLICY, None, lost()).is_err());
        }
    }
    impl Clone for Reenters {
        fn clone(&self) -> Self {
            Self::look();
            Self
        }
    }
    impl Drop for Reenters {
        fn drop(&mut self) {
            Self::look();
        }
    }

    let key = |text: &str| Some(LastOkKey::of(text));
    for text in ["a", "a", "b"] {
        let key = key(text);
        assert!(call(&SITE, &POLICY, key.as_ref(), Ok(Reenters)).is_ok());
    }
    let key = key("b");
    assert!(call::<Reenters>(&SITE, &POLICY, key.as_ref(), lost()).is_ok());
    assert!(RAN.load(Relaxed) > 4);
}

#[test]
fn a_value_is_the_result_or_the_success() {
    fn result<T, E>(value: impl FallbackValue<T, E>) -> Result<T, E> {
        value.into_result()
    }
    assert_eq!(result::<u8, &str>(7), Ok(7));
    assert_eq!(result::<u8, &str>(Ok(7)), Ok(7));
    assert_eq!(result::<u8, &str>(Err("lost")), Err("lost"));
    let nested: Result<Result<u8, &str>, u16> = result(Ok::<u8, &str>(7));
    assert_eq!(nested, Ok(Ok(7)));
}
