//! `#[idempotent]` on stores that the attribute is given, by name or by expression.

use std::cell::Cell;
use std::sync::LazyLock;

use crate::support::{Record, ms};
use resil::idempotency::store::Memory;
use resil::idempotency::{Finding, IdempotencyError, KeyOf, Shared, current, drain, install_named};
use resil::{Error, idempotent, retry, timeout};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Declined {
    Card(String),
    Expired {
        since: u32,
    },
    #[serde(skip)]
    Resil(Error),
}

impl From<Error> for Declined {
    fn from(e: Error) -> Self {
        Self::Resil(e)
    }
}

fn refused<T: std::fmt::Debug>(out: Result<T, Declined>) -> IdempotencyError {
    match out {
        Err(Declined::Resil(Error::Idempotency(e))) => e,
        other => panic!("expected a refusal: {other:?}"),
    }
}

struct Shop {
    orders: Shared,
    runs: Cell<u32>,
}

impl Shop {
    fn new() -> Self {
        Self {
            orders: Shared::new(Memory::default())
                .namespace("shop")
                .pepper("salt"),
            runs: Cell::new(0),
        }
    }

    fn run(&self) -> u32 {
        self.runs.set(self.runs.get() + 1);
        self.runs.get()
    }

    #[idempotent(name = "order", key = (user, id), store = self.orders)]
    async fn order(&self, user: &str, id: u32) -> Result<u32, Declined> {
        tokio::task::yield_now().await;
        Ok(self.run())
    }

    #[idempotent(name = "order", key = (user, id), store = self.orders, version = 2)]
    async fn order_v2(&self, user: &str, id: u32) -> Result<u32, Declined> {
        Ok(self.run())
    }

    #[idempotent(name = "order", key = (user, id), store = self.orders, version = 1)]
    async fn order_v1(&self, user: &str, id: u32) -> Result<u32, Declined> {
        Ok(self.run())
    }

    #[idempotent(key = id, store = &self.orders, errors = store)]
    async fn declined(&self, id: u32) -> Result<u32, Declined> {
        Err(Declined::Card(format!("{id}: {}", self.run())))
    }

    #[idempotent(key = id, store = self.orders, errors = store(Declined::Expired { since } if *since > limit))]
    async fn expired(&self, id: u32, limit: u32) -> Result<(), Declined> {
        Err(Declined::Expired { since: self.run() })
    }

    #[idempotent(key = id, store = self.orders)]
    #[retry(max = 3, base = 1s, jitter = none)]
    #[timeout(100ms)]
    async fn with_retries(&self, id: u32) -> Result<(u32, u64), Declined> {
        let n = self.run();
        if n < 3 {
            tokio::time::sleep(ms(200)).await;
        }
        Ok((n, current().expect("under a claim").fence()))
    }

