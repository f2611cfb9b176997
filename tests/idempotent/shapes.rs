//! Keys in functions of every shape: trait methods, patterns, generics, raw names, `instrument`.

use std::borrow::Cow;
use std::fmt::Display;
use std::pin::Pin;
use std::time::Duration;

use resil::{circuit, idempotent, retry, timeout};
use tracing::instrument;

use super::support::{Fault, Record, ms};

fn send<T: Send>(t: T) -> T {
    t
}

/// The first run fails.
fn second_time(r: &Record) -> Result<u32, Fault> {
    match r.attempt() {
        1 => Err(Fault::Network(1)),
        n => Ok(n),
    }
}

struct Shop {
    id: u32,
    limit: Duration,
}

#[async_trait::async_trait]
trait Pays {
    fn number(&self) -> u32;
    async fn pay(&self, r: &Record, order: String) -> Result<u32, Fault>;
    async fn pay_and_count(&mut self, r: &Record, order: String) -> Result<u32, Fault>;

    #[idempotent(key = (self.number(), k))]
    #[timeout(1s)]
    #[retry(max = 2, base = 1ms)]
    async fn provided(&self, r: &Record, k: u32) -> Result<u32, Fault>
    where
        Self: Sync,
    {
        Ok(second_time(r)? * 100 + self.number())
    }
}

#[async_trait::async_trait]
impl Pays for Shop {
    fn number(&self) -> u32 {
        self.id
    }

    #[idempotent(key = (self.id, format!("{}-{}", self.id, order)), fingerprint = self.id)]
    #[circuit(failures = 3)]
    #[timeout(self.limit)]
    #[retry(max = 2, base = 1ms)]
    #[timeout(self.limit / 2)]
    async fn pay(&self, r: &Record, order: String) -> Result<u32, Fault> {
        let _ = order.len();
        Ok(second_time(r)? * 100 + self.id)
    }

    #[timeout(self.limit)]
    #[retry(max = 2, base = 1ms)]
    #[instrument(skip_all)]
    #[timeout(self.limit / 2)]
    #[idempotent(key = (self.id, &order), fingerprint = self.limit)]
    async fn pay_and_count(&mut self, r: &Record, order: String) -> Result<u32, Fault> {
        self.id += 1;
        let _ = order.len();
        Ok(second_time(r)? * 100 + self.id)
    }
}

#[tokio::test(start_paused = true)]
async fn methods_of_async_traits() {
    let mut shop = Shop {
        id: 3,
        limit: ms(100),
    };
    let order = || "order".to_owned();
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(send(shop.pay(&r, order())).await, Ok(203));
    }
    assert_eq!(r.count(), 2);
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(send(shop.provided(&r, 1)).await, Ok(203));
    }
    assert_eq!(r.count(), 2);
    // The key is what it was on entry, though the first attempt changed what it was made of.
    let r = Record::new();
    assert_eq!(send(shop.pay_and_count(&r, order())).await, Ok(205));
    assert_eq!(shop.id, 5);
    shop.id = 3;
    assert_eq!(shop.pay_and_count(&r, order()).await, Ok(205));
    assert_eq!((shop.id, r.count()), (3, 2));
    let boxed: Box<dyn Pays + Send + Sync> = Box::new(Shop { id: 4, ..shop });
    let call = async move { boxed.pay(&Record::new(), "other".to_owned()).await };
    assert_eq!(tokio::spawn(call).await.unwrap(), Ok(204));
}

trait Native {
    fn number(&self) -> u32;

    #[idempotent(key = self.number())]
    #[circuit]
    async fn native(&self, r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt() * 100 + self.number())
    }
}

impl Native for u8 {
    fn number(&self) -> u32 {
        (*self).into()
    }
}

#[idempotent(key = k)]
#[timeout(1s)]
#[retry(max = 2, base = 1ms)]
fn boxed_by_hand<'a>(
    r: &'a Record,
    k: u32,
) -> Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send + 'a>> {
    Box::pin(async move { Ok(second_time(r)? * 100 + k) })
}

struct Order {
    id: u64,
    lines: Vec<String>,
}

#[idempotent(key = (id, lines.len(), b))]
#[circuit]
async fn patterns(
    r: &Record,
    Order { id, mut lines }: Order,
    (a, [b, ..]): (u8, [u8; 3]),
) -> Result<Vec<String>, Fault> {
    lines.push(format!("{} {id} {a} {b}", r.attempt()));
    Ok(lines)
}

