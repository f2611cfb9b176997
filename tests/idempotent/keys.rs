//! Keys: which calls have the same one, when it is made, and which function it belongs to.

use resil::idempotency::{IdempotencyError, KeyFault};
use resil::{idempotent, retry, timeout};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::refused;
use super::support::{Fault, Record, ms};

#[derive(Serialize)]
struct Order {
    id: u64,
    customer: Customer,
}

#[derive(Serialize, Clone)]
struct Customer {
    name: String,
    region: Region,
}

#[derive(Serialize, Clone, Copy)]
enum Region {
    North,
    South(u8),
}

impl Order {
    fn new(id: u64, name: &str, region: Region) -> Self {
        let name = name.to_owned();
        Self {
            id,
            customer: Customer { name, region },
        }
    }

    fn reference(&self) -> String {
        format!("order-{}", self.id)
    }
}

/// Functions that say which run of the record's they were, keyed in one way each.
macro_rules! keyed {
    ($($name:ident($($arg:ident: $ty:ty),*) by $key:expr;)*) => {$(
        #[idempotent(key = $key)]
        async fn $name(r: &Record, $($arg: $ty),*) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
    )*};
}

keyed! {
    by_u64(k: u64) by k;
    by_i8(k: i8) by k;
    by_u128(k: u128) by k;
    by_bool(k: bool) by k;
    by_char(k: char) by k;
    by_str(k: &str) by k;
    by_string(k: String) by k;
    by_option(k: Option<u32>) by k;
    by_array(k: [u8; 2]) by k;
    by_slice(k: &[&str]) by k;
    by_tuple(a: &str, b: u32) by (a, "payment", b);
    by_nested_tuple(a: (u8, (u8, String))) by a;
    by_field(o: &Order) by o.id;
    by_deep_field(o: &Order) by o.customer.name;
    by_struct(o: &Order) by o.customer;
    by_enum(region: Region) by region;
    by_method(o: &Order) by o.reference();
    by_block(o: &Order) by { let half = o.id / 2; half };
    by_reference(o: &Order) by &o.id;
    by_boxed(k: Box<str>) by k;
    by_call() by String::from("the only one");
}

#[tokio::test(start_paused = true)]
async fn keys_of_every_kind() {
    let north = |id| Order::new(id, "ann", Region::North);
    let south = |id, n| Order::new(id, "bob", Region::South(n));
    /// One key twice, then one that differs.
    macro_rules! two_keys {
        ($($name:ident: ($($same:expr),*) ($($other:expr),*);)*) => {$(
            let r = Record::new();
            assert_eq!($name(&r, $($same),*).await, Ok(1), stringify!($name));
            assert_eq!($name(&r, $($same),*).await, Ok(1), stringify!($name));
            assert_eq!($name(&r, $($other),*).await, Ok(2), stringify!($name));
            assert_eq!($name(&r, $($same),*).await, Ok(1), stringify!($name));
            assert_eq!(r.count(), 2, stringify!($name));
        )*};
    }
    two_keys! {
        by_u64: (0) (u64::MAX);
        by_i8: (-1) (1);
        by_u128: (u128::MAX) (u128::from(u64::MAX));
        by_bool: (false) (true);
        by_char: ('a') ('b');
        by_str: ("a") ("a ");
        by_string: ("a".into()) ("A".into());
        by_option: (Some(0)) (Some(1));
        by_array: ([1, 2]) ([2, 1]);
        by_slice: (&["a", "b"]) (&["ab"]);
        by_tuple: ("ann", 1) ("ann", 2);
        by_nested_tuple: ((1, (2, "c".into()))) ((1, (2, "d".into())));
        by_field: (&north(1)) (&north(2));
        by_deep_field: (&north(1)) (&south(1, 0));
        by_struct: (&south(1, 1)) (&south(1, 2));
        by_enum: (Region::North) (Region::South(0));
        by_method: (&north(7)) (&north(8));
        by_block: (&north(8)) (&north(10));
        by_reference: (&north(8)) (&north(10));
        by_boxed: ("a".into()) ("b".into());
    }
    // What is no part of the key does not tell calls apart.
    let r = Record::new();
    assert_eq!(by_field(&r, &south(1, 9)).await, Ok(1));
    assert_eq!(r.count(), 0, "the record of the calls above");
    assert_eq!(by_block(&r, &north(9)).await, Ok(1));
    assert_eq!(by_call(&r).await, Ok(1));
    assert_eq!(by_call(&r).await, Ok(1));
}

