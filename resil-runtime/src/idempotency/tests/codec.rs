//! A replay is the value that was recorded, bit for bit, or none at all.

mod tree;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::idempotency::codec::{Bounded, InJson, SerdeFns, to_json};
use NotRecordedReason::{NotEncodable, TooLarge, Unfaithful};
use tree::{Carried, Meters, tree};

/// What came back of a value, or why it was not recorded. As the store in memory writes it and as a
/// codec does, which is given a value without its type: both must agree.
#[track_caller]
fn replayed<V: Serialize + DeserializeOwned>(value: &V) -> Result<V, NotRecordedReason> {
    replayed_within(1 << 20, value)
}

#[track_caller]
fn replayed_within<V>(limit: usize, value: &V) -> Result<V, NotRecordedReason>
where
    V: Serialize + DeserializeOwned,
{
    let fns = InJson::of::<V>();
    let bytes = (fns.encode)(value, limit);
    let mut erased = Bounded::new(limit);
    let done = to_json(&mut erased, value as &dyn erased_serde::Serialize);
    assert_eq!(erased.finish(done.map_err(|e| e.reason())), bytes);
    if let Ok(bytes) = &bytes {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let erased = &mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json);
        assert!(erased_serde::deserialize::<V>(erased).is_ok());
    }
    Ok((fns.decode)(&bytes?).expect("it was recorded"))
}

/// Tells all floats apart that are not NaN.
fn bits<V: Debug>(value: &V) -> String {
    format!("{value:?}")
}

proptest! {
    #[test]
    fn d6_a_replay_is_what_was_recorded_or_none(value in tree()) {
        match replayed(&value) {
            Ok(again) => {
                prop_assert!(value.carried());
                prop_assert_eq!(bits(&again), bits(&value));
            }
            Err(reason) => {
                prop_assert!(!value.carried());
                prop_assert_eq!(reason, Unfaithful);
            }
        }
    }

    #[test]
    fn d6_floats_come_back_bit_for_bit(wide in any::<u64>(), narrow in any::<u32>()) {
        let (wide, narrow) = (f64::from_bits(wide), f32::from_bits(narrow));
        let same = |a: f64| replayed(&a).map(f64::to_bits);
        prop_assert_eq!(same(wide), wide.is_finite().then(|| wide.to_bits()).ok_or(Unfaithful));
        let same = |a: f32| replayed(&a).map(f32::to_bits);
        let expected = narrow.is_finite().then(|| narrow.to_bits()).ok_or(Unfaithful);
        prop_assert_eq!(same(narrow), expected);
        let key = BTreeMap::from([(narrow.to_bits(), Some(wide))]);
        prop_assert_eq!(replayed(&key).is_ok(), wide.is_finite());
    }
}

#[test]
fn d6_what_json_writes_as_null_in_some_is_refused() {
    // One of ten floats came back as its neighbour.
    assert_eq!(
        replayed(&907.303_832_202_868_9_f64),
        Ok(907.303_832_202_868_9)
    );
    assert_eq!(replayed(&Some(())), Err(Unfaithful));
    assert_eq!(replayed(&Some(None::<u8>)), Err(Unfaithful));
    assert_eq!(replayed(&Some(Some(None::<u8>))), Err(Unfaithful));
    assert_eq!(replayed(&Some(f64::NAN)), Err(Unfaithful));
    assert_eq!(replayed(&vec![Some(f32::INFINITY)]), Err(Unfaithful));
    assert!(matches!(replayed(&Some(Meters(()))), Err(Unfaithful)));
    assert_eq!(replayed(&f64::NAN), Err(Unfaithful));
    assert_eq!(
        replayed(&(1, -0.0f64)).map(|v| v.1.is_sign_negative()),
        Ok(true)
    );
    // `null` elsewhere is what it is.
    assert_eq!(replayed(&()), Ok(()));
    assert_eq!(replayed(&None::<()>), Ok(None));
    assert_eq!(replayed(&vec![(), ()]), Ok(vec![(), ()]));
    assert_eq!(replayed(&Some(vec![None::<u8>])), Ok(Some(vec![None])));
    assert_eq!(replayed(&Some(Some(1))), Ok(Some(Some(1))));
    assert_eq!(
        replayed(&Ok::<_, u8>(Some(Err::<u8, _>(())))),
        Ok(Ok(Some(Err(()))))
    );
}

#[test]
fn d6_maps_whose_keys_json_has_none_for_are_refused() {
    let odd = BTreeMap::from([((1, 2), 3)]);
    assert_eq!(replayed(&odd), Err(NotEncodable));
    let none = BTreeMap::from([(None::<u8>, 3)]);
    assert_eq!(replayed(&none), Err(NotEncodable));
    let some = BTreeMap::from([(Some(1u8), 3)]);
    assert_eq!(replayed(&some), Ok(some));
}

#[test]
fn d6_what_is_nested_deeper_than_it_is_read_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Deep {
        End,
        List(Vec<Deep>),
        New(Box<Deep>),
        Two(u8, Box<Deep>),
        Named { inner: Box<Deep> },
        Maybe(Option<Box<Deep>>),
    }
    let nest = |levels: u8, one: fn(Deep) -> Deep| {
        let mut deep = Deep::End;
        for _ in 0..levels {
            deep = one(deep);
        }
        deep
    };
    let two_each: [fn(Deep) -> Deep; 3] = [
        |d| Deep::List(vec![d]),
        |d| Deep::Two(1, Box::new(d)),
        |d| Deep::Named { inner: Box::new(d) },
    ];
    for one in two_each {
        assert_eq!(replayed(&nest(63, one)), Ok(nest(63, one)));
        assert_eq!(replayed(&nest(64, one)), Err(Unfaithful));
    }
    let one_each: [fn(Deep) -> Deep; 2] = [
        |d| Deep::New(Box::new(d)),
        |d| Deep::Maybe(Some(Box::new(d))),
    ];
    for one in one_each {
        assert_eq!(replayed(&nest(127, one)), Ok(nest(127, one)));
        assert_eq!(replayed(&nest(128, one)), Err(Unfaithful));
    }
}

#[test]
fn what_does_not_fit_is_told_as_that() {
    let text = "x".repeat(100);
    assert_eq!(replayed_within(102, &text), Ok(text.clone()));
    assert_eq!(replayed_within(101, &text), Err(TooLarge));
    // Whatever else is wrong with it behind the limit.
    assert_eq!(
        replayed_within(101, &(text, f64::NAN)).err(),
        Some(TooLarge)
    );
}

#[test]
fn what_swallows_the_fault_of_a_part_is_refused_too() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Lax(f64);
    impl Serialize for Lax {
        fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = s.serialize_seq(None)?;
            let _ = seq.serialize_element(&self.0);
            seq.end()
        }
    }
    // Not through a codec: its type erasure panics, which is `NotEncodable`.
    let bytes = (<Lax as Recordable>::fns::<InJson>().encode)(&Lax(f64::NAN), 100);
    assert_eq!(bytes, Err(Unfaithful));
}

#[tokio::test(start_paused = true)]
async fn d6_a_call_whose_result_would_come_back_as_another_gets_not_stored() {
    let (store, heard) = (store(), listen());
    for _ in 0..2 {
        let call = call(store, &PLAIN, key("a"), async { Ok(Some(())) });
        let _ = call.await;
    }
    let expected = [
        IdempotencyEvent::NotRecorded(Unfaithful),
        IdempotencyEvent::NotStored,
    ];
    assert_eq!(heard.take(), expected);
}