#[idempotent(key = (r#type, N, *key, name), fingerprint = fingerprint, name = "raw")]
#[retry(max = 2, base = 1ms, clone(policy))]
#[timeout(limit)]
async fn r#match<const N: usize>(
    r: &Record,
    r#type: &str,
    key: &u8,
    name: char,
    fingerprint: Option<()>,
    limit: Duration,
    policy: Vec<u32>,
) -> Result<Cow<'static, str>, Fault> {
    let mut moved = policy;
    moved.push(second_time(r)?);
    Ok(Cow::Owned(format!("{moved:?}")))
}

struct Generic<T>(T);

impl<T: Display + Send + Sync> Generic<T> {
    const LIMIT: Duration = ms(50);

    #[idempotent(key = self.0.to_string(), lease = Self::LIMIT)]
    #[circuit(failure_rate = 100%, window = const { 2 * 4 })]
    #[timeout(Self::LIMIT)]
    async fn show<'a, U>(&'a self, r: &'a Record, u: U) -> Result<String, Fault>
    where
        U: Display + Send,
    {
        Ok(format!("{} {} {u}", r.attempt(), self.0))
    }
}

#[instrument(skip_all, fields(id = %k), err, ret)]
#[idempotent(key = k)]
#[instrument(skip_all, fields(id = %k), err, ret)]
#[retry(max = 2, base = 1ms)]
async fn instrumented(r: &Record, k: String) -> Result<u32, Fault> {
    let _ = k.len();
    second_time(r)
}

#[allow(clippy::manual_async_fn, reason = "this is the shape in question")]
#[idempotent(key = k)]
#[circuit]
#[retry(max = 2, base = 1ms)]
fn impl_future<'a>(
    r: &'a Record,
    k: &'a str,
) -> impl Future<Output = Result<usize, Fault>> + Send + 'a {
    async move {
        second_time(r)?;
        Ok(k.len())
    }
}

#[idempotent(key = number.as_deref().map(str::trim))]
#[timeout(1s)]
#[retry(max = 2, base = 1ms, clone(number))]
async fn items_inside(r: &Record, mut number: Option<String>) -> anyhow::Result<u32> {
    #![allow(clippy::items_after_statements)]
    use std::str::FromStr as _;
    second_time(r)?;
    const MORE: u32 = 2;
    struct Local(u32);
    fn add(l: &Local) -> u32 {
        l.0 + MORE
    }
    let taken = number.take().unwrap_or_default();
    Ok(add(&Local(u32::from_str(taken.trim())?)))
}

/// Types, expressions and `self` of a caller's.
macro_rules! typed {
    (fn $name:ident($slf:ident, $r:ident: $t:ty) -> $ret:ty, $key:expr, $limit:expr, $body:block) => {
        #[idempotent(key = $key)]
        #[circuit]
        #[timeout($limit)]
        #[retry(max = 2, base = 1ms)]
        async fn $name(&$slf, $r: $t) -> $ret $body
    };
}

impl Shop {
    typed!(fn typed(self, r: &Record) -> Result<u32, Fault>, (self.id, "x"), self.limit, {
        Ok(second_time(r)? + self.id)
    });
}

#[tokio::test(start_paused = true)]
async fn functions_of_every_shape() {
    // Each twice, with what the first call gave.
    macro_rules! replayed {
        ($($f:ident($($arg:expr),*) runs $runs:literal, gives $out:expr;)*) => {$(
            let r = Record::new();
            for _ in 0..2 {
                let out = send($f(&r, $($arg),*)).await;
                assert_eq!(out.unwrap(), $out, stringify!($f));
            }
            assert_eq!(r.count(), $runs, stringify!($f));
        )*};
    }
    let native = |r| Native::native(&7_u8, r);
    let three = r#match::<3>;
    let shop = Shop {
        id: 3,
        limit: ms(100),
    };
    let typed = |r| shop.typed(r);
    let generic = async |r: &Record| Generic('a').show(r, 1).await;
    let order = || Order {
        id: 1,
        lines: vec![],
    };
    replayed! {
        native() runs 1, gives 107;
        boxed_by_hand(1) runs 2, gives 201;
        patterns(order(), (2, [3, 4, 5])) runs 1, gives ["1 1 2 3"];
        three("t", &1, 'n', None, ms(5), vec![9]) runs 2, gives "[9, 2]";
        instrumented("k".to_owned()) runs 2, gives 2;
        impl_future("ab") runs 2, gives 2;
        items_inside(Some(" 40".to_owned())) runs 2, gives 42;
        typed() runs 2, gives 5;
    }
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(generic(&r).await.unwrap(), "1 a 1");
    }
    assert!(items_inside(&r, None).await.is_err(), "no key");
}
