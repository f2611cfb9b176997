//! The tables by themselves: each option is read and written, and nothing that somebody writes panics.

use std::time::Duration;

use proptest::prelude::*;

use super::{Given, Named, Table, lists, timeout};
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
#[cfg(feature = "idempotent")]
use crate::idempotency::IdempotentPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;

/// The examples of the options are right, and what is written is read again.
fn hold<P: Named>() {
    let table: &Table<P> = P::TABLE;
    assert_eq!(table.spec.owner, format!("`#[{}]`", P::NAME));
    for setting in table.settings {
        let option = table.spec.option(setting.name).expect(setting.name);
        let example = match option.example {
            "" => Given::Flag(true),
            "[100ms, 1s]" => Given::List(["100ms", "1s"].map(Given::text).into()),
            own if own.starts_with('(') => Given::Table(vec![(
                own[1..].split_once(' ').unwrap().0.to_owned(),
                Given::Number("100".to_owned()),
            )]),
            text => Given::text(text),
        };
        let set = table.set(P::BASE, setting.name, &example);
        assert!(set.is_ok(), "{}: {:?}", setting.name, set.err());
    }
    for (name, value) in table.write(&P::BASE) {
        let again = table.set(P::BASE, name, &value);
        assert!(
            again.is_ok(),
            "{name} = {}: {:?}",
            value.shown(),
            again.err()
        );
    }
}

#[test]
fn each_option_is_read_and_written() {
    hold::<RetryPolicy>();
    hold::<CircuitPolicy>();
    hold::<BulkheadPolicy>();
    hold::<RateLimitPolicy>();
    #[cfg(feature = "hedge")]
    hold::<HedgePolicy>();
    #[cfg(feature = "idempotent")]
    hold::<IdempotentPolicy>();
}

#[test]
fn one_option_is_set_and_the_others_stay() {
    let policy = RetryPolicy::new().max(7);
    let table = RetryPolicy::TABLE;
    let set = table.set(policy, "base", &Given::text("1m30s")).unwrap();
    assert_eq!(set, policy.base(Duration::from_secs(90)));
    let error = table.set(policy, "base", &Given::Number("5".to_owned()));
    assert_eq!(
        error.unwrap_err(),
        "`base` takes a duration, but `5` has no unit\nhelp: write `base = 5s` or `base = 5ms`"
    );
    let error = table.set(policy, "bas", &Given::text("5s")).unwrap_err();
    assert_eq!(
        error,
        "`#[retry]` has no option `bas`\nhelp: did you mean `base`? write `base = 5s`"
    );
    // What an annotated function with a `key` has.
    let keys = CircuitPolicy::TABLE.set(CircuitPolicy::new(), "max_keys", &Given::text("7"));
    assert_eq!(keys.unwrap(), CircuitPolicy::new().max_keys(7));
}

#[test]
fn an_equal_list_is_the_one_that_is_kept() {
    let list = [Duration::from_millis(7), Duration::from_millis(9)];
    let kept = |list: &[Duration]| lists::kept(list).unwrap().as_ptr();
    assert_eq!(kept(&list), kept(&list.clone()));
    assert!(lists::kept(&[Duration::ZERO; 1_001]).is_none());
}

fn spoil<P: Named>(given: &Given) {
    for setting in P::TABLE.settings {
        let _ = P::TABLE.set(P::BASE, setting.name, given);
    }
    let _ = super::read::policy::<P>(given);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,12}|-?[0-9a-z._%+ ()=]{0,16}|p[0-9.]{0,4}(\\(default = [0-9a-z]{0,5}\\))?") {
        for given in [Given::text(&*text), Given::List(vec![Given::text(&*text)])] {
            spoil::<RetryPolicy>(&given);
            spoil::<CircuitPolicy>(&given);
            spoil::<BulkheadPolicy>(&given);
            spoil::<RateLimitPolicy>(&given);
            #[cfg(feature = "hedge")]
            spoil::<HedgePolicy>(&given);
            #[cfg(feature = "idempotent")]
            spoil::<IdempotentPolicy>(&given);
            let _ = timeout::read(&given);
        }
        let named = Given::Table(vec![(text, Given::Flag(true))]);
        spoil::<RetryPolicy>(&named);
        spoil::<CircuitPolicy>(&named);
    }
}
