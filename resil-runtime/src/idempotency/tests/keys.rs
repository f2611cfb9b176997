//! What makes one key, and what makes another.

#![expect(
    clippy::needless_pass_by_value,
    reason = "each key is made for one look at it"
)]

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use serde::Serialize;

use super::*;
use crate::error::idempotency::Cause;

#[derive(Serialize)]
struct OrderId(String);

#[derive(Serialize)]
struct Params {
    note: Option<String>,
    text: &'static str,
}

fn bytes(key: PreparedKey) -> Vec<u8> {
    key.parts().expect("a key").to_vec()
}

#[track_caller]
fn fault(key: PreparedKey) -> (u32, KeyFault) {
    match key.parts() {
        Err(Cause::InvalidKey(part, fault)) => (part, fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn q13_none_and_the_empty_string_are_no_keys() {
    // powertools-lambda-python 2465: a missing key made unrelated calls share one record.
    let none: Option<u64> = None;
    assert_eq!(fault(key("")), (1, KeyFault::Missing));
    assert_eq!(fault(key(&none)), (1, KeyFault::Missing));
    assert_eq!(fault(key(&Some(""))), (1, KeyFault::Missing));
    assert_eq!(fault(key(&Some(none))), (1, KeyFault::Missing));
    assert_eq!(fault(key(&())), (1, KeyFault::Missing));
    assert_eq!(fault(KeyBuilder::new().finish()), (1, KeyFault::Missing));
    let parts = KeyBuilder::new().part("a").part(&none).part("");
    assert_eq!(fault(parts.finish()), (2, KeyFault::Missing));
    // A tuple in a value is a list of parts too, and a newtype is what it holds.
    assert_eq!(fault(key(&(1, none))), (1, KeyFault::Missing));
    assert_eq!(fault(key(&OrderId(String::new()))), (1, KeyFault::Missing));
    // An array is a tuple, and its elements are parts; those of a list are data.
    assert_eq!(fault(key(&[""])), (1, KeyFault::Missing));
    // Inside plain data both are values.
    bytes(key(&Params {
        note: None,
        text: "",
    }));
    bytes(key(&vec![""]));
}

#[test]
fn q13_an_empty_list_or_map_is_no_key_by_itself_and_data_beside_others() {
    let (list, map) = (Vec::<u8>::new(), HashMap::<u8, u8>::new());
    assert_eq!(fault(key(&list)), (1, KeyFault::Missing));
    assert_eq!(fault(key(&map)), (1, KeyFault::Missing));
    assert_eq!(fault(key(&Some(Some(&list)))), (1, KeyFault::Missing));
    assert_eq!(fault(key(&[""; 0])), (1, KeyFault::Missing));
    bytes(KeyBuilder::new().part("user").part(&list).finish());
    bytes(KeyBuilder::new().part(&map).part("user").finish());
    bytes(key(&vec![list]));
}

#[test]
fn what_is_equal_is_one_key() {
    assert_eq!(bytes(key("a")), bytes(key(&String::from("a"))));
    assert_eq!(bytes(key(&1u8)), bytes(key(&1i64)));
    assert_eq!(bytes(key(&0.0)), bytes(key(&-0.0)));
    let map = |keys: &[u32]| {
        let mut map = HashMap::new();
        map.extend(keys.iter().map(|k| (*k, "v")));
        bytes(key(&map))
    };
    let many: Vec<u32> = (0..100).collect();
    let reversed: Vec<u32> = (0..100).rev().collect();
    assert_eq!(map(&many), map(&reversed));
}

#[test]
fn a_long_key_is_one_key_too_and_its_bytes_are_those_of_a_list_of_tagged_values() {
    // Pinned: the hash of these bytes is a key in databases.
    let text = |text: &str| {
        let len = (text.len() as u64).to_le_bytes();
        [&[9], &len[..], text.as_bytes()].concat()
    };
    for len in [1, 60, 82, 83, 84, 85, 200, 5_000] {
        let long = "x".repeat(len);
        assert_eq!(bytes(key(&long)), text(&long), "{len}");
        let two = KeyBuilder::new().part(&long).part(&7u8).finish();
        let seven = [&[6], &7u128.to_le_bytes()[..]].concat();
        assert_eq!(bytes(two), [text(&long), seven].concat(), "{len}");
    }
}

#[test]
fn a_set_is_one_key_however_it_was_filled() {
    // After powertools-lambda-typescript 2570: each `HashSet` has an order of its own.
    #[derive(Serialize)]
    struct Tags(HashSet<u32>);
    #[derive(Serialize)]
    struct Request {
        id: u32,
        tags: HashSet<u32>,
        may: Option<HashSet<u32>>,
        held: Box<Mutex<HashSet<u32>>>,
        by_user: HashMap<u32, HashSet<u32>>,
        rows: Vec<(u8, Box<Tags>)>,
        kind: Kind,
    }
    #[derive(Serialize)]
    enum Kind {
        All(HashSet<u32>),
        These { set: HashSet<u32> },
    }
    let set = || (0..50).collect::<HashSet<u32>>();
    let request = |kind: fn(HashSet<u32>) -> Kind| Request {
        id: 7,
        tags: set(),
        may: Some(set()),
        held: Box::new(Mutex::new(set())),
        by_user: (0..9).map(|user| (user, set())).collect(),
        rows: vec![(1, Box::new(Tags(set()))), (2, Box::new(Tags(set())))],
        kind: kind(set()),
    };
    for kind in [Kind::All, |set| Kind::These { set }] {
        let (a, b) = (request(kind), request(kind));
        assert!(bytes(key(&a)) == bytes(key(&b)));
    }
    let (a, b) = (set(), set());
    assert!(bytes(key(&a)) == bytes(key(&b)));
    assert!(bytes(key(&(&a, 1))) == bytes(key(&(&b, 1))));
    assert!(bytes(key(&Tags(a))) == bytes(key(&Tags(b))));
    // A set of other elements is another key, and a list has an order.
    let short: HashSet<u32> = (0..49).collect();
    assert_ne!(bytes(key(&short)), bytes(key(&set())));
    assert_ne!(bytes(key(&vec![1, 2])), bytes(key(&vec![2, 1])));
}

/// Where serde hands a set on to the same serializer, the type that the key was given hides it.
#[test]
fn a_set_that_serde_hands_on_is_one_key_too() {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Tags(HashSet<u32>);
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        All(HashSet<u32>),
        These { set: Tags },
    }
    #[derive(Serialize)]
    #[serde(tag = "kind", content = "set")]
    enum Adjacent {
        All(HashSet<u32>),
        These(Tags),
    }
    #[derive(Serialize)]
    struct With {
        #[serde(serialize_with = "on")]
        set: HashSet<u32>,
    }
    fn on<S: serde::Serializer>(set: &HashSet<u32>, to: S) -> Result<S::Ok, S::Error> {
        set.serialize(to)
    }
    fn is_one<P: Serialize>(make: impl Fn(HashSet<u32>) -> P) {
        let set = || (0..50).collect::<HashSet<u32>>();
        let (a, b) = (make(set()), make(set()));
        assert!(bytes(key(&a)) == bytes(key(&b)));
    }
    is_one(Tags);
    is_one(|set| vec![Some(Tags(set))]);
    is_one(Untagged::All);
    is_one(|set| Untagged::These { set: Tags(set) });
    is_one(Adjacent::All);
    is_one(|set| Adjacent::These(Tags(set)));
    is_one(|set| With { set });
    // It is the key of the set itself.
    let set: HashSet<u32> = (0..50).collect();
    let itself = bytes(key(&set));
    assert!(bytes(key(&Tags(set))) == itself);
}

#[test]
fn what_differs_is_another_key() {
    #[derive(Serialize)]
    enum E {
        A,
        B(u8),
        C { x: u8 },
    }
    let two = |a: &str, b: &str| bytes(KeyBuilder::new().part(a).part(b).finish());
    let all = [
        two("ab", "c"),
        two("a", "bc"),
        bytes(key("abc")),
        bytes(key("1")),
        bytes(key(&1)),
        bytes(key(&-1)),
        bytes(key(&1.0)),
        bytes(key(&true)),
        bytes(key(&Some(1))),
        bytes(key(&(1, 2))),
        bytes(key(&((1, 2), 3))),
        bytes(key(&(1, (2, 3)))),
        bytes(KeyBuilder::new().part(&1).part(&2).finish()),
        bytes(key(&u128::MAX)),
        bytes(key(&i128::MIN)),
        bytes(key(&f64::NAN)),
        bytes(key(&f64::INFINITY)),
        bytes(key(&E::A)),
        bytes(key(&E::B(1))),
        bytes(key(&E::C { x: 1 })),
        bytes(key("A")),
    ];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
            // No key is the beginning of another one's single part.
            assert!(i == j || !b.starts_with(a) || [12].contains(&j), "{i} {j}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_key_is_refused_and_runs_nothing() {
    struct Never;
    impl Serialize for Never {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("card 4242"))
        }
    }
    let (store, heard) = (store(), listen());
    for (bad, reason) in [
        (key(""), KeyFault::Missing),
        (key(&Never), KeyFault::NotSerialisable),
        (key(&"x".repeat(70_000)), KeyFault::TooLong),
    ] {
        let answer: Answered<u8> = call(store, &PLAIN, bad, async { panic!() }).await;
        let expected = IdempotencyError::InvalidKey {
            name: "shop::charge",
            part: 1,
            reason,
        };
        assert_eq!(refused(answer), expected);
    }
    assert_eq!(heard.take(), [IdempotencyEvent::InvalidKey; 3]);
    let fingerprint = Some(PreparedFingerprint::of(&Never));
    let answer: Answered<u8> =
        stack(store, &PLAIN, key("a"), fingerprint, async |_, _| panic!()).await;
    let e = refused(answer);
    assert!(matches!(e, IdempotencyError::InvalidFingerprint { .. }));
    assert_eq!(store.held(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_result_type_is_part_of_the_scope() {
    // All instances of a generic function are one site.
    let store = store();
    assert_eq!(
        call(store, &PLAIN, key("a"), async { Ok(1u8) }).await,
        Ok(1)
    );
    assert_eq!(
        call(store, &PLAIN, key("a"), async { Ok(2u16) }).await,
        Ok(2)
    );
    assert_eq!(
        call(store, &PLAIN, key("a"), async { Ok(3u8) }).await,
        Ok(1)
    );
}

#[tokio::test(start_paused = true)]
async fn q14_a_name_is_shared_and_a_site_is_not() {
    static OTHER: Site = Site::new("shop::refund", 7);
    // As a macro makes them: one path, one line.
    static TWIN: Site = Site::new("shop::charge", 7);
    let store = store();
    let codec = recorded::<Answered<u8>, u8, ShopError>();
    let state = CallState::new();
    let run = async |site: IdempotentSite| {
        let begin = site
            .of(None)
            .begin_in(store, &PLAIN, key("a"), None, codec, &state);
        match begin.await {
            ClaimOutcome::Run(claim) => {
                let done =
                    claim.run(async { wrap_body(Ok(1), conversions::<Answered<u8>, _, _>()) });
                done.await.unwrap();
                "ran"
            }
            ClaimOutcome::Replay(_) => "replayed",
            ClaimOutcome::Refuse(_) => "refused",
        }
    };
    assert_eq!(run(IdempotentSite::new(&SITE, None)).await, "ran");
    assert_eq!(run(IdempotentSite::new(&SITE, None)).await, "replayed");
    assert_eq!(run(IdempotentSite::new(&OTHER, None)).await, "ran");
    assert_eq!(run(IdempotentSite::new(&TWIN, None)).await, "ran");
    assert_eq!(run(IdempotentSite::new(&SITE, Some("pay"))).await, "ran");
    assert_eq!(
        run(IdempotentSite::new(&OTHER, Some("pay"))).await,
        "replayed"
    );
}