    #[retry(max = 3, base = 1s, jitter = none)]
    #[idempotent(key = id, store = self.orders)]
    async fn below_retry(&self, id: u32) -> Result<u32, Declined> {
        match self.run() {
            n @ ..3 => Err(Declined::Card(n.to_string())),
            n => Ok(n),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_may_be_an_expression() {
    let shop = Shop::new();
    assert_eq!(shop.order("ada", 1).await, Ok(1));
    assert_eq!(shop.order("ada", 1).await, Ok(1));
    assert_eq!(shop.order("ada", 2).await, Ok(2));
    assert_eq!(shop.order_v1("ada", 1).await, Ok(1), "the first version");
    assert!(matches!(
        refused(shop.order_v2("ada", 1).await),
        IdempotencyError::Undecodable { .. }
    ));
    // Another shop has another store.
    assert_eq!(Shop::new().order("ada", 1).await, Ok(1));
    let key = || KeyOf::new("order").part("ada").part(&1);
    let snapshot = shop.orders.lookup(key()).await.unwrap();
    assert!(snapshot.is_some());
    shop.orders.forget(key()).await.unwrap();
    assert_eq!(shop.order_v2("ada", 1).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn errors_are_stored_where_it_is_so_written() {
    let shop = Shop::new();
    let first = shop.declined(1).await;
    assert_eq!(first, Err(Declined::Card("1: 1".to_owned())));
    assert_eq!(shop.declined(1).await, first);
    assert_eq!(shop.runs.get(), 1);
    // 2 and 3 are not above the limit, and are forgotten.
    for since in [2, 3, 4, 4, 4] {
        assert_eq!(shop.expired(1, 3).await, Err(Declined::Expired { since }));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_stored_in_memory_too() {
    #[idempotent(key = id, errors = store(Declined::Expired { .. }))]
    async fn in_memory(r: &Record, id: u32) -> Result<u32, Declined> {
        match r.attempt() {
            1 => Err(Declined::Card(String::new())),
            since => Err(Declined::Expired { since }),
        }
    }
    let r = Record::new();
    assert_eq!(in_memory(&r, 1).await, Err(Declined::Card(String::new())));
    for _ in 0..3 {
        let expired = Err(Declined::Expired { since: 2 });
        assert_eq!(in_memory(&r, 1).await, expired);
    }
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_claim_holds_all_attempts() {
    let shop = Shop::new();
    let first = shop.with_retries(1).await;
    assert!(matches!(first, Ok((3, _))), "{first:?}");
    assert_eq!(shop.with_retries(1).await, first);
    let shop = Shop::new();
    assert_eq!(shop.below_retry(1).await, Ok(3));
    assert_eq!(shop.below_retry(1).await, Ok(3));
}

static BY_PATH: LazyLock<Shared> = LazyLock::new(|| Shared::new(Memory::default()));

#[tokio::test(start_paused = true)]
async fn stores_have_names_and_places() {
    #[idempotent(key = id, store = "orders")]
    async fn by_name(r: &Record, id: u32) -> Result<u32, Declined> {
        Ok(r.attempt())
    }
    #[idempotent(key = id, store = BY_PATH)]
    async fn by_path(r: &Record, id: u32) -> Result<u32, Declined> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let e = refused(by_name(&r, 1).await);
    assert!(e.to_string().contains("no store of that name"), "{e}");
    let orders = Shared::new(Memory::default());
    install_named("orders", orders.clone()).unwrap();
    assert!(install_named("orders", orders).is_err());
    assert_eq!(by_name(&r, 1).await, Ok(1));
    assert_eq!(by_name(&r, 1).await, Ok(1));
    assert_eq!(by_path(&r, 1).await, Ok(2));
    assert_eq!(by_path(&r, 1).await, Ok(2));
    drain().await;
}

#[tokio::test(start_paused = true)]
async fn futures_on_a_store_are_send() {
    fn is_send<X: Send>(x: X) -> X {
        x
    }
    #[idempotent(key = id, store = shared, on_abandon = indeterminate)]
    async fn sent(shared: &Shared, id: u32) -> Result<u32, Declined> {
        tokio::task::yield_now().await;
        Ok(id)
    }
    let shared = Shared::new(Memory::default());
    assert_eq!(is_send(sent(&shared, 1)).await, Ok(1));
    let found = shared.resolve(KeyOf::new("none").part(&1), Finding::nothing_done());
    is_send(found).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_ok_frees_the_key() {
    #[idempotent(key = id, store = shared, on_abandon = indeterminate, forget_ok(1 | 2))]
    #[retry(constant, max = 2, base = 1s, jitter = none)]
    #[timeout(1s)]
    async fn third_time(shared: &Shared, r: &Record, id: u32, cut: u32) -> Result<u32, Declined> {
        let n = r.attempt();
        if n == cut {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(ms(100)).await;
        Ok(n)
    }
    let (shared, r) = (Shared::new(Memory::default()), Record::new());
    let one = || third_time(&shared, &r, 1, 0);
    let all = tokio::join!(one(), one(), one(), one());
    assert_eq!(all, (Ok(1), Ok(2), Ok(3), Ok(3)));
    assert_eq!(r.count(), 3);
    // After a cut attempt it says nothing of what that did.
    let r = Record::new();
    assert_eq!(third_time(&shared, &r, 2, 1).await, Ok(2));
    let e = refused(third_time(&shared, &r, 2, 1).await);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
}

#[tokio::test(start_paused = true)]
async fn a_key_inside_itself_is_told_at_once() {
    #[idempotent(key = id, store = shared)]
    async fn inside(shared: &Shared, r: &Record, id: u32) -> Result<u32, Declined> {
        r.attempt();
        tokio::time::sleep(ms(10)).await;
        Box::pin(inside(shared, r, id)).await
    }
    /// Another store, where the same key is another record.
    #[idempotent(name = "here-and-there", key = id, store = here)]
    async fn here(here: &Shared, there: &Shared, id: u32) -> Result<u32, Declined> {
        there_alone(there, id).await
    }
    #[idempotent(name = "here-and-there", key = id, store = there)]
    async fn there_alone(there: &Shared, id: u32) -> Result<u32, Declined> {
        Ok(id)
    }
    let (shared, r) = (Shared::new(Memory::default()), Record::new());
    let e = refused(inside(&shared, &r, 1).await);
    assert!(matches!(e, IdempotencyError::Reentrant { .. }), "{e}");
    assert_eq!((r.count(), r.elapsed()), (1, 10));
    let there = Shared::new(Memory::default());
    assert_eq!(here(&shared, &there, 1).await, Ok(1));
}

/// In memory the types are part of the scope, on a store that is given too.
#[tokio::test(start_paused = true)]
async fn types_do_not_share_on_a_store_in_memory() {
    trait Kind {
        #[idempotent(name = "kind", key = id, store = shared)]
        async fn create(&self, shared: &Shared, r: &Record, id: u32) -> Result<u32, Declined> {
            Ok(r.attempt())
        }
    }
    impl Kind for u8 {}
    impl Kind for u16 {}
    #[idempotent(key = id, store = shared)]
    async fn create<T>(
        shared: &Shared,
        r: &Record,
        id: u32,
        _: T,
    ) -> Result<(u32, String), Declined> {
        Ok((r.attempt(), current().expect("under a claim").key()))
    }
    let (shared, r) = (Shared::new(Memory::default()), Record::new());
    assert_eq!(1_u8.create(&shared, &r, 7).await, Ok(1));
    assert_eq!(1_u16.create(&shared, &r, 7).await, Ok(2));
    assert_eq!(1_u8.create(&shared, &r, 7).await, Ok(1));
    let (one, two) = (|| 1, || 2);
    let first = create(&shared, &r, 7, one).await.expect("it ran");
    let second = create(&shared, &r, 7, two).await.expect("it ran");
    assert_eq!((first.0, second.0), (3, 4));
    // What a body forwards is another key, too.
    assert_ne!(first.1, second.1);
    assert_eq!(create(&shared, &r, 7, one).await, Ok(first));
}