struct Terminal {
    id: u32,
    runs: u32,
}

impl Terminal {
    #[idempotent(key = self.id)]
    async fn by_self(&self, r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }

    #[idempotent(key = (self.id, order))]
    async fn by_self_and_argument(&mut self, order: u32) -> Result<u32, Fault> {
        self.runs += 1;
        Ok(self.runs * 100 + order)
    }

    #[idempotent(key = self.id)]
    async fn by_owned_self(self) -> Result<u32, Fault> {
        let Self { runs, .. } = self;
        Ok(runs)
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_may_use_self() {
    let r = Record::new();
    let mut one = Terminal { id: 1, runs: 0 };
    let two = Terminal { id: 2, runs: 0 };
    assert_eq!(one.by_self(&r).await, Ok(1));
    assert_eq!(two.by_self(&r).await, Ok(2));
    assert_eq!(one.by_self(&r).await, Ok(1));
    assert_eq!(one.by_self_and_argument(3).await, Ok(103));
    assert_eq!(one.by_self_and_argument(4).await, Ok(204));
    assert_eq!(one.by_self_and_argument(3).await, Ok(103));
    assert_eq!(one.runs, 2);
    let own = |runs| Terminal { id: 1, runs };
    assert_eq!(own(5).by_owned_self().await, Ok(5));
    assert_eq!(own(6).by_owned_self().await, Ok(5));
}

#[tokio::test(start_paused = true)]
async fn q13_none_and_the_empty_string_are_errors_and_not_shared_keys() {
    #[idempotent(key = (user, "payment", note), name = "keyless")]
    async fn keyless(r: &Record, user: &str, note: Option<u32>) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[track_caller]
    fn invalid(out: Result<u32, Fault>) -> (u32, KeyFault) {
        match refused(out) {
            IdempotencyError::InvalidKey { part, reason, .. } => (part, reason),
            other => panic!("{other:?}"),
        }
    }
    let missing = |part| (part, KeyFault::Missing);
    let r = Record::new();
    assert_eq!(invalid(by_str(&r, "").await), missing(1));
    assert_eq!(invalid(by_string(&r, String::new()).await), missing(1));
    assert_eq!(invalid(by_boxed(&r, "".into()).await), missing(1));
    assert_eq!(invalid(by_option(&r, None).await), missing(1));
    assert_eq!(invalid(keyless(&r, "", Some(1)).await), missing(1));
    assert_eq!(invalid(keyless(&r, "ann", None).await), missing(3));
    let long = "x".repeat(1 << 20);
    assert_eq!(invalid(by_str(&r, &long).await), (1, KeyFault::TooLong));
    assert_eq!(r.count(), 0, "nothing ran");
    assert_eq!(keyless(&r, "ann", Some(0)).await, Ok(1));
    let e = keyless(&r, "ann", None).await.unwrap_err().to_string();
    assert!(e.starts_with("`keyless`: part 3 of the"), "{e}");
}

// When the key is made.

#[tokio::test(start_paused = true)]
async fn the_key_is_evaluated_once_per_call_on_entry_wherever_the_attribute_stands() {
    struct Log(std::sync::Mutex<Vec<&'static str>>);
    impl Log {
        fn note<T>(&self, what: &'static str, value: T) -> T {
            self.0.lock().unwrap().push(what);
            value
        }
        fn take(&self) -> Vec<&'static str> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }
    #[timeout(log.note("limit", ms(1_000)))]
    #[retry(max = 3, base = 1ms)]
    #[idempotent(key = log.note("key", k), fingerprint = log.note("fingerprint", k))]
    async fn innermost(log: &Log, k: u32) -> Result<(), Fault> {
        log.note("body", Err(Fault::Final))
    }
    #[idempotent(key = log.note("key", k), fingerprint = log.note("fingerprint", k))]
    #[timeout(log.note("limit", ms(1_000)))]
    #[retry(max = 3, base = 1ms)]
    async fn outermost(log: &Log, k: u32) -> Result<(), Fault> {
        log.note("body", Err(Fault::Final))
    }
    let log = Log(Vec::new().into());
    let expected = ["key", "fingerprint", "limit", "body", "body", "body"];
    assert_eq!(innermost(&log, 1).await, Err(Fault::Final));
    assert_eq!(log.take(), expected);
    assert_eq!(outermost(&log, 1).await, Err(Fault::Final));
    assert_eq!(log.take(), expected);
    // Also when it is the one to refuse, and not before the call is polled.
    drop(outermost(&log, 1));
    assert_eq!(log.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_body_may_change_or_move_what_its_key_was_made_of() {
    #[idempotent(key = (order.id, list[0]))]
    async fn moves(r: &Record, order: Order, list: &mut [u8]) -> Result<u64, Fault> {
        r.attempt();
        list[0] = 9;
        let Order { id, .. } = order;
        Ok(id)
    }
    let r = Record::new();
    let order = || Order::new(4, "ann", Region::North);
    assert_eq!(moves(&r, order(), &mut [1]).await, Ok(4));
    assert_eq!(moves(&r, order(), &mut [1]).await, Ok(4));
    assert_eq!(r.count(), 1);
}

// Scope.

mod left {
    use super::{Fault, Record, idempotent};
    #[idempotent(key = k)]
    pub(super) async fn same_name(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(name = "shared-scope", key = k)]
    pub(super) async fn one(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
}
mod right {
    use super::{Fault, Record, idempotent};
    #[idempotent(key = k)]
    pub(super) async fn same_name(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(name = "shared-scope", key = k)]
    pub(super) async fn two(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
}

#[tokio::test(start_paused = true)]
async fn keys_belong_to_the_site_unless_a_name_is_shared() {
    let r = Record::new();
    assert_eq!(left::same_name(&r, 1).await, Ok(1));
    assert_eq!(right::same_name(&r, 1).await, Ok(2));
    assert_eq!(left::one(&r, 1).await, Ok(3));
    assert_eq!(right::two(&r, 1).await, Ok(3));
    // Two of one path: the line tells them apart.
    let first = {
        #[idempotent(key = String::from("the only one"))]
        async fn local(r: &Record) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
        local(&r).await
    };
    let second = {
        #[idempotent(key = String::from("the only one"))]
        async fn local(r: &Record) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
        local(&r).await
    };
    assert_eq!((first, second), (Ok(4), Ok(5)));
}

/// Methods of one path and one line.
macro_rules! clients {
    ($($client:ident)*) => {$(
        struct $client;
        impl $client {
            #[idempotent(key = k)]
            async fn pay(&self, r: &Record, k: u32) -> Result<u32, Fault> {
                Ok(r.attempt())
            }
        }
    )*};
}
clients!(Here There);

#[tokio::test(start_paused = true)]
async fn functions_that_one_macro_made_share_no_keys() {
    let r = Record::new();
    assert_eq!(Here.pay(&r, 1).await, Ok(1));
    assert_eq!(There.pay(&r, 1).await, Ok(2));
    assert_eq!(Here.pay(&r, 1).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn the_types_of_a_generic_function_are_part_of_the_scope_its_result_too() {
    #[idempotent(key = k)]
    async fn fetch<A, T>(r: &Record, k: u32, _: A) -> Result<T, Fault>
    where
        A: Send + Sync,
        T: From<u8> + Serialize + DeserializeOwned + Send,
    {
        r.attempt();
        Ok(T::from(7))
    }
    let r = Record::new();
    assert_eq!(fetch::<_, u32>(&r, 1, "").await, Ok(7_u32));
    assert_eq!(fetch::<_, u64>(&r, 1, "").await, Ok(7_u64));
    assert_eq!(r.count(), 2, "another result, another key");
    assert_eq!(fetch::<_, u64>(&r, 1, 0_u8).await, Ok(7_u64));
    assert_eq!(r.count(), 3, "another type, another key");
    assert_eq!(fetch::<_, u64>(&r, 1, 9_u8).await, Ok(7_u64));
    assert_eq!(r.count(), 3, "the same types, the same key");
}
