//! LANGUAGE.md, section 6, rule by rule, on paused time: what is one key, who runs, who waits, what
//! is replayed, and what an owner that vanished leaves behind.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod support;

use std::cell::Cell;
use std::fmt::Debug;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resil::event::Event;
use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did, KeyFault};
use resil::{Deadline, Error, idempotent, retry, timeout};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// Why idempotency refused.
#[track_caller]
fn refused<T: Debug>(out: Result<T, Fault>) -> IdempotencyError {
    match out {
        Err(Fault::Resil(Error::Idempotency(e))) => e,
        other => panic!("not refused: {other:?}"),
    }
}

/// What idempotency did in one function.
fn did(events: &Events) -> Vec<Did> {
    let what = |e: &Event| match e {
        Event::Idempotency { what, .. } => Some(*what),
        _ => None,
    };
    events.all().iter().filter_map(what).collect()
}

// What makes one key.

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
    by_literal() by "the only one";
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
    assert_eq!(by_literal(&r).await, Ok(1));
    assert_eq!(by_literal(&r).await, Ok(1));
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
    async fn moves(r: &Record, order: Order, list: &mut Vec<u8>) -> Result<u64, Fault> {
        r.attempt();
        list[0] = 9;
        let Order { id, .. } = order;
        Ok(id)
    }
    let r = Record::new();
    let order = || Order::new(4, "ann", Region::North);
    assert_eq!(moves(&r, order(), &mut vec![1]).await, Ok(4));
    assert_eq!(moves(&r, order(), &mut vec![1]).await, Ok(4));
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
        #[idempotent(key = 1)]
        async fn local(r: &Record) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
        local(&r).await
    };
    let second = {
        #[idempotent(key = 1)]
        async fn local(r: &Record) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
        local(&r).await
    };
    assert_eq!((first, second), (Ok(4), Ok(5)));
}

#[tokio::test(start_paused = true)]
async fn a_generic_function_is_one_site_with_the_type_of_its_result_in_the_scope() {
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
    assert_eq!(r.count(), 2, "the same result, the same key");
}

// Replays.

#[tokio::test(start_paused = true)]
async fn results_of_every_shape_come_back_as_they_were() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Receipt {
        Paid { cents: i64, note: Option<String> },
        Open(f64),
    }
    #[idempotent(key = k)]
    async fn pay(r: &Record, k: u32, out: &Receipt) -> Result<Receipt, Fault> {
        r.attempt();
        Ok(out.clone())
    }
    #[idempotent(key = k)]
    async fn unit(r: &Record, k: u32) -> Result<(), Fault> {
        r.attempt();
        Ok(())
    }
    #[idempotent(key = k)]
    async fn nothing(r: &Record, k: u32) -> Result<Option<u32>, Fault> {
        r.attempt();
        Ok(None)
    }
    let r = Record::new();
    let note = Some("\"Grüße\"\n".into());
    let receipts = [Receipt::Paid { cents: -1, note }, Receipt::Open(0.1)];
    for (k, receipt) in (0..).zip(&receipts) {
        for _ in 0..2 {
            assert_eq!(pay(&r, k, receipt).await.as_ref(), Ok(receipt));
        }
    }
    for _ in 0..2 {
        assert_eq!(unit(&r, 0).await, Ok(()));
        assert_eq!(nothing(&r, 0).await, Ok(None));
    }
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_replayed_for_its_ttl_from_its_recording_on() {
    #[idempotent(key = k, ttl = 10s)]
    async fn for_ten_seconds(r: &Record, k: u32) -> Result<u32, Fault> {
        sleep(ms(4_000)).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(1));
    advance(ms(9_999)).await;
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(1));
    advance(ms(1)).await;
    assert_eq!(for_ten_seconds(&r, 1).await, Ok(2));
    // A day by default.
    assert_eq!(by_u64(&r, 4711).await, Ok(3));
    advance(Duration::from_secs(86_399)).await;
    assert_eq!(by_u64(&r, 4711).await, Ok(3));
    advance(Duration::from_secs(1)).await;
    assert_eq!(by_u64(&r, 4711).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn constants_serve_as_ttl_and_lease() {
    const TTL: Duration = ms(1_000);
    trait Times {
        const LEASE: Duration;
    }
    struct Short;
    impl Times for Short {
        const LEASE: Duration = ms(60);
    }
    #[idempotent(key = 1, ttl = TTL, lease = T::LEASE, conflict = reject)]
    async fn constants<T: Times + Sync>(r: &Record, _: T, takes: Duration) -> Result<u32, Fault> {
        sleep(takes).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    let mut owner = pin!(constants(&r, Short, ms(10)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let e = refused(constants(&r, Short, ms(0)).await);
    assert_eq!(e.retry_after(), Some(ms(60)));
    assert_eq!(owner.await, Ok(1));
    advance(ms(999)).await;
    assert_eq!(constants(&r, Short, ms(0)).await, Ok(1));
    advance(ms(1)).await;
    assert_eq!(constants(&r, Short, ms(0)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_replay_touches_nothing_below() {
    #[idempotent(key = k)]
    #[timeout({ limits.set(limits.get() + 1); ms(1_000) })]
    #[retry(max = 3, base = 1ms)]
    async fn replayed(r: &Record, k: u32, limits: &Cell<u32>) -> Result<u32, Fault> {
        sleep(ms(5)).await;
        match r.attempt() {
            n if n < 3 => Err(Fault::Network(n)),
            n => Ok(n),
        }
    }
    let events = Events::of("idempotent::replayed");
    let (r, limits) = (Record::new(), Cell::new(0));
    assert_eq!(replayed(&r, 1, &limits).await, Ok(3));
    assert_eq!((r.count(), limits.get(), events.all().len()), (3, 1, 2));
    let at = r.elapsed();
    assert_eq!(replayed(&r, 1, &limits).await, Ok(3));
    assert_eq!((r.count(), limits.get(), r.elapsed()), (3, 1, at));
    assert_eq!(events.all().len(), 3);
    assert_eq!(did(&events), [Did::Replayed]);
}

// The lease.

#[tokio::test(start_paused = true)]
async fn a_body_of_thirty_leases_keeps_its_claim() {
    #[idempotent(key = k, lease = 100ms)]
    async fn slow(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(3_000)).await;
        Ok(n)
    }
    let events = Events::of("idempotent::slow");
    let r = Record::new();
    let second = async {
        sleep(ms(2_900)).await;
        slow(&r, 1).await
    };
    assert_eq!(tokio::join!(slow(&r, 1), second), (Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 3_000));
    assert_eq!(did(&events), [Did::Waiting, Did::Replayed]);
}

#[tokio::test(start_paused = true)]
async fn the_claim_is_kept_through_the_waits_between_attempts() {
    #[idempotent(key = k, lease = 100ms)]
    #[retry(constant, max = 2, base = 10s, jitter = none)]
    async fn patient(r: &Record, k: u32) -> Result<u32, Fault> {
        match r.attempt() {
            1 => Err(Fault::Network(1)),
            n => Ok(n),
        }
    }
    let r = Record::new();
    let second = async {
        sleep(ms(9_000)).await;
        patient(&r, 1).await
    };
    assert_eq!(tokio::join!(patient(&r, 1), second), (Ok(2), Ok(2)));
    assert_eq!(r.times(), [0, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_stood_still_is_dropped_where_it_stands() {
    #[idempotent(key = k, lease = 100ms)]
    async fn stalls(r: &Record, k: u32, takes: Duration) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(takes).await;
        r.attempt();
        Ok(n)
    }
    let r = Record::new();
    let mut owner = pin!(stalls(&r, 1, ms(150)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    advance(ms(200)).await;
    let mut next = pin!(stalls(&r, 1, ms(50)));
    assert!(poll_once(next.as_mut()).await.is_pending());
    let e = refused(owner.await);
    assert!(matches!(e, IdempotencyError::LeaseLost { .. }), "{e}");
    assert_eq!(r.count(), 2, "the first one went no step further");
    assert_eq!(next.await, Ok(2));
}

// The fingerprint.

#[tokio::test(start_paused = true)]
async fn another_fingerprint_is_key_reused_and_nothing_runs() {
    #[idempotent(key = id, fingerprint = (cents, note))]
    async fn charge(r: &Record, id: u32, cents: u32, note: Option<&str>) -> Result<u32, Fault> {
        sleep(ms(1_000)).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    let reused = |out| matches!(refused(out), IdempotencyError::KeyReused { .. });
    // At once, while the first one runs; and when it is done.
    let other = async {
        sleep(ms(10)).await;
        let out = charge(&r, 1, 501, None).await;
        (out, r.elapsed())
    };
    let (first, (second, at)) = tokio::join!(charge(&r, 1, 500, None), other);
    assert_eq!((first, at), (Ok(1), 10));
    assert!(reused(second));
    assert!(reused(charge(&r, 1, 501, None).await));
    assert!(reused(charge(&r, 1, 500, Some("")).await));
    assert_eq!(charge(&r, 1, 500, None).await, Ok(1));
    assert_eq!(charge(&r, 2, 501, None).await, Ok(2));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_freed_key_may_come_again_with_another_fingerprint() {
    #[idempotent(key = id, fingerprint = cents)]
    async fn declines(r: &Record, id: u32, cents: u32) -> Result<u32, Fault> {
        r.attempt();
        if cents > 100 {
            Err(Fault::Final)
        } else {
            Ok(cents)
        }
    }
    let r = Record::new();
    assert_eq!(declines(&r, 1, 500).await, Err(Fault::Final));
    assert_eq!(declines(&r, 1, 50).await, Ok(50));
}

// Two at a time.

#[tokio::test(start_paused = true)]
async fn d18_a_hundred_concurrent_calls_with_one_key_run_once_and_share_the_result() {
    #[idempotent(key = k)]
    #[timeout(20s)]
    #[retry(constant, max = 2, base = 1s, jitter = none)]
    #[timeout(9s)]
    async fn hundred(r: Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(500)).await;
        if n == 1 {
            Err(Fault::Network(n))
        } else {
            Ok(n)
        }
    }
    let r = Record::new();
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(hundred(r.clone(), 1)))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(2));
    }
    assert_eq!((r.times(), r.elapsed()), (vec![0, 1_500], 2_000));
}

#[tokio::test(start_paused = true)]
async fn reject_is_told_that_it_is_in_progress() {
    #[idempotent(key = k, conflict = reject, lease = 30s)]
    async fn rejects(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(4_000)).await;
        Ok(n)
    }
    let r = Record::new();
    let second = async {
        sleep(ms(3_000)).await;
        let e = refused(rejects(&r, 1).await);
        (e, r.elapsed())
    };
    let (first, (e, at)) = tokio::join!(rejects(&r, 1), second);
    assert_eq!((first, at), (Ok(1), 3_000));
    let IdempotencyError::InProgress { name, retry_in, .. } = e else {
        panic!("{e}");
    };
    assert!(name.ends_with("rejects"), "{name}");
    assert_eq!(retry_in, Some(ms(27_000)));
    assert_eq!(rejects(&r, 1).await, Ok(1), "done: replayed");
}

#[idempotent(key = k)]
async fn takes_a_minute(r: &Record, k: &str) -> Result<u32, Fault> {
    let n = r.attempt();
    sleep(ms(60_000)).await;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn a_second_caller_waits_at_most_to_the_deadline_in_force() {
    #[timeout(5s)]
    async fn hurried(r: &Record, k: &str) -> Result<u32, Fault> {
        takes_a_minute(r, k).await
    }
    let k = "deadline";
    let r = Record::new();
    let mut owner = pin!(takes_a_minute(&r, k));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let scoped = Deadline::after(ms(7_000)).scope(takes_a_minute(&r, k));
    let e = refused(scoped.await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!(r.elapsed(), 7_000);
    let e = refused(hurried(&r, k).await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!(r.elapsed(), 12_000);
    // A later deadline is nothing to it.
    let scoped = Deadline::after(ms(500_000)).scope(takes_a_minute(&r, k));
    assert_eq!(tokio::join!(owner, scoped), (Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 60_000));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_does_not_bound_the_wait() {
    #[idempotent(key = k)]
    #[timeout(2s)]
    async fn timed(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(1_900)).await;
        if n == 1 { Err(Fault::Final) } else { Ok(n) }
    }
    let r = Record::new();
    // Waits 1.9 s for the first one, and then has two seconds of its own.
    let both = tokio::join!(timed(&r, 1), timed(&r, 1));
    assert_eq!(both, (Err(Fault::Final), Ok(2)));
    assert_eq!(r.elapsed(), 3_800);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_error_lets_the_next_waiter_run_while_the_others_go_on_waiting() {
    #[idempotent(key = k)]
    async fn third_time(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        if n < 3 { Err(Fault::Network(n)) } else { Ok(n) }
    }
    let r = Record::new();
    let one = || third_time(&r, 1);
    let all = tokio::join!(one(), one(), one(), one(), one());
    let failed = |n| Err(Fault::Network(n));
    assert_eq!(all, (failed(1), failed(2), Ok(3), Ok(3), Ok(3)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 1_000, 2_000], 3_000));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_leaves_the_owner_alone() {
    let r = Record::new();
    let k = "dropped waiter";
    let mut owner = pin!(takes_a_minute(&r, k));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    {
        let mut waiter = pin!(takes_a_minute(&r, k));
        assert!(poll_once(waiter.as_mut()).await.is_pending());
    }
    assert_eq!(tokio::join!(owner, takes_a_minute(&r, k)), (Ok(1), Ok(1)));
    assert_eq!(r.elapsed(), 60_000);
}

// Owners that vanish.

/// What the body is to do.
#[derive(Clone, Copy)]
enum Do {
    Succeed,
    Fail,
    Hang,
    Panic,
}

async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Do::Succeed => Ok(n),
        Do::Fail => Err(Fault::Network(n)),
        Do::Hang => pending().await,
        Do::Panic => panic!("the body's own"),
    }
}

#[idempotent(key = k, name = "again")]
#[timeout(1s)]
async fn again(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
    act(r, what).await
}

#[idempotent(key = k, name = "once", on_abandon = indeterminate, ttl = 1h)]
#[timeout(1s)]
async fn once(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
    act(r, what).await
}

#[track_caller]
fn is_timeout(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::Timeout { .. })))
}

#[track_caller]
fn indeterminate(out: Result<u32, Fault>) {
    let e = refused(out);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
}

/// Polls once and drops.
async fn begin_and_drop(call: impl Future<Output = Result<u32, Fault>>) {
    assert!(poll_once(pin!(call)).await.is_pending());
}

fn panics(call: impl Future<Output = Result<u32, Fault>>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut call = Box::pin(call);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _ = call.as_mut().poll(&mut cx);
    }));
    let panic = caught.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the body's own"));
}

#[tokio::test(start_paused = true)]
async fn after_a_dropped_owner_the_next_caller_runs_again_at_once() {
    let r = Record::new();
    begin_and_drop(again(&r, "drop", Do::Hang)).await;
    assert_eq!(again(&r, "drop", Do::Succeed).await, Ok(2));
    assert_eq!(r.elapsed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_owner_wakes_who_waits() {
    let r = Record::new();
    let mut owner = Box::pin(takes_a_minute(&r, "wake"));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let gone = async {
        sleep(ms(1_000)).await;
        drop(owner);
    };
    let waiter = || takes_a_minute(&r, "wake");
    assert_eq!(tokio::join!(waiter(), waiter(), gone), (Ok(2), Ok(2), ()));
    assert_eq!(r.times(), [0, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_goes_on_and_the_next_caller_runs_again() {
    let r = Record::new();
    panics(again(&r, "panic", Do::Panic));
    assert_eq!(again(&r, "panic", Do::Succeed).await, Ok(2));
    assert_eq!(r.elapsed(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_the_next_caller_runs_again() {
    let events = Events::of("again");
    let r = Record::new();
    assert!(is_timeout(&again(&r, "cut", Do::Hang).await));
    assert_eq!(again(&r, "cut", Do::Succeed).await, Ok(2));
    assert_eq!(again(&r, "cut", Do::Succeed).await, Ok(2));
    assert_eq!(r.times(), [0, 1_000]);
    let mine = did(&events);
    assert!(mine.contains(&Did::Abandoned) && mine.contains(&Did::TakenOver));
}

#[tokio::test(start_paused = true)]
async fn indeterminate_after_a_drop_a_panic_or_a_cut_never_starts_again() {
    for (k, how) in [("a", Do::Hang), ("b", Do::Panic), ("c", Do::Hang)] {
        let r = Record::new();
        match (k, how) {
            ("a", _) => begin_and_drop(once(&r, k, how)).await,
            (_, Do::Panic) => panics(once(&r, k, how)),
            _ => assert!(is_timeout(&once(&r, k, how).await)),
        }
        for _ in 0..3 {
            indeterminate(once(&r, k, Do::Succeed).await);
            advance(Duration::from_secs(600)).await;
        }
        assert_eq!(r.count(), 1, "{k}");
        // Until its ttl ends.
        advance(Duration::from_secs(1_800)).await;
        assert_eq!(once(&r, k, Do::Succeed).await, Ok(2));
    }
}

#[tokio::test(start_paused = true)]
async fn indeterminate_is_told_to_all_who_wait() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    async fn strict(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Hang).await
    }
    let r = Record::new();
    let mut owner = Box::pin(strict(&r, 1));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let gone = async {
        sleep(ms(1_000)).await;
        drop(owner);
    };
    let (a, b, ()) = tokio::join!(strict(&r, 1), strict(&r, 1), gone);
    indeterminate(a);
    indeterminate(b);
    assert_eq!((r.count(), r.elapsed()), (1, 1_000));
}

#[tokio::test(start_paused = true)]
async fn a_body_cut_by_a_timeout_above_its_indeterminate_claim_never_starts_again() {
    #[timeout(1s)]
    #[idempotent(key = k, on_abandon = indeterminate)]
    async fn strict_below(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(1s)]
    async fn caller(r: &Record) -> Result<u32, Fault> {
        strict(r, 2, Do::Hang).await
    }
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[timeout(9s)]
    async fn strict(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert!(is_timeout(&strict_below(&r, 1, Do::Hang).await));
    indeterminate(strict_below(&r, 1, Do::Succeed).await);
    // Another function's timeout, which drops the whole call.
    assert!(is_timeout(&caller(&r).await));
    indeterminate(strict(&r, 2, Do::Succeed).await);
    assert_eq!(r.times(), [0, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_the_body_answered_frees_the_key_even_under_indeterminate() {
    let r = Record::new();
    let k = "answered";
    assert_eq!(once(&r, k, Do::Fail).await, Err(Fault::Network(1)));
    assert_eq!(once(&r, k, Do::Fail).await, Err(Fault::Network(2)));
    assert_eq!(once(&r, k, Do::Succeed).await, Ok(3));
    assert_eq!(once(&r, k, Do::Fail).await, Ok(3));
}

/// Attempts under one claim, each of which does what the script says.
#[idempotent(key = k, on_abandon = indeterminate)]
#[retry(constant, max = 3, base = 100ms, jitter = none)]
#[timeout(1s)]
async fn scripted(r: &Record, k: u32, script: [Do; 3]) -> Result<u32, Fault> {
    let what = script[r.count() % 3];
    act(r, what).await
}

#[tokio::test(start_paused = true)]
async fn an_error_after_a_cut_attempt_does_not_free_the_key() {
    let r = Record::new();
    let out = scripted(&r, 1, [Do::Hang, Do::Fail, Do::Fail]).await;
    assert_eq!(out, Err(Fault::Network(3)));
    indeterminate(scripted(&r, 1, [Do::Succeed; 3]).await);
    assert_eq!(r.times(), [0, 1_100, 1_200]);
}

#[tokio::test(start_paused = true)]
async fn an_ok_after_a_cut_attempt_is_recorded() {
    let r = Record::new();
    let out = scripted(&r, 2, [Do::Fail, Do::Hang, Do::Succeed]).await;
    assert_eq!(out, Ok(3));
    assert_eq!(scripted(&r, 2, [Do::Hang; 3]).await, Ok(3));
    assert_eq!(r.times(), [0, 100, 1_200]);
}

#[tokio::test(start_paused = true)]
async fn errors_of_all_attempts_under_one_claim_free_the_key() {
    let r = Record::new();
    assert_eq!(scripted(&r, 3, [Do::Fail; 3]).await, Err(Fault::Network(3)));
    assert_eq!(scripted(&r, 3, [Do::Succeed; 3]).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_never_polled_or_waited_leaves_nothing_behind() {
    let r = Record::new();
    drop(once(&r, "never polled", Do::Hang));
    assert_eq!(once(&r, "never polled", Do::Succeed).await, Ok(1));
}

// Where it stands.

#[tokio::test(start_paused = true)]
async fn written_first_it_holds_one_claim_around_all_attempts() {
    #[idempotent(key = k)]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn one_claim(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Fail).await
    }
    let events = Events::of("idempotent::one_claim");
    let r = Record::new();
    assert_eq!(one_claim(&r, 1).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released], "once, after all attempts");
    // Nobody gets in between two attempts.
    let both = tokio::join!(one_claim(&r, 1), one_claim(&r, 1));
    assert_eq!(both, (Err(Fault::Network(6)), Err(Fault::Network(9))));
    assert_eq!(r.times()[3..], [200, 300, 400, 400, 500, 600]);
}

#[tokio::test(start_paused = true)]
async fn below_retry_every_attempt_claims_anew() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[idempotent(key = k)]
    async fn claims_anew(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let events = Events::of("idempotent::claims_anew");
    let r = Record::new();
    assert_eq!(claims_anew(&r, 1, Do::Fail).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released; 3]);
    // Another caller gets in between two attempts, and the retry is answered by its result.
    let other = async {
        sleep(ms(50)).await;
        claims_anew(&r, 1, Do::Succeed).await
    };
    let both = tokio::join!(claims_anew(&r, 1, Do::Fail), other);
    assert_eq!(both, (Ok(5), Ok(5)));
    assert_eq!(r.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn below_retry_a_cut_attempt_is_taken_over_by_the_next() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    #[idempotent(key = k)]
    async fn retaken(r: &Record, k: u32) -> Result<u32, Fault> {
        let what = if r.count() == 0 {
            Do::Hang
        } else {
            Do::Succeed
        };
        act(r, what).await
    }
    let events = Events::of("idempotent::retaken");
    let r = Record::new();
    assert_eq!(retaken(&r, 1).await, Ok(2));
    assert_eq!(r.times(), [0, 1_100]);
    assert_eq!(did(&events), [Did::Abandoned, Did::TakenOver]);
    assert_eq!(retaken(&r, 1).await, Ok(2));
}

// Results that can't be kept.

#[tokio::test(start_paused = true)]
async fn a_result_above_256_kib_is_its_callers_and_never_runs_again() {
    #[idempotent(key = k)]
    async fn large(r: &Record, k: u32, len: usize) -> Result<String, Fault> {
        r.attempt();
        Ok("x".repeat(len))
    }
    let events = Events::of("idempotent::large");
    let r = Record::new();
    const LIMIT: usize = 256 * 1024;
    // As JSON, with its two quotes.
    assert_eq!(large(&r, 1, LIMIT - 2).await.unwrap().len(), LIMIT - 2);
    assert_eq!(large(&r, 1, 0).await.unwrap().len(), LIMIT - 2);
    assert_eq!(large(&r, 2, LIMIT - 1).await.unwrap().len(), LIMIT - 1);
    for _ in 0..2 {
        let e = refused(large(&r, 2, 0).await);
        assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
    }
    assert_eq!(r.count(), 2);
    let expected = [
        Did::Replayed,
        Did::NotRecorded,
        Did::NotStored,
        Did::NotStored,
    ];
    assert_eq!(did(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_decode_is_undecodable_and_never_runs_again() {
    #[derive(Debug, PartialEq, Serialize)]
    struct OneWay(u32);
    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("never"))
        }
    }
    #[idempotent(key = k)]
    async fn undecodable(r: &Record, k: u32) -> Result<OneWay, Fault> {
        Ok(OneWay(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(undecodable(&r, 1).await, Ok(OneWay(1)));
    for _ in 0..2 {
        let e = refused(undecodable(&r, 1).await);
        assert!(matches!(e, IdempotencyError::Undecodable { .. }), "{e}");
    }
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_encode_is_not_stored_and_never_runs_again() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Unencodable(u32);
    impl Serialize for Unencodable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    #[idempotent(key = k)]
    async fn unencodable(r: &Record, k: u32) -> Result<Unencodable, Fault> {
        Ok(Unencodable(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(unencodable(&r, 1).await, Ok(Unencodable(1)));
    let e = refused(unencodable(&r, 1).await);
    assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
    assert_eq!(r.count(), 1);
}

// Nested calls.

#[tokio::test(start_paused = true)]
async fn q11_nested_calls_with_one_key_keep_their_own_records() {
    #[idempotent(key = k)]
    async fn inside(r: &Record, k: u32) -> Result<String, Fault> {
        r.attempt();
        Ok("inside".into())
    }
    #[idempotent(key = k)]
    async fn outside(r: &Record, k: u32) -> Result<String, Fault> {
        r.attempt();
        Ok(format!("outside of {}", inside(r, k).await?))
    }
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(outside(&r, 1).await.unwrap(), "outside of inside");
        assert_eq!(inside(&r, 1).await.unwrap(), "inside");
    }
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_asks_for_its_own_key_waits_to_its_deadline() {
    #[idempotent(key = k)]
    #[timeout(3s)]
    async fn ouroboros(r: &Record, k: u32) -> Result<u32, Fault> {
        r.attempt();
        Box::pin(ouroboros(r, k)).await
    }
    let r = Record::new();
    let e = refused(ouroboros(&r, 1).await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!((r.count(), r.elapsed()), (1, 3_000));
}

// What others see.

#[tokio::test(start_paused = true)]
async fn errors_and_events_never_show_keys() {
    #[idempotent(key = card, fingerprint = pin, conflict = reject)]
    async fn secretive(r: &Record, card: &str, pin: &str, len: usize) -> Result<String, Fault> {
        r.attempt();
        sleep(ms(10)).await;
        Ok("s3cret-result".repeat(len))
    }
    let events = Events::of("idempotent::secretive");
    let r = Record::new();
    let mut said = String::new();
    let (first, second) = tokio::join!(
        secretive(&r, "4711-0815", "9876", 1),
        secretive(&r, "4711-0815", "9876", 1)
    );
    first.unwrap();
    let large = secretive(&r, "4711-0816", "9876", 1 << 20).await;
    assert!(large.is_ok());
    for out in [
        second,
        secretive(&r, "4711-0815", "6789", 1).await,
        secretive(&r, "4711-0816", "9876", 1).await,
        secretive(&r, &"4711-0815".repeat(10_000), "9876", 1).await,
        secretive(&r, "", "9876", 1).await,
    ] {
        let e = refused(out);
        said += &format!("{e} {e:?} {:?}\n", Fault::Resil(e.clone().into()));
    }
    let all = events.all();
    said += &format!("{all:?}");
    for secret in ["4711", "0815", "0816", "9876", "6789", "s3cret"] {
        // The hash of a key is a number of up to ten digits, and may hold four of them by chance.
        let hashes = all.iter().filter_map(|e| match e {
            Event::Idempotency { key, .. } => Some(format!("key: {key}")),
            _ => None,
        });
        let rest = hashes.fold(said.clone(), |s, hash| s.replace(&hash, ""));
        assert!(!rest.contains(secret), "{secret}: {rest}");
    }
    let expected = [
        Did::InProgress,
        Did::NotRecorded,
        Did::KeyReused,
        Did::NotStored,
        Did::InvalidKey,
        Did::InvalidKey,
    ];
    assert_eq!(did(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn an_event_tells_calls_with_one_key_from_those_with_another() {
    #[idempotent(key = k)]
    async fn told(k: u32) -> Result<(), Fault> {
        Err(Fault::Network(k))
    }
    let events = Events::of("idempotent::told");
    for k in [1, 2, 1] {
        let _ = told(k).await;
    }
    let keys: Vec<_> = events
        .all()
        .iter()
        .filter_map(|e| match e {
            Event::Idempotency { key, .. } => Some(*key),
            _ => None,
        })
        .collect();
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test(start_paused = true)]
async fn its_errors_reach_every_kind_of_error_type() {
    #[idempotent(key = k)]
    async fn plain(k: &str) -> Result<(), Error> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn any(k: &str) -> anyhow::Result<()> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn boxed(k: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn io(k: &str) -> std::io::Result<()> {
        Ok(())
    }
    let is = |e: Option<&Error>| {
        assert!(matches!(
            e,
            Some(Error::Idempotency(IdempotencyError::InvalidKey { .. }))
        ));
    };
    is(plain("").await.as_ref().err());
    is(any("").await.unwrap_err().downcast_ref());
    is(boxed("").await.unwrap_err().downcast_ref());
    let e = io("").await.unwrap_err();
    is(e.get_ref().unwrap().downcast_ref());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d18_on_many_threads_one_key_runs_once() {
    #[idempotent(key = (k, "threads"))]
    #[retry(max = 2, delays = [0ms])]
    async fn threads(r: Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        tokio::task::yield_now().await;
        if n == 1 { Err(Fault::Final) } else { Ok(n) }
    }
    for k in 0..20 {
        let r = Record::new();
        let calls: Vec<_> = (0..100)
            .map(|_| tokio::spawn(threads(r.clone(), k)))
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(2));
        }
        assert_eq!(r.count(), 2);
    }
}
